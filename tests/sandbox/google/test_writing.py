"""Writing events at Google: ids of one's own, graves, versions, and what a patch leaves alone."""

from datetime import date
from typing import Any

import pytest

from sandbox import Recurrence, Sandbox
from sandbox.google.scopes import PREFIX
from tests.sandbox.client import Http, Reply
from tests.sandbox.google.calendar import Calendars, calendars_of, events_of, reason
from tests.sandbox.google.client import LIST, OWNED

ID = "5c9e0d0b7a4e5e0fb0c7f2d2a1b3c4d5"
EVENT = {
    "id": ID,
    "summary": "Session with Ada",
    "description": "Notes &amp; link",
    "location": "https://meet.example/1",
    "start": {"dateTime": "2030-05-14T09:00:00Z", "timeZone": "Europe/Berlin"},
    "end": {"dateTime": "2030-05-14T10:00:00Z", "timeZone": "Europe/Berlin"},
    "transparency": "opaque",
    "reminders": {"useDefault": False, "overrides": [{"method": "popup", "minutes": 10}]},
    "source": {"title": "Session", "url": "https://app.example/sessions/1"},
}
MINE = events_of("primary", ID)


async def _insert(calendars: Calendars, calendar: str = "primary", /, **changes: Any) -> Reply:
    body = {name: value for name, value in (EVENT | changes).items() if value is not None}
    return await calendars("POST", events_of(calendar), {"sendUpdates": "none"}, body=body)


async def test_keeps_what_it_was_given(sandbox: Sandbox, gina: Calendars) -> None:
    inserted = await _insert(gina)
    assert inserted.status == 200
    found = (await gina("GET", MINE)).json
    assert found == inserted.json
    for name in ("id", "summary", "description", "location", "reminders", "source"):
        assert found[name] == EVENT[name]
    assert found["start"] == {"dateTime": "2030-05-14T11:00:00+02:00", "timeZone": "Europe/Berlin"}
    assert found["status"] == "confirmed"
    assert [one["id"] for one in await gina.events()] == [ID]
    assert list(sandbox.world.traffic.mistakes) == []


async def test_answers_only_what_was_asked_for(sandbox: Sandbox, gina: Calendars) -> None:
    query = {"sendUpdates": "none", "fields": "id,etag"}
    reply = await gina("POST", events_of("primary"), query, body=EVENT)
    assert set(reply.json) == {"id", "etag"}
    left = sandbox.world.traffic.properties(method="POST", path="/calendars/{calendarId}/events")
    assert left == {"id", "etag"}


async def test_makes_up_an_id_that_looks_like_googles(gina: Calendars) -> None:
    made = (await _insert(gina, id=None)).json["id"]
    assert len(made) == 26
    assert (await gina("GET", events_of("primary", made))).status == 200


@pytest.mark.parametrize("event_id", ["abcd", "has-hyphens-in-it", "withaw", "UPPERCASE", "a" * 1025])
async def test_an_id_has_its_letters_and_length(gina: Calendars, event_id: str) -> None:
    assert reason(await _insert(gina, id=event_id)) == (400, "invalid")


async def test_an_id_serves_once_and_for_ever(sandbox: Sandbox, http: Http) -> None:
    sandbox.world.google.settings.access_token_seconds = 500 * 86_400
    gina = await calendars_of(sandbox, http, "gina")
    await _insert(gina)
    assert reason(await _insert(gina)) == (409, "duplicate")
    assert (await gina("DELETE", MINE)).status == 204
    sandbox.world.clock.advance(400 * 86_400)
    assert reason(await _insert(gina)) == (409, "duplicate")
    assert (await gina("GET", MINE)).json["status"] == "cancelled"
    sandbox.world.google.settings.spent_id = "forbidden"
    assert reason(await _insert(gina)) == (403, "forbidden")
    family = sandbox.world.calendars.get("gina", "family").folder.address
    assert (await _insert(gina, family)).status == 200


async def test_an_event_may_be_stored_though_the_answer_is_lost(sandbox: Sandbox, gina: Calendars) -> None:
    sandbox.world.faults.google_error(503, "backendError", method="POST", perform=True)
    assert (await _insert(gina)).status == 503
    assert reason(await _insert(gina)) == (409, "duplicate")
    assert (await gina("GET", MINE)).status == 200


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"end": None}, (400, "required")),
        ({"start": {"date": "2030-05-14"}}, (400, "invalid")),
        ({"start": {}}, (400, "invalid")),
        ({"start": {"dateTime": "2030-05-14T11:00:00Z"}}, (400, "timeRangeEmpty")),
        ({"start": {"dateTime": "2030-05-14T09:00:00"}}, (400, "badRequest")),
        ({"start": {"dateTime": "2030-05-14T09:00:00Z", "timeZone": "Middle-earth"}}, (400, "invalid")),
        ({"transparency": "glass"}, (400, "badRequest")),
        ({"sumary": "Misspelt"}, (400, "badRequest")),
        ({"reminders": {"overrides": [{"method": "popup", "minutes": 40_321}]}}, (400, "invalid")),
        ({"reminders": {"overrides": [{"method": "popup", "minutes": 1}] * 6}}, (400, "invalid")),
        ({"eventType": "outOfOffice"}, (400, "eventTypeRestriction")),
        ({"recurrence": ["RRULE:FREQ=DAILY"]}, (400, "badRequest")),
    ],
)
async def test_a_wrong_event_is_refused(
    gina: Calendars, changes: dict[str, Any], refusal: tuple[int, str]
) -> None:
    assert reason(await _insert(gina, **changes)) == refusal
    assert await gina.events() == []


async def test_a_misspelt_member_is_noted_without_its_value(sandbox: Sandbox, gina: Calendars) -> None:
    await _insert(gina, sumary="Secret")
    (mistake,) = sandbox.world.traffic.mistakes
    assert mistake.mistake == "unknown member body.sumary"
    assert "Secret" not in str(mistake)


async def test_days_are_written_as_dates(gina: Calendars) -> None:
    days = {"start": {"date": "2030-05-14"}, "end": {"date": "2030-05-16"}}
    found = (await _insert(gina, **days)).json
    assert {"start": found["start"], "end": found["end"]} == days


async def test_a_patch_changes_what_it_names(sandbox: Sandbox, gina: Calendars) -> None:
    before = (await _insert(gina)).json
    (event,) = [one for one in sandbox.world.events.all("gina") if one.google_id == ID]
    sandbox.world.events.change(event, google=event.google | {"colorId": "5"})
    start = {"dateTime": "2030-05-14T09:30:00Z", "timeZone": "Europe/Berlin"}
    patched = await gina("PATCH", MINE, body={"summary": "Moved", "start": start, "location": None})
    after = patched.json
    assert (after["summary"], after["colorId"], "location" in after) == ("Moved", "5", False)
    assert after["start"]["dateTime"] == "2030-05-14T11:30:00+02:00"
    assert after["end"] == before["end"]
    assert (after["reminders"], after["source"]) == (before["reminders"], before["source"])
    assert after["etag"] != before["etag"]


async def test_a_patch_turns_hours_into_days(gina: Calendars) -> None:
    await _insert(gina)
    days = {
        "start": {"date": "2030-05-14", "dateTime": None},
        "end": {"date": "2030-05-15", "dateTime": None},
    }
    assert (await gina("PATCH", MINE, body=days)).json["start"] == {"date": "2030-05-14"}


async def test_days_turn_into_hours_only_where_they_are_taken_away(gina: Calendars) -> None:
    await _insert(gina, start={"date": "2030-05-14"}, end={"date": "2030-05-15"})
    hours = {
        name: {"dateTime": f"2030-05-14T{hour}:00:00Z"} for name, hour in (("start", "09"), ("end", "10"))
    }
    assert reason(await gina("PATCH", MINE, body=hours)) == (400, "invalid")
    taken = {name: time | {"date": None} for name, time in hours.items()}
    assert (await gina("PATCH", MINE, body=taken)).json["start"]["dateTime"] == "2030-05-14T11:00:00+02:00"


@pytest.mark.parametrize("verb", ["PATCH", "DELETE"])
async def test_an_old_version_is_not_written_over(sandbox: Sandbox, gina: Calendars, verb: str) -> None:
    old = (await _insert(gina)).json["etag"]
    body = {"summary": "New"} if verb == "PATCH" else None
    (event,) = [one for one in sandbox.world.events.all("gina") if one.google_id == ID]
    sandbox.world.events.change(event, subject="By hand")
    refused = await gina(verb, MINE, body=body, headers={"If-Match": old})
    assert reason(refused) == (412, "conditionNotMet")
    now = (await gina("GET", MINE)).json
    assert now["summary"] == "By hand"
    assert (await gina(verb, MINE, body=body, headers={"If-Match": now["etag"]})).status in (200, 204)


async def test_deleting_again_finds_it_gone(sandbox: Sandbox, gina: Calendars) -> None:
    await _insert(gina)
    seen = [(await gina("DELETE", MINE)).status for _ in range(2)]
    assert seen == [204, 410]
    assert reason(await gina("DELETE", MINE)) == (410, "deleted")
    assert reason(await gina("DELETE", events_of("primary", "unheardof"))) == (404, "notFound")


@pytest.mark.parametrize(("setting", "status"), [("forbidden", 403), ("not_found", 404), ("revives", 200)])
async def test_patching_what_was_deleted_is_answered_in_one_of_three_ways(
    sandbox: Sandbox, gina: Calendars, setting: Any, status: int
) -> None:
    await _insert(gina)
    await gina("DELETE", MINE)
    sandbox.world.google.settings.patch_on_cancelled = setting
    reply = await gina("PATCH", MINE, body={"status": "confirmed"})
    assert reply.status == status
    assert len(await gina.events()) == (status == 200)


async def test_moved_by_hand_it_is_somewhere_else_under_its_id(sandbox: Sandbox, gina: Calendars) -> None:
    await _insert(gina)
    (event,) = [one for one in sandbox.world.events.all("gina") if one.google_id == ID]
    sandbox.world.events.move("gina", event, "family")
    family = sandbox.world.calendars.get("gina", "family").folder.address
    assert (await gina("GET", MINE)).json["status"] == "cancelled"
    assert (await gina("GET", events_of(family, ID))).json["status"] == "confirmed"
    sandbox.world.google.settings.patch_on_cancelled = "revives"
    assert (await gina("PATCH", MINE, body={"summary": "New"})).status == 403
    assert (await gina("DELETE", MINE)).status == 410
    assert (await gina("DELETE", events_of(family, ID))).status == 204


async def test_turned_into_a_series_by_hand_each_day_can_be_deleted(
    sandbox: Sandbox, gina: Calendars
) -> None:
    await _insert(gina)
    (event,) = [one for one in sandbox.world.events.all("gina") if one.google_id == ID]
    sandbox.world.events.change(event, recurrence=Recurrence(kind="daily", occurrences=3))
    second = (await gina.events())[1]["id"]
    assert second == f"{ID}_20300515T090000Z"
    assert (await gina("DELETE", events_of("primary", second))).status == 204
    assert reason(await gina("DELETE", events_of("primary", second))) == (410, "deleted")
    assert event.exceptions == {date(2030, 5, 15): None}
    assert (await gina("GET", MINE)).json["recurrence"] == ["RRULE:FREQ=DAILY;COUNT=3"]


@pytest.mark.parametrize(
    "role", ["freeBusyReader", "reader", "writerWithoutPrivateAccess", "writer", "owner"]
)
async def test_role_and_scope_must_both_let_write(sandbox: Sandbox, http: Http, role: str) -> None:
    address = sandbox.world.calendars.get("walter", role).folder.address
    seen = {}
    for scope in (f"{PREFIX}calendar.events", OWNED, LIST):
        walter = await calendars_of(sandbox, http, "walter", scope=f"openid {scope}")
        reply = await _insert(walter, address, id=None)
        seen[scope.rpartition(".")[2]] = "ok" if reply.status == 200 else reason(reply)[1]
    may_read_only = role in ("freeBusyReader", "reader")
    assert seen == {
        "events": "requiredAccessLevel" if may_read_only else "ok",
        "owned": "requiredAccessLevel" if may_read_only else ("ok" if role == "owner" else "forbidden"),
        "readonly": "insufficientPermissions",
    }


async def test_guests_are_told_only_if_the_app_wants_it(sandbox: Sandbox, gina: Calendars) -> None:
    guests = EVENT | {"attendees": [{"email": "guest@partner.example.com"}]}
    for told in ("none", "all"):
        await gina(
            "POST", events_of("primary"), {"sendUpdates": told}, body=guests | {"id": f"{ID}{told[0]}"}
        )
    (invitation,) = sandbox.world.traffic.invitations
    assert (invitation.action, invitation.attendees) == ("created", 1)


async def test_an_older_version_revives_no_deleted_event(sandbox: Sandbox, gina: Calendars) -> None:
    sandbox.world.google.settings.patch_on_cancelled = "revives"
    version = (await _insert(gina)).json["etag"]
    await gina("DELETE", MINE)
    grave = (await gina("GET", MINE)).json
    assert grave["etag"] != version
    refused = await gina("PATCH", MINE, body={"summary": "Back"}, headers={"If-Match": version})
    assert reason(refused) == (412, "conditionNotMet")
    assert (await gina("GET", MINE)).json == grave
