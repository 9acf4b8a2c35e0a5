"""What an event says, in Google's terms, held against Google's own description."""

import html
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.google.event_body import LONGEST_DESCRIPTION, changes_of_event, new_event
from domain.event_digest import EVERY_PART, EventPart
from domain.interval import Interval
from domain.session_details import EventColor, SessionDetails, Visibility
from sandbox.google.description import checks, find_method
from tests.adapters.google.test_event_ids import EVENT, MARK

SUMMER = timezone(timedelta(hours=2))
SLOT = Interval(datetime(2031, 5, 6, 11, tzinfo=SUMMER), datetime(2031, 5, 6, 12, tzinfo=SUMMER))
DETAILS = SessionDetails(
    title="Coaching <b>with</b> Jonas & Co",
    text='First <line>\nSecond "line" & more',
    place="Room <4>",
    join_url="https://meet.example/abc?a=1&b=2",
    reminder_minutes=20,
)
NOTHING = SessionDetails(title="")
_PATHS = {"POST": "/calendars/c/events", "PATCH": "/calendars/c/events/e"}


def mistakes(verb: str, body: dict[str, Any]) -> list[str]:
    found = find_method(verb, _PATHS[verb])
    assert found is not None
    return list(checks.body_mistakes(found[0], body))


def changed(*parts: EventPart, details: SessionDetails = DETAILS) -> dict[str, Any]:
    return changes_of_event(SLOT, details, parts)


def test_a_new_event_says_all_of_the_session() -> None:
    event = new_event(MARK, SLOT, DETAILS)
    assert event == {
        "id": EVENT,
        "summary": "Coaching <b>with</b> Jonas & Co",
        "description": (
            'First &lt;line&gt;<br>Second "line" &amp; more<br><br>'
            '<a href="https://meet.example/abc?a=1&amp;b=2">https://meet.example/abc?a=1&amp;b=2</a>'
        ),
        "location": "Room <4>",
        "start": {"dateTime": "2031-05-06T09:00:00Z"},
        "end": {"dateTime": "2031-05-06T10:00:00Z"},
        "transparency": "opaque",
        "reminders": {"useDefault": False, "overrides": [{"method": "popup", "minutes": 20}]},
        "source": {
            "title": "https://meet.example/abc?a=1&b=2",
            "url": "https://meet.example/abc?a=1&b=2",
        },
    }
    assert mistakes("POST", event) == []


def test_a_session_that_says_nothing_makes_an_event_without_words_or_reminder() -> None:
    event = new_event(MARK, SLOT, NOTHING)
    assert (event["summary"], event["description"], event["location"]) == ("", "", "")
    assert event["reminders"] == {"useDefault": False, "overrides": []}
    assert "source" not in event
    assert mistakes("POST", event) == []


def test_a_private_event_of_some_colour_says_so() -> None:
    details = replace(NOTHING, visibility=Visibility.PRIVATE, category="Coaching", color=EventColor.RED)
    event = new_event(MARK, SLOT, details)
    assert (event["visibility"], event["colorId"]) == ("private", "11")
    assert event.keys() - new_event(MARK, SLOT, NOTHING).keys() == {"visibility", "colorId"}
    assert mistakes("POST", event) == []


def test_what_is_no_longer_private_and_has_no_colour_is_as_its_calendar() -> None:
    changes = changed(EventPart.VISIBILITY, EventPart.COLOR)
    assert changes == {"visibility": "default", "colorId": None}
    assert mistakes("PATCH", changes) == []


@given(st.sets(st.sampled_from(EventPart)))
def test_a_change_names_the_members_of_its_parts_and_no_others(parts: Collection[EventPart]) -> None:
    members = {
        EventPart.TIME: {"start", "end"},
        EventPart.TITLE: {"summary"},
        EventPart.BODY: {"description", "source"},
        EventPart.PLACE: {"location"},
        EventPart.REMINDER: {"reminders"},
        EventPart.VISIBILITY: {"visibility"},
        EventPart.CATEGORY: set[str](),
        EventPart.COLOR: {"colorId"},
    }
    changes = changes_of_event(SLOT, DETAILS, parts)
    assert changes.keys() == {name for part in parts for name in members[part]}
    assert mistakes("PATCH", changes) == []


def test_a_change_of_times_takes_the_dates_of_an_all_day_event_away() -> None:
    assert changed(EventPart.TIME) == {
        "start": {"dateTime": "2031-05-06T09:00:00Z", "date": None},
        "end": {"dateTime": "2031-05-06T10:00:00Z", "date": None},
    }


def test_a_link_that_is_no_longer_there_is_taken_away() -> None:
    changes = changed(EventPart.BODY, details=NOTHING)
    assert changes == {"description": "", "source": None}
    assert mistakes("PATCH", changes) == []


def test_a_reminder_that_is_no_longer_wanted_is_taken_away() -> None:
    assert changed(EventPart.REMINDER, details=NOTHING) == {
        "reminders": {"useDefault": False, "overrides": []}
    }


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ('<a href="x">', '&lt;a href="x"&gt;'),
        ("already &lt; escaped", "already &amp;lt; escaped"),
        ("one\r\ntwo\n\nfour", "one<br>two<br><br>four"),
    ],
)
def test_markup_in_a_sessions_text_is_shown_and_not_obeyed(text: str, shown: str) -> None:
    assert changed(EventPart.BODY, details=replace(NOTHING, text=text))["description"] == shown


def test_an_address_that_browsers_would_obey_is_no_link() -> None:
    changes = changed(EventPart.BODY, details=replace(NOTHING, join_url="javascript:alert('<1>')"))
    assert changes == {"description": "javascript:alert('&lt;1&gt;')", "source": None}


def test_an_address_ends_where_its_quotes_would_end_the_link() -> None:
    url = 'https://meet.example/"><b>'
    shown = "https://meet.example/&quot;&gt;&lt;b&gt;"
    changes = changed(EventPart.BODY, details=replace(NOTHING, join_url=url))
    assert changes["description"] == f'<a href="{shown}">https://meet.example/"&gt;&lt;b&gt;</a>'


def test_every_part_of_a_session_is_a_part_of_its_event() -> None:
    assert set(changes_of_event(SLOT, DETAILS, EVERY_PART)) == {
        "start",
        "end",
        "summary",
        "description",
        "source",
        "location",
        "reminders",
        "visibility",
        "colorId",
    }


@pytest.mark.parametrize("some", ["a", "&", "<\n", "é\r\n", "ab&\n\n"])
@pytest.mark.parametrize("url", ["", DETAILS.join_url])
def test_a_text_that_is_too_long_is_cut_between_its_characters_and_keeps_its_link(
    some: str, url: str
) -> None:
    text = some * 9000
    description = changed(EventPart.BODY, details=replace(NOTHING, text=text, join_url=url))["description"]
    link = changed(EventPart.BODY, details=replace(NOTHING, join_url=url))["description"]
    assert LONGEST_DESCRIPTION - len("&amp;<br>") < len(description) <= LONGEST_DESCRIPTION
    kept, _, rest = description.partition("…")
    assert rest == (f"<br><br>{link}" if link else "")
    *whole, last = html.unescape(kept).split("<br>")
    lines = text.splitlines()
    assert whole == lines[: len(whole)]
    assert lines[len(whole)].startswith(last)


def test_a_text_as_long_as_may_be_is_not_cut() -> None:
    text = "a" * (LONGEST_DESCRIPTION - 4) + "\nb"
    description = changed(EventPart.BODY, details=replace(NOTHING, text=text[1:]))["description"]
    assert description == text[1:].replace("\n", "<br>")
