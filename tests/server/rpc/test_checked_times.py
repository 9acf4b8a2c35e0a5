"""The answer of CheckTimes as bytes is the message that setting its fields would make."""

from datetime import UTC, datetime, timedelta

from google.type.interval_pb2 import Interval as IntervalMessage
from hypothesis import given
from hypothesis import strategies as st

from calendarsync.v1.availability_pb2 import CalendarEvidence
from calendarsync.v1.availability_service_pb2 import CheckedTime as CheckedTimeMessage
from calendarsync.v1.availability_service_pb2 import CheckTimesResponse, ListBusyTimesResponse
from domain.availability import (
    Availability,
    CheckedTime,
    Reading,
    ReadingSource,
    Unread,
    UnreadReason,
    Verdict,
)
from domain.blocking import BlockingRule
from domain.ids import AccountId, CalendarId, HoldId, SessionId
from domain.interval import Interval
from domain.spans import Spans
from domain.taken import Taken, Takers
from server.rpc.mapping.availability import busy_times_answer, checked_times_answer
from server.rpc.mapping.enums import READING_SOURCES, UNREAD_REASONS, VERDICTS
from server.rpc.mapping.times import put_instant, put_interval

START = datetime(2026, 3, 1, tzinfo=UTC)
WINDOW = Interval(START, START + timedelta(days=1))
names = st.text("abcdef0123456789-", min_size=1, max_size=40)
times = st.timedeltas(timedelta(), timedelta(days=400)).map(lambda since: START + since)


def _tuples_of(kind: type) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(names.map(kind), max_size=4).map(tuple)


readings = st.builds(
    Reading,
    calendar_id=names.map(CalendarId),
    account_id=names.map(AccountId),
    read_at=times,
    busy=st.just(Spans()),
    source=st.sampled_from(ReadingSource),
)
unread = st.builds(
    Unread,
    calendar_id=names.map(CalendarId),
    account_id=names.map(AccountId),
    reason=st.sampled_from(UnreadReason),
)
availabilities = st.builds(
    Availability,
    window=st.just(WINDOW),
    readings=st.lists(readings, max_size=3).map(tuple),
    unread=st.lists(unread, max_size=3).map(tuple),
    taken=st.just(Taken()),
)
checked_times = st.builds(
    CheckedTime,
    verdict=st.sampled_from(Verdict),
    takers=st.builds(
        Takers,
        calendars=_tuples_of(CalendarId),
        sessions=_tuples_of(SessionId),
        holds=_tuples_of(HoldId),
    ),
)


def _candidate(start: datetime) -> IntervalMessage:
    message = IntervalMessage()
    put_interval(message, Interval(start, start + timedelta(minutes=30)))
    return message


def _evidence(availability: Availability) -> list[CalendarEvidence]:
    read = [
        CalendarEvidence(
            calendar_id=one.calendar_id,
            account_id=one.account_id,
            source=READING_SOURCES.outward(one.source),
        )
        for one in availability.readings
    ]
    for message, one in zip(read, availability.readings, strict=True):
        put_instant(message.read_time, one.read_at)
    return read + [
        CalendarEvidence(
            calendar_id=one.calendar_id,
            account_id=one.account_id,
            unread_reason=UNREAD_REASONS.outward(one.reason),
        )
        for one in availability.unread
    ]


@given(st.lists(st.tuples(times.map(_candidate), checked_times), max_size=5), availabilities)
def test_every_field_arrives(
    checked: list[tuple[IntervalMessage, CheckedTime]], availability: Availability
) -> None:
    answer = checked_times_answer(
        [candidate.SerializeToString() for candidate, _ in checked],
        [one for _, one in checked],
        availability,
    )

    assert CheckTimesResponse.FromString(answer) == CheckTimesResponse(
        times=[
            CheckedTimeMessage(
                candidate=candidate,
                verdict=VERDICTS.outward(one.verdict),
                busy_calendar_ids=one.takers.calendars,
                busy_session_ids=one.takers.sessions,
                busy_hold_ids=one.takers.holds,
            )
            for candidate, one in checked
        ],
        complete=availability.complete,
        calendars=_evidence(availability),
    )


@given(availabilities)
def test_the_evidence_is_the_same_with_busy_times(availability: Availability) -> None:
    assert ListBusyTimesResponse.FromString(busy_times_answer(availability)) == ListBusyTimesResponse(
        complete=availability.complete, calendars=_evidence(availability)
    )


def test_candidates_of_any_length_are_echoed() -> None:
    """As one with fields that this version doesn't know."""
    long = b"\x7a\xac\x02" + b"x" * 300
    answer = checked_times_answer(
        [long],
        [CheckedTime(Verdict.FREE)],
        Availability(window=WINDOW, rule=BlockingRule("UTC"), readings=(), unread=(), taken=Taken()),
    )

    (checked,) = CheckTimesResponse.FromString(answer).times
    assert checked.candidate.SerializeToString() == long
