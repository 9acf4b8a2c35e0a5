"""Everything that the service can say has words, and those that it will say one day have some, too."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from calendarsync.v1 import availability_pb2, change_service_pb2, session_pb2
from calendarsync.v1.account_pb2 import Account
from calendarsync.v1.calendar_pb2 import Calendar
from calendarsync.v1.session_pb2 import Session, SessionEvent
from connected_calendars import changes, clock, evidence, writing
from connected_calendars.names import Names

ABOUT_THE_WHOLE_EXPERT = {"EXPERT_CHANGED", "EXPERT_ERASED", "EXPERT_MOVED", "EXPERT_ARRIVED"}


def without_words(kind: Any, words: Mapping[Any, object], *, but: Collection[str] = ()) -> set[str]:
    """Names of an enum's values that are missing; the first is not specified."""
    (nothing,) = [name for name, number in kind.items() if number == 0]
    prefix = nothing.removesuffix("UNSPECIFIED")
    missing = {name.removeprefix(prefix) for name, number in kind.items() if number and number not in words}
    return missing - set(but)


def test_every_reason_hindrance_and_change_has_words() -> None:
    assert not without_words(availability_pb2.UnreadReason, evidence.UNREAD)
    assert not without_words(availability_pb2.UncheckedReason, evidence.UNCHECKED)
    assert not without_words(session_pb2.WriteHindrance, writing.HINDRANCES)
    assert not without_words(session_pb2.WriteStatus, writing.STATES)
    assert not without_words(session_pb2.EventReplacement, writing.REPLACEMENTS)
    assert not without_words(change_service_pb2.ChangeType, changes.NEWS, but=ABOUT_THE_WHOLE_EXPERT)


def test_what_is_newer_than_the_page_has_general_words() -> None:
    assert evidence.unread_for(99) is evidence.OTHERWISE  # type: ignore[arg-type]
    event = SessionEvent(status=session_pb2.WRITE_STATUS_WAITING, hindrance=99)  # type: ignore[arg-type]
    assert writing.writing_of(Session(event=event), Names()).hindrance == writing.OTHERWISE
    unknown = SessionEvent(status=99)  # type: ignore[arg-type]
    assert writing.writing_of(Session(event=unknown), Names()).state == "pending"


@pytest.mark.parametrize(
    ("name", "called"),
    [
        ("Family", "Family (gina@gmail.example)"),
        ("", "Calendar without a name (gina@gmail.example)"),
        ("gina@gmail.example", "gina@gmail.example"),
    ],
)
def test_a_calendar_that_is_called_as_its_account_is_named_once(name: str, called: str) -> None:
    """As main calendars are at Google."""
    names = Names(
        accounts={"account": Account(account_id="account", email="gina@gmail.example")},
        calendars={"calendar": Calendar(calendar_id="calendar", account_id="account", name=name)},
    )
    assert names.calendar("calendar") == called


@pytest.mark.parametrize(
    ("status", "cancelled", "revision", "text"),
    [
        ("PENDING", False, 0, "It is just being written to the calendar."),
        ("PENDING", True, 1, "Cancelled; its event is just being removed."),
        ("WRITTEN", True, 2, "Cancelled, and in no connected calendar any more."),
        ("WAITING", False, 0, "Not in a calendar yet."),
        ("WAITING", False, 1, "In a calendar that is not connected any more, but as it was before."),
        ("WAITING", True, 1, "Cancelled, but its event is still in the calendar."),
        ("FAILED", False, 0, "It can't be written to the calendar."),
        ("FAILED", True, 1, "Cancelled, but its event is still in the calendar."),
    ],
)
def test_says_how_far_the_calendar_follows(status: str, cancelled: bool, revision: int, text: str) -> None:
    event = SessionEvent(status=f"WRITE_STATUS_{status}", written_revision=revision)  # type: ignore[arg-type]
    found = writing.writing_of(Session(event=event, cancelled=cancelled), Names())
    assert found.text == text
    assert (found.hindrance is None) == (status in {"PENDING", "WRITTEN"})


@pytest.mark.parametrize(
    ("since", "words"),
    [
        (timedelta(seconds=-2), "just now"),
        (timedelta(seconds=59), "just now"),
        (timedelta(seconds=60), "1 minute ago"),
        (timedelta(minutes=59), "59 minutes ago"),
        (timedelta(minutes=119), "1 hour ago"),
        (timedelta(hours=47), "1 day ago"),
        (timedelta(days=3), "3 days ago"),
    ],
)
def test_an_age_is_told_in_its_largest_unit(since: timedelta, words: str) -> None:
    assert evidence.age(since) == words


def test_an_hour_that_comes_twice_is_told_apart() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert clock.hour_and_minute(first, berlin) == "02:30"
    assert clock.hour_and_minute(first + timedelta(hours=1), berlin) == "02:30 again"
    until = clock.from_to(first - timedelta(hours=3), first, berlin)
    assert until == "Saturday, 24 October 2026, 23:30 to Sunday, 25 October 2026, 02:30"
