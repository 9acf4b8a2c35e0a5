"""Times that suit experts, held against a search that goes from minute to minute."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.availability import Availability, Reading, ReadingSource, Unread, UnreadReason, Verdict
from domain.blocking import BlockingRule
from domain.buffers import Buffers
from domain.found_times import BUSY, FREE, UNKNOWN, ExpertStarts, Matching, Needed
from domain.ids import HoldId, SessionId
from domain.interval import Interval
from domain.opening_hours import OpeningHours
from domain.spans import Spans, instant, micros
from domain.taken import BookedTime, HeldTime, Taken
from domain.wanted_times import MOST_STARTS, Alignment, Starts, TooManyStarts, WantedTimes, starts_of
from tests.builders import ACCOUNT, CALENDAR
from tests.support.times_by_hand import MINUTE, ByHand, Times, utc

CASES = int(os.environ.get("CALENDARSYNC_TEST_FIND_TIMES_CASES", "250"))
some = settings(
    max_examples=CASES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
MICROS_A_MINUTE = 60_000_000
VERDICTS = {BUSY[0]: Verdict.BUSY, FREE[0]: Verdict.FREE, UNKNOWN[0]: Verdict.UNKNOWN}
CHANGES = [
    ("Europe/Berlin", date(2027, 3, 28)),
    ("Europe/Berlin", date(2027, 10, 31)),
    ("America/New_York", date(2027, 3, 14)),
    ("America/New_York", date(2027, 11, 7)),
    ("Australia/Lord_Howe", date(2027, 4, 4)),  # by half an hour
    ("Australia/Lord_Howe", date(2027, 10, 3)),
    ("America/Havana", date(2027, 3, 14)),  # midnight is skipped
    ("America/Havana", date(2027, 11, 7)),  # midnight to one comes twice
    ("America/St_Johns", date(2010, 11, 7)),  # at one minute past midnight, back into the day before
    ("Pacific/Apia", date(2011, 12, 30)),  # a day that never was
    ("Asia/Kathmandu", date(2027, 6, 1)),
    ("Africa/Casablanca", date(2027, 2, 7)),
    ("UTC", date(2027, 6, 1)),
]
"""Zones, with days on which their clocks do something."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expert:
    busy: list[tuple[datetime, datetime]]
    sessions: list[tuple[datetime, datetime]]
    held: list[tuple[datetime, datetime]]
    unread: bool


@st.composite
def hours_of_a_day(draw: st.DrawFn) -> Times:
    starts = draw(st.lists(st.sampled_from([0, 60, 90, 120, 150, 180, 540, 601, 1380]), max_size=3))
    return [(one, min(one + draw(st.sampled_from([30, 60, 90, 240, 480, 1440])), 24 * 60)) for one in starts]


@st.composite
def questions(draw: st.DrawFn) -> ByHand:
    zone, day = draw(st.sampled_from(CHANGES))
    first = draw(st.integers(-36 * 60, 24 * 60))
    start = utc(day, draw(st.sampled_from([first, first // 15 * 15])))
    weekdays = st.none() | st.dictionaries(st.integers(0, 6), hours_of_a_day(), min_size=3)
    near = st.sampled_from([day + timedelta(days=number) for number in (-1, 0, 1, 2)])
    return ByHand(
        start=start,
        end=start + draw(st.integers(1, 50 * 60)) * MINUTE,
        now=start + timedelta(seconds=draw(st.sampled_from([-(10**6), 0, 1, 3_601, 40_000]))),
        minutes=draw(st.sampled_from([1, 15, 30, 50, 60, 90, 240])),
        step=draw(st.sampled_from([5, 7, 10, 15, 30, 50, 60, 90, 300])),
        zone=ZoneInfo(zone),
        by_the_clock=draw(st.booleans()),
        weekdays=draw(weekdays),
        dates=draw(st.dictionaries(near, hours_of_a_day(), max_size=2)),
        notice=timedelta(minutes=draw(st.sampled_from([0, 0, 1, 120]))),
        before=timedelta(seconds=draw(st.sampled_from([0, 0, 1, 600, 5_400]))),
        after=timedelta(seconds=draw(st.sampled_from([0, 0, 1, 900, 5_400]))),
        most_a_day=draw(st.none() | st.integers(1, 3)),
    )


@st.composite
def spans_near(draw: st.DrawFn, asked: ByHand, most: int) -> list[tuple[datetime, datetime]]:
    spans = []
    for _ in range(draw(st.integers(0, most))):
        start = asked.start + draw(st.integers(-36 * 12, 60 * 12)) * timedelta(minutes=5)
        start += timedelta(seconds=draw(st.sampled_from([0, 0, 0, 1, -1])))
        spans.append((start, start + timedelta(seconds=draw(st.sampled_from([1, 300, 1800, 3600, 20_000])))))
    return spans


@st.composite
def cases(draw: st.DrawFn) -> tuple[ByHand, list[Expert], Matching]:
    asked = draw(questions())
    experts = [
        Expert(
            busy=draw(spans_near(asked, 8)),
            sessions=draw(spans_near(asked, 4)),
            held=draw(spans_near(asked, 1)),
            unread=draw(st.sampled_from([False, False, False, True])),
        )
        for _ in range(draw(st.integers(1, 3)))
    ]
    return asked, experts, Matching(needed=draw(st.sampled_from(Needed)), unknown_too=draw(st.booleans()))


def wanted_of(asked: ByHand) -> WantedTimes:
    hours = None
    if asked.weekdays is not None:
        hours = OpeningHours(
            weekdays={day: _micros(times) for day, times in asked.weekdays.items()},
            dates={day: _micros(times) for day, times in asked.dates.items()},
        )
    return WantedTimes(
        window=Interval(asked.start, asked.end),
        length=asked.minutes * MINUTE,
        step=asked.step * MINUTE,
        zone=asked.zone,
        alignment=Alignment.CLOCK if asked.by_the_clock else Alignment.WINDOW,
        hours=hours,
        notice=asked.notice,
        buffers=Buffers(before=asked.before, after=asked.after),
        most_a_day=asked.most_a_day,
    )


def _micros(times: Times) -> list[tuple[int, int]]:
    return [(opens * MICROS_A_MINUTE, closes * MICROS_A_MINUTE) for opens, closes in times]


def starts_by_rule(asked: ByHand, experts: int = 1) -> Starts:
    return starts_of(wanted_of(asked), not_before=micros(asked.now + asked.notice), experts=experts)


def known_of(expert: Expert, window: Interval) -> Availability:
    """As it would be looked up: of sessions and holds, those in the window."""
    unread = Unread(calendar_id=CALENDAR, account_id=ACCOUNT, reason=UnreadReason.TIMED_OUT)
    busy = Spans.of(Interval(*one) for one in expert.busy).clipped_to(window)
    booked = [
        BookedTime(session_id=SessionId(f"session-{number}"), interval=Interval(*one))
        for number, one in enumerate(expert.sessions)
        if Interval(*one).overlaps(window)
    ]
    held = [HeldTime(hold_id=HoldId("hold"), interval=Interval(*one)) for one in expert.held]
    return Availability(
        window=window,
        rule=BlockingRule("UTC"),
        readings=(
            Reading(
                calendar_id=CALENDAR,
                account_id=ACCOUNT,
                read_at=window.start,
                busy=busy,
                source=ReadingSource.STORED,
            ),
        ),
        unread=(unread,) if expert.unread else (),
        taken=Taken(calendars=[(CALENDAR, busy)], booked=booked, held=held),
    )


def row_of(starts: Starts, expert: Expert, *, most: int = 3) -> bytearray:
    """By steps of a few intervals each."""
    asked = starts.in_question if starts.at else starts.wanted.window
    theirs = ExpertStarts(starts, known_of(expert, asked))
    for _ in theirs.take_busy(most):
        pass
    return theirs.row


def by_hand(asked: ByHand, experts: list[Expert], matching: Matching) -> Iterator[tuple[datetime, str]]:
    """Each start that suits, with who is free at it and, after a bar, of whom it is not known."""
    for start in asked.starts():
        may = [
            number
            for number, one in enumerate(experts)
            if asked.suits(start, [*one.busy, *one.held], one.sessions)
        ]
        free = [number for number in may if not experts[number].unread]
        unknown = [number for number in may if experts[number].unread]
        needed = len(experts) if matching.needed is Needed.ALL else 1
        if len(free) >= needed:
            yield start, f"FREE {free}|{unknown if matching.unknown_too else []}"
        elif len(may) >= needed and matching.unknown_too:
            yield start, f"UNKNOWN {free}|{unknown}"


@some
@given(cases())
def test_the_search_by_the_minute_finds_the_same(case: tuple[ByHand, list[Expert], Matching]) -> None:
    asked, experts, matching = case
    starts = starts_by_rule(asked, len(experts))

    found = [
        (
            instant(starts.at[place]),
            f"{match.verdict.value} {list(match.free)}|{list(match.unknown)}",
        )
        for place, match in matching.matches([row_of(starts, one) for one in experts])
    ]

    assert found == list(by_hand(asked, experts, matching))


@settings(some, max_examples=60)
@given(cases(), st.integers(0, 6 * 60))
def test_an_expert_is_at_each_start_what_a_check_with_buffers_says(
    case: tuple[ByHand, list[Expert], Matching], unasked_minutes: int
) -> None:
    """Also where less was asked about than is needed: nothing is known to be free there."""
    asked, (expert, *_), _ = case
    starts = starts_by_rule(replace(asked, most_a_day=None))
    window = starts.in_question if starts.at else starts.wanted.window
    begin = min(window.start + unasked_minutes * MINUTE, window.end - MINUTE)
    known = known_of(expert, Interval(begin, window.end))
    buffers, length = starts.wanted.buffers, starts.wanted.length

    theirs = ExpertStarts(starts, known)
    for _ in theirs.take_busy(1_000):
        pass

    checked = [
        known.check(buffers.around(Interval(instant(at), instant(at) + length))).verdict for at in starts.at
    ]
    assert [VERDICTS[what] for what in theirs.row] == checked


def test_at_most_so_many_starts_are_looked_at() -> None:
    start = utc(date(2027, 3, 1))
    asked = ByHand(
        start=start,
        end=start + 100_000 * MINUTE,
        now=start,
        minutes=1,
        step=1,
        zone=ZoneInfo("UTC"),
        by_the_clock=True,
        weekdays=None,
        dates={},
        notice=timedelta(),
        before=timedelta(),
        after=timedelta(),
        most_a_day=None,
    )

    assert len(starts_by_rule(asked, experts=5).at) * 5 == MOST_STARTS
    with pytest.raises(TooManyStarts):
        starts_by_rule(asked, experts=6)
