"""Reading events at Google: windows, series, kinds, what a role lets see, and what leaves."""

from datetime import date
from typing import Any

import pytest

from sandbox import Recurrence, Sandbox
from sandbox.google.scopes import PREFIX
from tests.sandbox.client import Http
from tests.sandbox.google.calendar import WINDOW, Calendars, calendars_of, events_of, reason
from tests.sandbox.google.client import AVAILABILITY, OWNED

FIELDS = "nextPageToken,items(id,status,transparency,eventType,start,end,attendees(self,responseStatus))"
WEEKLY = Recurrence(kind="weekly", days=("monday", "wednesday"))


def _add(sandbox: Sandbox, start: Any = "2030-05-14T09:00", end: Any = None, **details: Any) -> Any:
    return sandbox.world.events.add("gina", start, end, **details)


async def test_only_the_members_asked_for_leave(sandbox: Sandbox, gina: Calendars) -> None:
    _add(sandbox, subject="Secret", body="Secret", response="declined", attendees=[_guest("a@b.example")])
    (event,) = await gina.events(fields=FIELDS)
    assert set(event) == {"id", "status", "eventType", "start", "end", "attendees"}
    assert event["attendees"] == [
        {"self": True, "responseStatus": "declined"},
        {"responseStatus": "needsAction"},
    ]
    path = "/calendars/{calendarId}/events"
    left = sandbox.world.traffic.properties(method="GET", path=path)
    assert "summary" not in left
    assert {"id", "status", "start.dateTime", "attendees.self"} <= left
    asked = {one.asked for one in sandbox.world.traffic.questions() if one.path == path}
    assert {"fields=items.attendees.self", "fields=items.id", "fields=nextPageToken", "timeMin"} <= asked


async def test_without_fields_everything_leaves(sandbox: Sandbox, gina: Calendars) -> None:
    _add(sandbox, subject="Secret", body="Details", location="Room 1")
    (event,) = await gina.events()
    assert (event["summary"], event["description"], event["location"]) == ("Secret", "Details", "Room 1")
    assert "fields=*" in {one.asked for one in sandbox.world.traffic.questions()}
    assert "summary" in sandbox.world.traffic.properties()


@pytest.mark.parametrize(
    "fields", ["items(id,title)", "items(id", "items(start/day)", "items(id))", "items(,)"]
)
async def test_a_wrong_selection_is_refused_or_passed_over(
    sandbox: Sandbox, gina: Calendars, fields: str
) -> None:
    reply = await gina("GET", events_of("primary"), {"fields": fields})
    assert reason(reply) == (400, "invalidParameter")
    assert sandbox.world.traffic.mistakes[0].mistake == "fields names what there isn't"


async def test_an_unknown_member_may_be_passed_over(sandbox: Sandbox, gina: Calendars) -> None:
    _add(sandbox)
    sandbox.world.google.settings.unknown_fields = "ignored"
    (event,) = await gina.events(fields="items(id,title),items/etag")
    assert set(event) == {"id", "etag"}


def _guest(address: str) -> dict[str, Any]:
    return {"emailAddress": {"address": address, "name": "Guest"}}


async def test_more_attendees_than_asked_for_leave_only_ones_own(sandbox: Sandbox, gina: Calendars) -> None:
    _add(sandbox, response="accepted", attendees=[_guest("a@b.example"), _guest("c@d.example")])
    (event,) = await gina.events(maxAttendees=1)
    assert [one["responseStatus"] for one in event["attendees"]] == ["accepted"]
    assert event["attendeesOmitted"] is True
    (event,) = await gina.events(maxAttendees=3)
    assert len(event["attendees"]) == 3


async def test_bounds_are_for_the_end_and_for_the_start_and_exclusive(
    sandbox: Sandbox, gina: Calendars
) -> None:
    _add(sandbox, "2030-05-14T09:00+00:00", "2030-05-14T10:00+00:00")
    seen = {}
    for begin, end in (("09:30", "09:45"), ("10:00", "11:00"), ("08:00", "09:00"), ("09:59", "10:30")):
        window = {"timeMin": f"2030-05-14T{begin}:00.999Z", "timeMax": f"2030-05-14T{end}:00Z"}
        seen[begin] = len(await gina.events(**window))
    assert seen == {"09:30": 1, "10:00": 0, "08:00": 0, "09:59": 1}


@pytest.mark.parametrize("bound", ["2030-05-14T09:00:00", "2030-05-14", "2030-05-14T25:00:00Z", "now"])
async def test_a_bound_needs_its_offset(gina: Calendars, bound: str) -> None:
    assert reason(await gina("GET", events_of("primary"), {"timeMin": bound})) == (400, "badRequest")


async def test_a_window_that_ends_before_it_begins_is_refused(gina: Calendars) -> None:
    window = {"timeMin": WINDOW["timeMax"], "timeMax": WINDOW["timeMin"]}
    assert reason(await gina("GET", events_of("primary"), window)) == (400, "timeRangeEmpty")


@pytest.mark.parametrize(("zone", "found"), [("calendar", 1), ("UTC", 0)])
async def test_days_count_in_some_zone(sandbox: Sandbox, gina: Calendars, zone: Any, found: int) -> None:
    _add(sandbox, date(2030, 5, 14), date(2030, 5, 16))
    sandbox.world.google.settings.all_day_zone = zone
    # The 14th begins at 22:00 in UTC for somebody in Berlin.
    events = await gina.events(timeMin="2030-05-13T00:00:00Z", timeMax="2030-05-13T23:00:00Z")
    assert len(events) == found
    if events:
        assert (events[0]["start"], events[0]["end"]) == ({"date": "2030-05-14"}, {"date": "2030-05-16"})


async def test_times_come_in_the_zone_asked_for(sandbox: Sandbox, gina: Calendars) -> None:
    _add(sandbox)
    starts = [(await gina.events(timeZone=zone))[0]["start"] for zone in ("UTC", "America/New_York")]
    assert starts[0] == {"dateTime": "2030-05-14T07:00:00Z", "timeZone": "Europe/Berlin"}
    assert starts[1]["dateTime"] == "2030-05-14T03:00:00-04:00"
    assert (await gina.events())[0]["start"]["dateTime"] == "2030-05-14T09:00:00+02:00"
    assert reason(await gina("GET", events_of("primary"), {"timeZone": "Middle-earth"})) == (400, "invalid")


async def test_a_series_comes_as_its_occurrences(sandbox: Sandbox, gina: Calendars) -> None:
    series = _add(sandbox, "2030-05-13T09:00", uid="standup", recurrence=WEEKLY)
    sandbox.world.events.change_occurrence(series, date(2030, 5, 15), start="2030-05-16T11:00")
    monday, moved = await gina.events()
    assert monday["id"] == f"{monday['recurringEventId']}_20300513T070000Z"
    assert moved["originalStartTime"]["dateTime"] == "2030-05-15T09:00:00+02:00"
    assert moved["start"]["dateTime"] == "2030-05-16T11:00:00+02:00"
    for event in (monday, moved):
        found = (await gina("GET", events_of("primary", event["id"]))).json
        assert found["start"] == event["start"]
    (whole,) = await gina.events(singleEvents="false")
    assert whole["recurrence"] == ["RRULE:FREQ=WEEKLY;BYDAY=MO,WE"]
    assert whole["id"] == monday["recurringEventId"]


async def test_a_deleted_occurrence_may_come_unasked(sandbox: Sandbox, gina: Calendars) -> None:
    series = _add(sandbox, "2030-05-13T09:00", recurrence=WEEKLY)
    sandbox.world.events.delete_occurrence(series, date(2030, 5, 15))
    assert len(await gina.events()) == 1
    sandbox.world.google.settings.lists_cancelled_instances = True
    cancelled = (await gina.events())[-1]
    assert cancelled["status"] == "cancelled"
    assert cancelled["id"].endswith("_20300515T070000Z")
    assert (await gina("GET", events_of("primary", cancelled["id"]))).json["status"] == "cancelled"


async def test_what_is_deleted_stays_as_cancelled(sandbox: Sandbox, gina: Calendars) -> None:
    event = _add(sandbox, subject="Gone")
    shown = (await gina.events())[0]
    sandbox.world.events.delete("gina", event)
    assert await gina.events() == []
    assert [one["status"] for one in await gina.events(showDeleted="true")] == ["cancelled"]
    found = await gina("GET", events_of("primary", shown["id"]))
    assert (found.status, found.json["status"]) == (200, "cancelled")


async def test_what_was_moved_away_leaves_its_id_behind(sandbox: Sandbox, gina: Calendars) -> None:
    event = _add(sandbox, subject="Moved")
    event_id = (await gina.events())[0]["id"]
    sandbox.world.events.move("gina", event, "family")
    stub = (await gina("GET", events_of("primary", event_id))).json
    assert stub == {"kind": "calendar#event", "id": event_id, "status": "cancelled"}
    family = (await gina.entries())["items"][1]["id"]
    assert (await gina("GET", events_of(family, event_id))).json["summary"] == "Moved"


@pytest.mark.parametrize(
    ("details", "members"),
    [
        ({}, {"status": "confirmed", "eventType": "default"}),
        ({"show_as": "free"}, {"transparency": "transparent"}),
        ({"show_as": "tentative"}, {"status": "tentative"}),
        ({"show_as": "oof"}, {"eventType": "outOfOffice"}),
        ({"show_as": "workingElsewhere"}, {"eventType": "workingLocation", "transparency": "transparent"}),
        ({"google": {"eventType": "focusTime"}}, {"eventType": "focusTime"}),
        ({"google": {"eventType": "birthday"}}, {"eventType": "birthday"}),
        ({"sensitivity": "private"}, {"visibility": "private"}),
    ],
)
async def test_kinds_of_events(
    sandbox: Sandbox, gina: Calendars, details: dict[str, Any], members: dict[str, str]
) -> None:
    _add(sandbox, **details)
    (event,) = await gina.events()
    assert {name: event.get(name) for name in members} == members


async def test_a_kind_nobody_knows_and_a_member_that_is_missing(sandbox: Sandbox, gina: Calendars) -> None:
    gina.held_against_description = False
    _add(sandbox, google={"eventType": "siesta", "status": None})
    (event,) = await gina.events()
    assert (event["eventType"], "status" in event) == ("siesta", False)


async def test_what_is_usual_may_stay_unsaid(sandbox: Sandbox, gina: Calendars) -> None:
    _add(sandbox)
    sandbox.world.google.settings.leaves_out_defaults = True
    (event,) = await gina.events()
    assert not {"status", "eventType", "transparency", "visibility"} & event.keys()


async def test_only_the_kinds_asked_for(sandbox: Sandbox, gina: Calendars) -> None:
    for show_as in ("busy", "oof", "workingElsewhere"):
        _add(sandbox, show_as=show_as)
    found = await gina.events(eventTypes=["default", "outOfOffice"])
    assert {one["eventType"] for one in found} == {"default", "outOfOffice"}
    assert list(sandbox.world.traffic.mistakes) == []


@pytest.mark.parametrize(
    ("role", "sees"),
    [
        ("freeBusyReader", set()),
        ("reader", {"Open"}),
        ("writerWithoutPrivateAccess", {"Open"}),
        ("writer", {"Open", "Private"}),
        ("owner", {"Open", "Private"}),
    ],
)
async def test_a_role_lets_see_so_much(sandbox: Sandbox, http: Http, role: str, sees: set[str]) -> None:
    for subject, sensitivity in (("Open", "normal"), ("Private", "private")):
        sandbox.world.events.add(
            "wilma", "2030-05-14T09:00", calendar=f"for-{role}", subject=subject, sensitivity=sensitivity
        )
    walter = await calendars_of(sandbox, http, "walter", scope=f"openid {PREFIX}calendar.readonly")
    found = await walter.events(sandbox.world.calendars.get("walter", role).folder.address)
    assert {one["summary"] for one in found if "summary" in one} == sees
    assert all(one["visibility"] == "private" for one in found if "summary" not in one)
    assert all("transparency" not in one for one in found)


@pytest.mark.parametrize(
    ("setting", "members"),
    [("stripped", {"start"}), ("with_transparency", {"start", "transparency"}), ("refused", None)],
)
async def test_availability_alone_shows_as_much_as_is_set(
    sandbox: Sandbox, http: Http, setting: Any, members: set[str] | None
) -> None:
    _add(sandbox, subject="Secret", show_as="free")
    sandbox.world.google.settings.availability_scope = setting
    gina = await calendars_of(sandbox, http, "gina", scope=f"openid {AVAILABILITY}")
    reply = await gina("GET", events_of("primary"), {"singleEvents": "true"} | WINDOW)
    if members is None:
        assert reason(reply) == (403, "insufficientPermissions")
    else:
        assert {"start", "transparency", "summary"} & reply.json["items"][0].keys() == members


@pytest.mark.parametrize(("owned", "status"), [("role", 200), ("data_owner", 403)])
async def test_owning_is_by_role_or_by_data(sandbox: Sandbox, http: Http, owned: Any, status: int) -> None:
    sandbox.world.google.settings.owned = owned
    walter = await calendars_of(sandbox, http, "walter", scope=f"openid {OWNED}")
    for key, answered in (("owner", status), ("writer", 403), ("own", 200)):
        address = sandbox.world.calendars.get("walter", key).folder.address
        assert (await walter("GET", events_of(address), WINDOW)).status == answered


async def test_more_than_one_page(sandbox: Sandbox, gina: Calendars) -> None:
    for number in range(5):
        _add(sandbox, f"2030-05-14T{10 + number}:00")
    query = {"singleEvents": "true", "maxResults": "2"} | WINDOW
    first = (await gina("GET", events_of("primary"), query)).json
    assert len(first["items"]) == 2
    second = (await gina("GET", events_of("primary"), query | {"pageToken": first["nextPageToken"]})).json
    assert second["items"][0]["start"]["dateTime"] == "2030-05-14T12:00:00+02:00"
    other = await gina("GET", events_of("primary"), WINDOW | {"pageToken": first["nextPageToken"]})
    assert reason(other) == (400, "badRequest")


async def test_a_page_holds_2500_at_most(sandbox: Sandbox, gina: Calendars) -> None:
    for _ in range(2_501):
        _add(sandbox)
    reply = await gina(
        "GET", events_of("primary"), WINDOW | {"maxResults": "9999", "fields": "items(id),nextPageToken"}
    )
    assert len(reply.json["items"]) == 2500
    assert "nextPageToken" in reply.json


@pytest.mark.parametrize("path", [events_of("gone@x.example"), events_of("primary", "unheardof")])
async def test_what_is_not_there_is_not_found(gina: Calendars, path: str) -> None:
    assert reason(await gina("GET", path)) == (404, "notFound")


async def test_an_address_in_the_path_is_in_no_record(sandbox: Sandbox, gina: Calendars) -> None:
    await gina("GET", events_of("gina@gmail.example.com", "some-event"))
    traffic = sandbox.world.traffic
    records = str([*traffic.requests, *traffic.ledger(), *traffic.questions(), *traffic.mistakes])
    assert "gmail" not in records
    assert "some-event" not in records
