"""Writing events: create, change, delete, and what Outlook does on top."""

from datetime import date
from typing import Any
from urllib.parse import quote

import pytest

from sandbox import Recurrence, Sandbox
from tests.sandbox.client import Graph, Reply
from tests.sandbox.conftest import SignIn

MARK = "String {7d0f5f5e-6a4b-4d53-9a35-0c6f0d7c2b11} Name Session"


def session(**changes: Any) -> dict[str, Any]:
    body: dict[str, Any] = {
        "subject": "Coaching",
        "start": {"dateTime": "2026-07-01T09:00:00", "timeZone": "UTC"},
        "end": {"dateTime": "2026-07-01T10:00:00", "timeZone": "UTC"},
    }
    return body | changes


def when(text: str, zone: str = "UTC") -> dict[str, str]:
    return {"dateTime": text, "timeZone": zone}


async def create(graph: Graph, **changes: Any) -> Reply:
    return await graph("POST", "/me/events", body=session(**changes))


async def created(graph: Graph, **changes: Any) -> dict[str, Any]:
    reply = await create(graph, **changes)
    assert reply.status == 201, reply.text
    found: dict[str, Any] = reply.json
    return found


async def test_a_created_event_is_read_back(anna: Graph) -> None:
    event = await created(
        anna,
        body={"contentType": "text", "content": "Bring <notes> & pen"},
        location={"displayName": "Room 4"},
        showAs="busy",
        isReminderOn=True,
        reminderMinutesBeforeStart=30,
        transactionId="t-1",
    )
    read = (await anna.get(f"/me/events/{event['id']}")).json
    assert read == event
    assert (read["transactionId"], read["type"], read["isOrganizer"]) == ("t-1", "singleInstance", True)
    assert (read["location"]["displayName"], read["reminderMinutesBeforeStart"]) == ("Room 4", 30)


async def test_the_reply_wraps_the_body_in_a_page(anna: Graph) -> None:
    event = await created(anna, body={"contentType": "html", "content": "<p>Hello</p>"})
    assert event["body"]["contentType"] == "html"
    assert event["body"]["content"].startswith("<html>")
    assert "<p>Hello</p>" in event["body"]["content"]
    read = await anna.get(f"/me/events/{event['id']}", 'outlook.body-content-type="text"')
    assert read.json["body"] == {"contentType": "text", "content": "Hello"}


async def test_events_go_into_the_calendar_named(sandbox: Sandbox, anna: Graph) -> None:
    team = sandbox.world.calendars.get("anna", "team").id
    event = (await anna("POST", f"/me/calendars/{team}/events", body=session())).json
    assert (await anna.get(f"/me/calendars/{team}/events/{event['id']}")).status == 200
    default = sandbox.world.calendars.get("anna").id
    assert (await anna.get(f"/me/calendars/{default}/events/{event['id']}")).error == "ErrorItemNotFound"


@pytest.mark.parametrize(
    ("mode", "status", "events"), [("returns_first", 201, 1), ("conflict", 409, 1), ("duplicates", 201, 2)]
)
async def test_a_repeated_transaction_id_is_answered_as_set(
    sandbox: Sandbox, anna: Graph, mode: Any, status: int, events: int
) -> None:
    sandbox.world.settings.transaction_mode = mode
    first = await created(anna, transactionId="t-1")
    again = await create(anna, transactionId="t-1", subject="Other")
    assert again.status == status
    if mode == "returns_first":
        assert again.json["id"] == first["id"]
    marked = [event for event in sandbox.world.events.all("anna") if event.transaction_id == "t-1"]
    assert len(marked) == events


async def test_transaction_ids_of_other_mailboxes_do_not_count(anna: Graph, sign_in: SignIn) -> None:
    ben = await sign_in("ben")
    assert (await created(anna, transactionId="t-1"))["id"] != (await created(ben, transactionId="t-1"))["id"]


async def test_the_transaction_id_can_not_be_changed(anna: Graph) -> None:
    event = await created(anna, transactionId="t-1")
    changed = await anna(
        "PATCH", f"/me/events/{event['id']}", body={"transactionId": "t-2", "subject": "New"}
    )
    assert (changed.json["transactionId"], changed.json["subject"]) == ("t-1", "New")


async def test_an_extended_property_is_found_by_filter_and_shown_by_expand_only(anna: Graph) -> None:
    event = await created(anna, singleValueExtendedProperties=[{"id": MARK, "value": "S-1"}])
    assert "singleValueExtendedProperties" not in event
    for value, found in (("S-1", 1), ("s-1", 1), ("S-2", 0)):
        wanted = f"singleValueExtendedProperties/Any(ep: ep/id eq '{MARK}' and ep/value eq '{value}')"
        listed = await anna.get(f"/me/events?$filter={quote(wanted)}&$select=id")
        assert len(listed.json["value"]) == found
    expand = quote(f"singleValueExtendedProperties($filter=id eq '{MARK}')")
    read = (await anna.get(f"/me/events/{event['id']}?$select=id&$expand={expand}")).json
    assert read["singleValueExtendedProperties"] == [{"id": MARK, "value": "S-1"}]


async def test_a_filter_it_cannot_read_is_refused(anna: Graph) -> None:
    reply = await anna.get(f"/me/events?$filter={quote('subject eq 1')}")
    assert (reply.status, reply.error) == (400, "ErrorInvalidUrlQueryFilter")


async def test_a_change_keeps_what_it_does_not_name(anna: Graph) -> None:
    event = await created(anna, location={"displayName": "Room 4"})
    changed = (
        await anna("PATCH", f"/me/events/{event['id']}", body={"start": when("2026-07-01T12:00:00")})
    ).json
    assert changed["start"]["dateTime"].startswith("2026-07-01T12:00")
    assert changed["end"]["dateTime"].startswith("2026-07-01T13:00")
    assert changed["location"]["displayName"] == "Room 4"
    assert changed["@odata.etag"] != event["@odata.etag"]


async def test_the_end_alone_can_be_changed_in_another_zone(anna: Graph) -> None:
    event = await created(anna)
    path, end = f"/me/events/{event['id']}", when("2026-07-01T13:00:00", "Europe/Berlin")
    changed = (await anna("PATCH", path, body={"end": end})).json
    assert changed["start"]["dateTime"].startswith("2026-07-01T09:00")
    assert changed["end"]["dateTime"].startswith("2026-07-01T11:00")


async def test_refuses_a_stale_etag(anna: Graph) -> None:
    event = await created(anna)
    path = f"/me/events/{event['id']}"
    fresh = await anna("PATCH", path, body={"subject": "B"}, If_Match=event["@odata.etag"])
    stale = await anna("PATCH", path, body={"subject": "C"}, If_Match=event["@odata.etag"])
    assert (fresh.status, stale.status, stale.error) == (200, 412, "ErrorIrresolvableConflict")
    assert (await anna("DELETE", path, If_Match=event["@odata.etag"])).status == 412


async def test_the_etag_moves_on_by_itself_after_create_when_set_to(sandbox: Sandbox, anna: Graph) -> None:
    sandbox.world.settings.etag_settles = True
    event = await created(anna)
    path = f"/me/events/{event['id']}"
    refused = await anna("PATCH", path, body={"subject": "B"}, If_Match=event["@odata.etag"])
    current = (await anna.get(path)).json["@odata.etag"]
    assert refused.status == 412
    assert (await anna("PATCH", path, body={"subject": "B"}, If_Match=current)).status == 200


async def test_a_deleted_event_is_gone(anna: Graph) -> None:
    path = f"/me/events/{(await created(anna))['id']}"
    assert (await anna("DELETE", path)).status == 204
    for method in ("GET", "DELETE"):
        reply = await anna(method, path)
        assert (reply.status, reply.error) == (404, "ErrorItemNotFound")


async def test_a_move_changes_the_plain_id_and_keeps_the_immutable_one(sandbox: Sandbox, anna: Graph) -> None:
    immutable_ids = 'IdType="ImmutableId"'
    plain = (await created(anna, transactionId="t-1"))["id"]
    immutable = (await anna.get(f"/me/events/{plain}", immutable_ids)).json["id"]
    event = next(event for event in sandbox.world.events.all("anna") if event.transaction_id == "t-1")
    sandbox.world.events.move("anna", event, "team")
    assert immutable != plain
    assert (await anna.get(f"/me/events/{plain}")).status == 404
    moved = await anna.get(f"/me/events/{immutable}", immutable_ids)
    assert (moved.status, moved.json["id"]) == (200, immutable)


async def test_ids_of_other_mailboxes_are_not_found(anna: Graph, sign_in: SignIn) -> None:
    ben = await sign_in("ben")
    assert (await ben.get(f"/me/events/{(await created(anna))['id']}")).error == "ErrorItemNotFound"


@pytest.mark.parametrize(("key", "status"), [("ben-readonly", 403), ("ben-writable", 201)])
async def test_a_shared_calendar_is_written_only_where_allowed(
    sandbox: Sandbox, sign_in: SignIn, key: str, status: int
) -> None:
    dora = await sign_in("dora")
    calendar = sandbox.world.calendars.get("dora", key)
    reply = await dora("POST", f"/me/calendars/{calendar.id}/events", body=session())
    assert reply.status == status
    if status == 201:
        assert reply.json["organizer"]["emailAddress"]["address"] == "ben@contoso.example.com"
        assert len(sandbox.world.events.all("ben", "projects")) == 2


@pytest.mark.parametrize(("scope", "status"), [("", 403), (" Calendars.ReadWrite.Shared", 201)])
async def test_shared_calendars_may_take_a_permission_of_their_own(
    sandbox: Sandbox, sign_in: SignIn, scope: str, status: int
) -> None:
    sandbox.world.settings.shared_writes_need_scope = True
    dora = await sign_in("dora", "openid User.Read Calendars.ReadWrite" + scope)
    shared = sandbox.world.calendars.get("dora", "ben-writable")
    listed = (await dora.get(f"/me/calendars/{shared.id}")).json
    assert listed["canEdit"], "what the list says is no promise"
    assert (await dora("POST", f"/me/calendars/{shared.id}/events", body=session())).status == status
    assert (await create(dora)).status == 201


async def test_a_calendar_made_read_only_refuses_changes(sandbox: Sandbox, anna: Graph) -> None:
    path = f"/me/events/{(await created(anna))['id']}"
    sandbox.world.calendars.set_writable("anna", "primary", can_edit=False)
    for method in ("PATCH", "DELETE"):
        assert (await anna(method, path, body={"subject": "B"})).error == "ErrorAccessDenied"


async def test_reading_scopes_do_not_write(sign_in: SignIn) -> None:
    reader = await sign_in("anna", "openid User.Read Calendars.Read")
    assert (await create(reader)).status == 403


async def test_attendees_are_mailed_and_that_is_noted(sandbox: Sandbox, anna: Graph) -> None:
    guest = {"emailAddress": {"address": "eva@example.com", "name": "Eva"}, "type": "required"}
    event = await created(anna, attendees=[guest])
    await anna("PATCH", f"/me/events/{event['id']}", body={"subject": "B"})
    await anna("DELETE", f"/me/events/{event['id']}")
    await created(anna)
    noted = [(entry.person, entry.action, entry.attendees) for entry in sandbox.world.traffic.invitations]
    assert noted == [("anna", "created", 1), ("anna", "changed", 1), ("anna", "cancelled", 1)]


async def test_online_meetings_are_made_for_work_accounts_only(anna: Graph, sign_in: SignIn) -> None:
    assert (await created(anna, isOnlineMeeting=True))["onlineMeeting"]["joinUrl"].startswith("https://")
    assert (await created(await sign_in("carla"), isOnlineMeeting=True))["onlineMeeting"] is None


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"start": when("2026-07-01T09:00:00", "Nowhere Time")}, "TimeZoneNotSupportedException"),
        ({"start": when("soon")}, "ErrorPropertyValidationFailure"),
        ({"start": None}, "ErrorPropertyValidationFailure"),
        ({"end": when("2026-07-01T08:00:00")}, "ErrorPropertyValidationFailure"),
        ({"isAllDay": True}, "ErrorPropertyValidationFailure"),
        ({"showAs": "sleeping"}, "ErrorPropertyValidationFailure"),
        ({"recurrence": {"pattern": {"type": "hourly"}}}, "ErrorPropertyValidationFailure"),
        ({"titel": "Coaching"}, "RequestBodyRead"),
    ],
)
async def test_refuses_an_event_that_makes_no_sense(anna: Graph, changes: dict[str, Any], code: str) -> None:
    reply = await create(anna, **changes)
    assert (reply.status, reply.error) == (400, code)


async def test_a_refused_change_changes_nothing(anna: Graph) -> None:
    event = await created(anna)
    path = f"/me/events/{event['id']}"
    for body in ({"isAllDay": True}, {"end": when("2026-01-01T00:00:00")}, {"subject": "B", "showAs": "x"}):
        assert (await anna("PATCH", path, body=body)).status == 400
    assert (await anna.get(path)).json == event


async def test_an_all_day_event_is_written_from_midnight_to_midnight(anna: Graph) -> None:
    berlin = "W. Europe Standard Time"
    event = await created(
        anna,
        isAllDay=True,
        start=when("2026-07-01T00:00:00", berlin),
        end=when("2026-07-02T00:00:00", berlin),
    )
    assert event["start"] == {"dateTime": "2026-07-01T00:00:00.0000000", "timeZone": "UTC"}


async def test_a_written_series_is_expanded(anna: Graph) -> None:
    recurrence = {
        "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["Wednesday", "friday"]},
        "range": {"type": "numbered", "startDate": "2026-07-01", "numberOfOccurrences": 3},
    }
    master = await created(anna, recurrence=recurrence)
    shown = await anna.view("2026-07-01T00:00:00Z", "2026-08-01T00:00:00Z")
    assert master["type"] == "seriesMaster"
    assert [event["start"]["dateTime"][:10] for event in shown] == ["2026-07-01", "2026-07-03", "2026-07-08"]


async def test_changing_an_occurrence_makes_an_exception_and_deleting_one_removes_it(
    sandbox: Sandbox, anna: Graph
) -> None:
    series = sandbox.world.events.add(
        "anna", "2026-07-01T09:00", zone="UTC", recurrence=Recurrence(kind="daily", occurrences=3)
    )
    second = sandbox.world.events.id_of("anna", series, date(2026, 7, 2))
    third = sandbox.world.events.id_of("anna", series, date(2026, 7, 3))
    moved = await anna("PATCH", f"/me/events/{second}", body={"start": when("2026-07-02T15:00:00")})
    assert (moved.json["type"], moved.json["id"]) == ("exception", second)
    again = await anna("PATCH", f"/me/events/{second}", body={"subject": "Later"})
    assert again.json["start"]["dateTime"].startswith("2026-07-02T15:00")
    assert (await anna("DELETE", f"/me/events/{third}")).status == 204
    shown = await anna.view("2026-07-01T00:00:00Z", "2026-08-01T00:00:00Z")
    assert [event["type"] for event in shown] == ["occurrence", "exception"]
    assert (await anna.get(f"/me/events/{third}")).status == 404


async def test_a_body_that_is_not_json_is_refused(anna: Graph, sandbox: Sandbox) -> None:
    headers = {"Authorization": f"Bearer {anna.token}"}
    reply = await anna.http.request("POST", f"{sandbox.graph_url}/me/events", data=b"{", headers=headers)
    assert (reply.status, reply.error) == (400, "RequestBodyRead")


async def test_events_of_a_shared_calendar_are_found_below_it_only_when_set_so(
    sandbox: Sandbox, sign_in: SignIn
) -> None:
    dora = await sign_in("dora")
    shared = sandbox.world.calendars.get("dora", "ben-writable")
    event = (await dora("POST", f"/me/calendars/{shared.id}/events", body=session())).json
    own = await created(dora)
    assert (await dora.get(f"/me/events/{event['id']}")).status == 200
    sandbox.world.settings.shared_events_in_mailbox = False
    for method, body in (("GET", None), ("PATCH", {"subject": "x"}), ("DELETE", None)):
        assert (await dora(method, f"/me/events/{event['id']}", body=body)).error == "ErrorItemNotFound"
    assert (await dora.get(f"/me/calendars/{shared.id}/events/{event['id']}")).status == 200
    assert (await dora.get(f"/me/events/{own['id']}")).status == 200


async def test_an_online_meeting_lasts_as_long_as_its_block_in_the_body(anna: Graph) -> None:
    event = await created(anna, isOnlineMeeting=True, body={"contentType": "html", "content": "<p>Hello</p>"})
    url, path = event["onlineMeeting"]["joinUrl"], f"/me/events/{event['id']}"
    assert url in event["body"]["content"]
    renamed = (await anna("PATCH", path, body={"subject": "Renamed"})).json
    assert renamed["onlineMeeting"] == event["onlineMeeting"]
    kept = {"contentType": "html", "content": f"<p>New</p>{event['body']['content']}"}
    assert (await anna("PATCH", path, body={"body": kept})).json["isOnlineMeeting"]
    lost = {"contentType": "html", "content": "<p>New</p>"}
    assert not (await anna("PATCH", path, body={"body": lost})).json["isOnlineMeeting"]


async def test_a_new_location_takes_the_place_of_all_locations(anna: Graph) -> None:
    rooms = [{"displayName": "Room 7", "locationType": "conferenceRoom"}, {"displayName": "Garden"}]
    event = await created(anna, locations=rooms)
    path = f"/me/events/{event['id']}"
    assert (event["location"]["displayName"], event["locations"]) == ("Room 7; Garden", rooms)
    renamed = (await anna("PATCH", path, body={"subject": "Renamed"})).json
    assert renamed["locations"] == rooms
    placed = (await anna("PATCH", path, body={"location": {"displayName": "Online"}})).json
    assert [one["displayName"] for one in placed["locations"]] == ["Online"]


@pytest.mark.parametrize(("mode", "status"), [("no_content", 204), ("empty", 200), ("ignored", 200)])
async def test_a_change_that_prefers_no_answer_gets_what_is_set(
    sandbox: Sandbox, anna: Graph, mode: Any, status: int
) -> None:
    event = await created(anna)
    sandbox.world.settings.minimal_answer = mode
    path = f"/me/events/{event['id']}"
    reply = await anna("PATCH", path, body={"subject": "New"}, prefer="return=minimal")
    honoured = mode != "ignored"
    assert (reply.status, reply.text == "") == (status, honoured)
    assert ("return=minimal" in reply.headers.get("Preference-Applied", "")) is honoured
    assert (await anna.get(path)).json["subject"] == "New"


async def test_an_event_taken_out_of_the_bin_has_a_new_plain_id(sandbox: Sandbox, anna: Graph) -> None:
    event = await created(anna)
    stored = sandbox.world.events.find("anna", event["id"])
    assert stored is not None
    immutable = sandbox.world.events.id_of("anna", stored.stored, immutable=True)
    await anna("DELETE", f"/me/events/{event['id']}")
    sandbox.world.events.restore(stored.stored.uid)
    assert (await anna.get(f"/me/events/{event['id']}")).status == 404
    assert (await anna.get(f"/me/events/{immutable}")).status == 200


async def test_in_a_mailbox_that_was_moved_every_id_is_a_new_one(sandbox: Sandbox, anna: Graph) -> None:
    event = await created(anna)
    calendar = sandbox.world.calendars.get("anna").id
    stored = sandbox.world.events.find("anna", event["id"])
    assert stored is not None
    immutable = sandbox.world.events.id_of("anna", stored.stored, immutable=True)
    sandbox.world.events.move_mailbox("anna")
    for path in (f"/me/events/{event['id']}", f"/me/events/{immutable}", f"/me/calendars/{calendar}"):
        assert (await anna.get(path)).error == "ErrorItemNotFound"
    moved = sandbox.world.events.id_of("anna", stored.stored)
    assert (await anna.get(f"/me/events/{moved}")).json["subject"] == "Coaching"
