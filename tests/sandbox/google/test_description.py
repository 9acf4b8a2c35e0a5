"""Google's description in the sandbox's own form, and what is found by it."""

from typing import Any

import pytest

from sandbox import Sandbox
from sandbox.google.calendar_server import HANDLERS
from sandbox.google.description import METHODS, checks, is_schema, members
from sandbox.google.scopes import DESCRIPTIONS
from sandbox.google.selection import InvalidSelection, names, parse, select
from tests.sandbox.google.calendar import Calendars, events_of
from tests.support.event_properties import violations

PLAIN = {"string", "boolean", "integer", "date", "date-time", "int64", "any"}


def test_every_method_described_is_served_and_no_other() -> None:
    assert {method.id for method in METHODS} == HANDLERS.keys()


def test_every_scope_has_a_box() -> None:
    assert {scope for method in METHODS for scope in method.scopes} <= DESCRIPTIONS.keys()


def test_every_type_is_known() -> None:
    waiting = {kind for method in METHODS for kind in (method.takes, method.answers) if kind}
    seen: set[str] = set()
    while waiting:
        kind = waiting.pop()
        assert is_schema(kind), kind
        seen.add(kind)
        inner = {one.strip("[]{}") for one in members(kind).values()}
        waiting |= {one for one in inner if one not in PLAIN and "|" not in one} - seen
    assert {"Event", "EventAttendee", "FreeBusyCalendar", "CalendarListEntry", "Channel"} <= seen


@pytest.mark.parametrize(
    ("event", "mistakes"),
    [
        ({"summary": "A", "attendees": [{"self": True}]}, []),
        ({"sumary": "A"}, ["unknown member body.sumary"]),
        ({"attendees": [{"email": "a@b.example", "mail": "x"}]}, ["unknown member body.attendees.mail"]),
        ({"attendees": {}}, ["body.attendees is no array"]),
        ({"start": {"dateTime": "2030-05-14T09:00:00"}}, ["body.start.dateTime is no date-time"]),
        ({"start": {"dateTime": "2030-02-30T09:00:00Z"}}, ["body.start.dateTime is no date-time"]),
        ({"start": {"date": "20300514"}}, ["body.start.date is no date"]),
        ({"status": "gone"}, ["body.status is no confirmed|tentative|cancelled"]),
        ({"sequence": True}, ["body.sequence is no integer"]),
        ({"source": {"title": 1}}, ["body.source.title is no string"]),
        ({"extendedProperties": {"shared": {"x": 2}}}, ["body.extendedProperties.shared.* is no string"]),
        ([], ["body is no object"]),
    ],
)  # fmt: skip
def test_a_value_is_held_against_its_schema(event: Any, mistakes: list[str]) -> None:
    assert list(checks.mistakes("Event", event)) == mistakes


@pytest.mark.parametrize(
    ("fields", "asked", "left"),
    [
        ("a", {"a"}, {"a": {"x": 1, "y": 2}}),
        ("a/x", {"a.x"}, {"a": {"x": 1}}),
        ("a(x,y),b", {"a.x", "a.y", "b"}, {"a": {"x": 1, "y": 2}, "b": [{"z": 3, "w": 4}]}),
        ("b/z", {"b.z"}, {"b": [{"z": 3}]}),
        ("a/x,a/y", {"a.x", "a.y"}, {"a": {"x": 1, "y": 2}}),
        ("*", {"*"}, {"a": {"x": 1, "y": 2}, "b": [{"z": 3, "w": 4}]}),
        ("*/x", {"*.x"}, {"a": {"x": 1}, "b": [{}]}),
    ],
)
def test_a_selection_leaves_what_it_names(fields: str, asked: set[str], left: Any) -> None:
    selection = parse(fields)
    assert names(selection) == asked
    assert select(selection, {"a": {"x": 1, "y": 2}, "b": [{"z": 3, "w": 4}]}) == left


@pytest.mark.parametrize("fields", ["", "a,", "a(", "a(b", "a)", "a/", "(a)", "a b"])
def test_a_selection_is_written_right_or_refused(fields: str) -> None:
    with pytest.raises(InvalidSelection):
        parse(fields)


async def test_the_check_of_every_test_finds_it_too(sandbox: Sandbox, gina: Calendars) -> None:
    await gina("GET", events_of("primary"), {"fields": "items(summary)", "singleevents": "true"})
    found = list(violations(sandbox.world.traffic))
    path = "GET /calendars/{calendarId}/events"
    assert f"{path}: unknown parameter singleevents" in found
    assert f"{path} asked for fields=items.summary" in found
    assert f"{path} brought summary" in found
