"""What a calendar view shows, and when: windows, zones, all-day events, series."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from sandbox import Recurrence, Sandbox, World
from tests.sandbox.client import Graph
from tests.sandbox.conftest import SignIn


def spans(events: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(event["start"]["dateTime"][:16], event["end"]["dateTime"][:16]) for event in events]


@pytest.fixture
def world(sandbox: Sandbox) -> World:
    """The sandbox's world with an empty default calendar for Anna."""
    sandbox.world.calendars.get("anna").folder.events.clear()
    return sandbox.world


async def test_times_come_in_utc_with_seven_digits_and_no_offset(world: World, anna: Graph) -> None:
    world.events.add("anna", "2026-07-01T09:00", "2026-07-01T10:30")
    (event,) = await anna.view("2026-07-01T00:00:00Z", "2026-07-02T00:00:00Z")
    assert event["start"] == {"dateTime": "2026-07-01T07:00:00.0000000", "timeZone": "UTC"}
    assert event["originalStartTimeZone"] == "W. Europe Standard Time"


@pytest.mark.parametrize(
    ("zone", "printed"),
    [
        ("Pacific Standard Time", "2026-07-01T00:00:00.0000000"),
        ("Asia/Kathmandu", "2026-07-01T12:45:00.0000000"),
        ("UTC", "2026-07-01T07:00:00.0000000"),
    ],
)
async def test_times_come_in_the_preferred_zone(world: World, anna: Graph, zone: str, printed: str) -> None:
    world.events.add("anna", datetime(2026, 7, 1, 7, tzinfo=UTC))
    prefer = f'outlook.timezone="{zone}", IdType="ImmutableId"'
    reply = await anna.get("/me/calendarView?startDateTime=2026-07-01&endDateTime=2026-07-02", prefer)
    assert reply.json["value"][0]["start"] == {"dateTime": printed, "timeZone": zone}
    assert reply.headers["Preference-Applied"] == prefer


async def test_an_unknown_zone_is_refused(world: World, anna: Graph) -> None:
    world.events.add("anna", datetime(2026, 7, 1, 7, tzinfo=UTC))
    path = "/me/calendarView?startDateTime=2026-07-01&endDateTime=2026-07-02"
    reply = await anna.get(path, 'outlook.timezone="Greenwich Mean Time"')
    assert (reply.status, reply.error) == (400, "TimeZoneNotSupportedException")


async def test_the_preferred_zone_does_not_move_the_window(world: World, anna: Graph) -> None:
    world.events.add("anna", datetime(2026, 7, 1, 23, tzinfo=UTC))
    prefer = 'outlook.timezone="Tokyo Standard Time"'
    assert len(await anna.view("2026-07-01T22:00:00", "2026-07-02T00:00:00", prefer=prefer)) == 1
    assert await anna.view("2026-07-02T06:00:00", "2026-07-02T12:00:00", prefer=prefer) == []


async def test_the_window_takes_offsets(world: World, anna: Graph) -> None:
    world.events.add("anna", datetime(2026, 7, 1, 23, tzinfo=UTC))
    assert len(await anna.view("2026-07-02T01:00:00+02:00", "2026-07-02T01:30:00+02:00")) == 1


async def test_what_ends_at_the_windows_start_comes_and_what_starts_at_its_end_does_not(
    world: World, anna: Graph
) -> None:
    for hour in (8, 9, 10):
        world.events.add("anna", datetime(2026, 7, 1, hour, tzinfo=UTC))
    world.events.add("anna", datetime(2026, 7, 1, 9, tzinfo=UTC), datetime(2026, 7, 1, 9, tzinfo=UTC))
    shown = spans(await anna.view("2026-07-01T09:00:00Z", "2026-07-01T10:00:00Z"))
    assert shown == [
        ("2026-07-01T08:00", "2026-07-01T09:00"),
        ("2026-07-01T09:00", "2026-07-01T09:00"),
        ("2026-07-01T09:00", "2026-07-01T10:00"),
    ]


@pytest.mark.parametrize(
    ("window", "code"),
    [
        ("endDateTime=2026-07-02", "ErrorInvalidParameter"),
        ("startDateTime=2026-07-02", "ErrorInvalidParameter"),
        ("startDateTime=soon&endDateTime=2026-07-02", "ErrorInvalidParameter"),
        ("startDateTime=2026-07-02&endDateTime=2026-07-01", "ErrorCalendarEndDateIsEarlierThanStartDate"),
        ("startDateTime=2026-07-01&endDateTime=2029-07-01", "ErrorCalendarViewRangeTooBig"),
        ("startDateTime=2026-07-01&endDateTime=2026-07-02&$top=0", "ErrorInvalidParameter"),
        ("startDateTime=2026-07-01&endDateTime=2026-07-02&$top=1001", "ErrorInvalidParameter"),
        ("startDateTime=2026-07-01&endDateTime=2026-07-02&$select=start,tittle", "RequestBroker--ParseUri"),
    ],
)
async def test_refuses_a_window_or_option_it_cannot_read(anna: Graph, window: str, code: str) -> None:
    reply = await anna.get(f"/me/calendarView?{window}")
    assert (reply.status, reply.error) == (400, code)


@pytest.mark.parametrize("zone", ["UTC", "Pacific Standard Time", "New Zealand Standard Time"])
async def test_an_all_day_event_is_printed_as_midnight_in_any_zone(
    world: World, anna: Graph, zone: str
) -> None:
    world.events.add("anna", date(2026, 7, 1), date(2026, 7, 3), zone="Pacific/Auckland")
    prefer = f'outlook.timezone="{zone}"'
    (event,) = await anna.view("2026-06-29T00:00:00Z", "2026-07-05T00:00:00Z", prefer=prefer)
    assert event["isAllDay"] is True
    assert event["start"] == {"dateTime": "2026-07-01T00:00:00.0000000", "timeZone": zone}
    assert event["end"] == {"dateTime": "2026-07-03T00:00:00.0000000", "timeZone": zone}


async def test_an_all_day_event_meets_the_window_by_its_stored_instants(world: World, anna: Graph) -> None:
    world.events.add("anna", date(2026, 7, 1), zone="Pacific/Auckland")
    # Midnight in Auckland is noon of the day before in UTC.
    assert len(await anna.view("2026-06-30T13:00:00Z", "2026-06-30T14:00:00Z")) == 1
    assert await anna.view("2026-07-01T13:00:00Z", "2026-07-01T14:00:00Z") == []


async def test_a_series_keeps_its_time_on_the_wall_over_a_clock_change(world: World, anna: Graph) -> None:
    weekly = Recurrence(kind="weekly", days=("monday", "thursday"))
    world.events.add("anna", "2026-03-19T09:00", "2026-03-19T10:00", recurrence=weekly)
    shown = await anna.view("2026-03-19T00:00:00Z", "2026-04-03T00:00:00Z")
    assert [start for start, _ in spans(shown)] == [
        "2026-03-19T08:00",
        "2026-03-23T08:00",
        "2026-03-26T08:00",
        "2026-03-30T07:00",
        "2026-04-02T07:00",
    ]
    assert {event["type"] for event in shown} == {"occurrence"}
    assert len({event["seriesMasterId"] for event in shown}) == 1
    assert len({event["id"] for event in shown}) == 5


async def test_an_occurrence_inside_the_gap_moves_by_the_gap(world: World, anna: Graph) -> None:
    daily = Recurrence(kind="daily", occurrences=3)
    world.events.add("anna", "2026-03-28T02:30", "2026-03-28T04:00", recurrence=daily)
    assert spans(await anna.view("2026-03-28T00:00:00Z", "2026-03-31T00:00:00Z")) == [
        ("2026-03-28T01:30", "2026-03-28T03:00"),
        ("2026-03-29T01:30", "2026-03-29T02:00"),
        ("2026-03-30T00:30", "2026-03-30T02:00"),
    ]


async def test_an_all_day_series_carries_the_true_instant_in_original_start(
    world: World, anna: Graph
) -> None:
    daily = Recurrence(kind="daily", occurrences=1)
    world.events.add("anna", date(2018, 6, 5), zone="Pacific Standard Time", recurrence=daily)
    (event,) = await anna.view("2018-06-04T00:00:00Z", "2018-06-08T00:00:00Z")
    assert event["originalStart"].startswith("2018-06-05T07:00:00")
    assert event["start"]["dateTime"].startswith("2018-06-05T00:00:00")


async def test_a_moved_occurrence_shows_where_it_went_and_a_deleted_one_nowhere(
    world: World, anna: Graph
) -> None:
    daily = Recurrence(kind="daily", occurrences=3)
    series = world.events.add("anna", "2026-07-01T09:00", "2026-07-01T10:00", recurrence=daily)
    world.events.change_occurrence(series, date(2026, 7, 2), start="2026-08-20T15:00")
    world.events.delete_occurrence(series, date(2026, 7, 3))
    assert spans(await anna.view("2026-07-01T00:00:00Z", "2026-07-10T00:00:00Z")) == [
        ("2026-07-01T07:00", "2026-07-01T08:00")
    ]
    (moved,) = await anna.view("2026-08-20T00:00:00Z", "2026-08-21T00:00:00Z")
    assert (moved["type"], moved["originalStart"][:16]) == ("exception", "2026-07-02T07:00")
    assert spans([moved]) == [("2026-08-20T13:00", "2026-08-20T14:00")]


async def test_events_list_has_masters_and_no_occurrences(world: World, anna: Graph) -> None:
    daily = Recurrence(kind="daily", interval=2, until=date(2026, 7, 9))
    world.events.add("anna", "2026-07-01T09:00", recurrence=daily)
    (master,) = (await anna.get("/me/events")).json["value"]
    assert master["type"] == "seriesMaster"
    assert master["recurrence"]["pattern"]["interval"] == 2
    assert master["recurrence"]["range"]["endDate"] == "2026-07-09"
    window = "startDateTime=2026-07-01&endDateTime=2026-08-01"
    instances = (await anna.get(f"/me/events/{master['id']}/instances?{window}")).json["value"]
    assert len(instances) == 5


async def test_an_occurrence_is_found_by_its_id(world: World, anna: Graph) -> None:
    world.events.add("anna", "2026-07-01T09:00", recurrence=Recurrence(kind="daily"))
    (occurrence,) = await anna.view("2026-07-05T00:00:00Z", "2026-07-06T00:00:00Z")
    found = (await anna.get(f"/me/events/{occurrence['id']}")).json
    assert (found["type"], found["start"]) == ("occurrence", occurrence["start"])


async def test_cancelled_declined_and_odd_events_come_as_they_are(world: World, anna: Graph) -> None:
    start = "2026-07-01T09:00"
    world.events.add("anna", start, uid="1", cancelled=True)
    world.events.add("anna", start, uid="2", response="declined")
    world.events.add("anna", start, uid="3", original_zone="tzone://Microsoft/Custom")
    odd = {"subject": None, "iCalUId": None, "showAs": "levitating", "neverSeen": {"x": 1}}
    world.events.add("anna", start, uid="4", overrides=odd, omitted={"sensitivity"})
    cancelled, declined, custom, strange = await anna.view("2026-07-01T00:00:00Z", "2026-07-02T00:00:00Z")
    assert cancelled["isCancelled"] is True
    assert declined["responseStatus"]["response"] == "declined"
    assert custom["originalStartTimeZone"] == "tzone://Microsoft/Custom"
    assert {name: strange[name] for name in odd} == odd
    assert "sensitivity" not in strange


async def test_pages_are_followed_by_their_links(world: World, anna: Graph) -> None:
    for minute in range(25):
        world.events.add("anna", f"2026-07-01T09:{minute:02}", uid=f"event-{minute:02}")
    path = "/me/calendar/calendarView?startDateTime=2026-07-01&endDateTime=2026-07-02&%24select=start"
    sizes, ids = [], set()
    while path:
        page = (await anna.get(path)).json
        sizes.append(len(page["value"]))
        ids |= {event["id"] for event in page["value"]}
        path = page.get("@odata.nextLink", "")
    assert sizes == [10, 10, 5]
    assert len(ids) == 25


async def test_a_link_serves_no_other_request(world: World, anna: Graph) -> None:
    for minute in range(11):
        world.events.add("anna", f"2026-07-01T09:{minute:02}")
    path = "/me/calendarView?startDateTime=2026-07-01&endDateTime=2026-07-02"
    link = (await anna.get(path)).json["@odata.nextLink"]
    token = link.partition("$skiptoken=")[2]
    reply = await anna.get(f"{path}&$top=5&$skiptoken={token}")
    assert (reply.status, reply.error) == (400, "ErrorInvalidParameter")
    assert (await anna.get(f"{path}&$skiptoken=nonsense")).status == 400


async def test_only_what_is_selected_leaves(world: World, anna: Graph, sandbox: Sandbox) -> None:
    world.events.add("anna", "2026-07-01T09:00", subject="Secret", location="Hidden", body="Nothing")
    (event,) = await anna.view(
        "2026-07-01T00:00:00Z", "2026-07-02T00:00:00Z", options="&$select=start,end,showAs"
    )
    assert set(event) == {"@odata.etag", "id", "start", "end", "showAs"}
    assert sandbox.world.traffic.properties() == {
        "@odata.etag",
        "id",
        "start.dateTime",
        "start.timeZone",
        "end.dateTime",
        "end.timeZone",
        "showAs",
    }


async def test_the_ledger_names_who_asked_and_how_and_holds_no_content(
    world: World, anna: Graph, sandbox: Sandbox
) -> None:
    world.events.add("anna", "2026-07-01T09:00", subject="Secret", transaction_id="mark-1")
    await anna.view("2026-07-01T00:00:00Z", "2026-07-02T00:00:00Z")
    entries = sandbox.world.traffic.ledger()
    assert {(entry.person, entry.method, entry.path) for entry in entries} == {
        ("anna", "GET", "/me/calendar/calendarView")
    }
    assert {"subject", "body.content", "organizer.emailAddress.name"} <= {entry.property for entry in entries}
    assert "Secret" not in repr(entries)
    assert sandbox.world.traffic.marks == {"mark-1"}


async def test_private_events_of_others_are_blank(sandbox: Sandbox, sign_in: SignIn) -> None:
    dora = await sign_in("dora")
    shared = sandbox.world.calendars.get("dora", "ben-readonly")
    path = f"/me/calendars/{shared.id}/calendarView?startDateTime=2020-01-01&endDateTime=2020-02-01"
    sandbox.world.events.add(
        "ben", "2020-01-05T09:00", subject="Salary", sensitivity="private", location="Room 1"
    )
    (event,) = (await dora.get(path)).json["value"]
    assert (event["subject"], event["location"]["displayName"]) == ("Private Appointment", "")
    assert (await dora.get(f"/me/events/{event['id']}")).error == "ErrorItemNotFound"


async def test_read_basic_sees_no_body(sandbox: Sandbox, sign_in: SignIn) -> None:
    basic = await sign_in("anna", "openid User.Read Calendars.ReadBasic")
    sandbox.world.events.add("anna", "2026-07-01T09:00", subject="Visible", body="Invisible")
    (event,) = await basic.view("2026-07-01T00:00:00Z", "2026-07-02T00:00:00Z")
    assert event["subject"] == "Visible"
    assert "body" not in event


async def test_a_page_too_large_for_the_mailbox_is_answered_504_when_set_so(
    sandbox: Sandbox, anna: Graph
) -> None:
    sandbox.world.settings.largest_view_page = 20
    path = "/me/calendar/calendarView?startDateTime=2030-01-01&endDateTime=2030-02-01&$top="
    assert [(await anna.get(f"{path}{top}")).status for top in (20, 21)] == [200, 504]
    assert (await anna.get("/me/calendar/events?$top=21")).status == 200


async def test_next_links_begin_with_what_is_set(sandbox: Sandbox, sign_in: SignIn) -> None:
    sandbox.world.settings.link_base = "https://graph.microsoft.com/v1.0"
    link = (await (await sign_in("max")).get("/me/calendars")).json["@odata.nextLink"]
    assert link.startswith("https://graph.microsoft.com/v1.0/me/calendars?$skiptoken=")
