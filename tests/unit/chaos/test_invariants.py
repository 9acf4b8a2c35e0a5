"""Each invariant must see what it is there for."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chaos.invariants import leaks, sessions
from chaos.invariants.feed import since_erasure
from chaos.model import Booking, Known, Wish
from sandbox.world.model import Event

START = datetime(2030, 5, 14, 10, tzinfo=UTC)
WISH = Wish(START, "Kanarienvogel session-1 1")
ROW: dict[str, Any] = {
    "status": "WRITTEN",
    "revision": 2,
    "written_revision": 2,
    "copy_account_id": "account-1",
}
ACCOUNTS = {"account-1": {"expert_id": "expert-1", "status": "ACTIVE"}}


def a_booking(wish: Wish = WISH, **changes: Any) -> Booking:
    return Booking("expert-1", "session-1", False, confirmed=wish, **changes)


def an_event(*, start: datetime = START, subject: str = WISH.title) -> sessions.Place:
    wall = start.replace(tzinfo=None)
    event = Event(
        uid="event",
        start=wall,
        end=wall + timedelta(hours=1),
        zone="UTC",
        created=START,
        modified=START,
        organizer_name="",
        organizer_email="",
        subject=subject,
    )
    return sessions.Place("account-1", event)


def faults(booking: Booking, *events: sessions.Place, **row: Any) -> list[str]:
    return sessions.faults_of(booking, ROW | row, ACCOUNTS, events)


def test_a_session_that_is_in_its_calendar_once_is_well() -> None:
    assert faults(a_booking(), an_event()) == []


@pytest.mark.parametrize(
    "events",
    [
        [],
        [an_event(), an_event()],
        [an_event(start=START + timedelta(minutes=15))],
        [an_event(subject="Kanarienvogel session-1 0")],
    ],
    ids=["lost", "twice", "at another time", "with an earlier title"],
)
def test_a_session_whose_event_is_not_as_it_should_be_is_not(events: list[sessions.Place]) -> None:
    assert len(faults(a_booking(), *events)) == 1


def test_a_cancelled_session_has_no_event() -> None:
    cancelled = a_booking(Wish(START, WISH.title, cancelled=True))
    assert faults(cancelled) == []
    assert len(faults(cancelled, an_event())) == 1


def test_what_an_owner_touched_is_not_compared_and_a_copy_is_theirs() -> None:
    assert faults(a_booking(touched=True)) == []
    assert faults(a_booking(copies=1), an_event(), an_event(start=START + timedelta(days=20))) == []
    assert len(faults(a_booking(touched=True), an_event(), an_event())) == 1


@pytest.mark.parametrize(
    ("hindrance", "settings", "status"),
    [
        ("RECONNECT_REQUIRED", None, "ACTIVE"),
        ("NO_WRITABLE_CALENDAR", None, "ACTIVE"),
        ("ACCOUNT_DISCONNECTED", {"write_calendar_id": "calendar-1"}, "ACTIVE"),
        ("PROVIDER_UNAVAILABLE", None, "RECONNECT_REQUIRED"),
    ],
)
def test_a_session_that_waits_for_what_is_there_does_not_tell_the_truth(
    hindrance: str, settings: dict[str, Any] | None, status: str
) -> None:
    row = {"expert_id": "expert-1", "hindrance": hindrance}
    accounts = {"account-1": {"expert_id": "expert-1", "status": status}}
    assert not sessions.tells_the_truth(row, accounts, settings, {"calendar-1": {}})


def test_the_feed_begins_anew_where_an_expert_was_erased() -> None:
    first, other, erased, last = ("a", "CHANGED"), ("b", "CHANGED"), ("a", "EXPERT_ERASED"), ("a", "CHANGED")
    assert since_erasure([first, other, erased, last]) == [other, erased, last]


def test_a_line_that_says_too_much_is_found() -> None:
    known = Known(tokens={"abcdefghijklmnop"})
    assert leaks.faults_of_line('{"event": "call", "title": "KANARIENVOGEL 1"}', known, ())
    assert leaks.faults_of_line('{"event": "call", "error": "Bearer abcdefghijklmnop"}', known, ())
    assert leaks.faults_of_line(
        '{"event": "call", "dsn": "password=sandbox-secret"}', known, ("sandbox-secret",)
    )
    assert leaks.faults_of_line('{"event": "job failed", "error": "KeyError"}', known, ())
    assert leaks.faults_of_line("Traceback (most recent call last):", known, ())
    outage = '{"event": "job failed", "error": "application.ports.store.StoreUnavailable < psycopg.OperationalError"}'
    assert not leaks.faults_of_line(outage, known, ())
