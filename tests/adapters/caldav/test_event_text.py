"""What a session's event says, read back with the parser of the stand-in."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.caldav.event_text import LONGEST_NOTES, EventText
from adapters.caldav.text_lines import plain
from domain.interval import Interval
from domain.session_details import SessionDetails
from sandbox.icloud.calendar_text import Component, parse
from sandbox.icloud.reading import required
from tests.adapters.caldav.writing import DETAILS, MARK, SLOT

NOW = datetime(2031, 5, 1, 8, 30, 15, tzinfo=UTC)
TEXTS = st.text(alphabet=st.characters(), max_size=200)


def text_of(details: SessionDetails = DETAILS, interval: Interval = SLOT) -> str:
    return EventText(mark=MARK, interval=interval, details=details, now=NOW).new().decode()


def event_of(details: SessionDetails = DETAILS, interval: Interval = SLOT) -> Component:
    (event,) = parse(text_of(details, interval)).named("VEVENT")
    return event


def test_a_new_event_by_value() -> None:
    details = replace(
        DETAILS, title="Coaching", text="Plan", place="Room 4", join_url="https://meet.example/a"
    )
    assert text_of(details).split("\r\n") == [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//CalendarSync//EN",
        "CALSCALE:GREGORIAN",
        "BEGIN:VEVENT",
        f"UID:{MARK}",
        "DTSTAMP:20310501T083015Z",
        "SEQUENCE:0",
        "DTSTART:20310506T090000Z",
        "DTEND:20310506T100000Z",
        "SUMMARY:Coaching",
        r"DESCRIPTION:Plan\n\nhttps://meet.example/a",
        "URL:https://meet.example/a",
        "LOCATION:Room 4",
        "TRANSP:OPAQUE",
        "STATUS:CONFIRMED",
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        "DESCRIPTION:Reminder",
        "TRIGGER:-PT20M",
        "END:VALARM",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ]


def test_what_a_session_does_not_say_its_event_does_not_mention() -> None:
    event = event_of(SessionDetails(title=""))
    assert {line.name for line in event.lines} == {
        "UID",
        "DTSTAMP",
        "SEQUENCE",
        "DTSTART",
        "DTEND",
        "TRANSP",
        "STATUS",
    }
    assert event.parts == []


@given(title=TEXTS, text=TEXTS, place=TEXTS)
def test_any_text_is_read_back_as_it_was_written(title: str, text: str, place: str) -> None:
    stored = required(text_of(SessionDetails(title=title, text=text, place=place)))
    assert stored.text == "", "an event that the stand-in has fields for"
    says = stored.fields
    assert (says["subject"], says["body"], says["location"]) == (plain(title), plain(text), plain(place))
    assert stored.invited == 0


@given(
    minutes=st.none() | st.integers(0, 40_320),
    start=st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    hours=st.integers(-12, 14),
    lasts=st.timedeltas(timedelta(minutes=1), timedelta(days=3)),
)
def test_times_are_in_utc_and_reminders_in_minutes(
    minutes: int | None, start: datetime, hours: int, lasts: timedelta
) -> None:
    begin = start.replace(microsecond=0).astimezone(timezone(timedelta(hours=hours)))
    end = (start + lasts).replace(microsecond=0)
    stored = required(text_of(replace(DETAILS, reminder_minutes=minutes), Interval(begin, end)))
    assert (stored.start, stored.end, stored.zone) == (begin, end, "UTC")
    kept = stored.fields["reminder_minutes"] if stored.fields["reminder_on"] else None
    assert kept == minutes


@pytest.mark.parametrize("url", ["javascript:alert(1)", "https://a b", "https://a\r\nATTENDEE:x", "mailto:x"])
def test_what_is_no_link_is_text(url: str) -> None:
    event = event_of(replace(DETAILS, text="", join_url=url))
    assert event.get("URL") is None
    assert event.get("ATTENDEE") is None
    assert event.text("DESCRIPTION") == plain(url)


def test_notes_without_end_are_cut_and_the_link_stays() -> None:
    notes = event_of(replace(DETAILS, text="x" * (LONGEST_NOTES + 1))).text("DESCRIPTION")
    assert notes == f"{'x' * (LONGEST_NOTES - 1)}\N{HORIZONTAL ELLIPSIS}\n\n{DETAILS.join_url}"


def test_nothing_of_a_session_is_in_what_is_logged() -> None:
    says = EventText(mark=MARK, interval=SLOT, details=DETAILS, now=NOW)
    assert DETAILS.title not in repr(says)
