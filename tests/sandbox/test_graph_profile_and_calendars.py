"""Profiles, mailboxes and lists of calendars."""

import re

import pytest

from sandbox import Sandbox
from tests.sandbox.client import Graph, Http
from tests.sandbox.conftest import SignIn


async def test_me_is_the_person_of_the_token(sandbox: Sandbox, anna: Graph, sign_in: SignIn) -> None:
    me = (await anna.get("/me")).json
    assert (me["id"], me["mail"]) == (sandbox.world.people.get("anna").oid, "anna@contoso.example.com")
    carla = (await (await sign_in("carla")).get("/me?$select=mail,userPrincipalName")).json
    assert carla == {
        "id": sandbox.world.people.get("carla").oid,
        "mail": None,
        "userPrincipalName": "carla@outlook.example.com",
    }


@pytest.mark.parametrize(
    ("person", "zone"), [("anna", "W. Europe Standard Time"), ("nadia", "Customized Time Zone")]
)
async def test_mailbox_settings_print_the_zone_as_it_is(sign_in: SignIn, person: str, zone: str) -> None:
    graph = await sign_in(person)
    assert (await graph.get("/me/mailboxSettings")).json["timeZone"] == zone


@pytest.mark.parametrize(
    ("person", "code"),
    [
        ("onprem", "MailboxNotEnabledForRESTAPI"),
        ("unlicensed", "MailboxNotEnabledForRESTAPI"),
        ("nomailbox", "ErrorNonExistentMailbox"),
        ("guest", "ErrorNonExistentMailbox"),
    ],
)
async def test_signing_in_does_not_prove_a_mailbox(sign_in: SignIn, person: str, code: str) -> None:
    graph = await sign_in(person)
    assert (await graph.get("/me")).status == 200
    reply = await graph.get("/me/calendar")
    assert (reply.status, reply.error) == (404, code)


async def test_a_mailbox_can_stop_being_served(sandbox: Sandbox, anna: Graph) -> None:
    sandbox.world.people.change("anna", mailbox="not_supported")
    assert (await anna.get("/me/calendars")).error == "MailboxNotSupportedForRESTAPI"


async def test_a_full_mailbox_takes_no_event_and_can_be_read(sandbox: Sandbox, anna: Graph) -> None:
    noon, one = ({"dateTime": f"2026-07-01T{hour}:00:00", "timeZone": "UTC"} for hour in (12, 13))
    event = {"subject": "Lunch", "start": noon, "end": one}
    path = f"/me/events/{(await anna('POST', '/me/events', body=event)).json['id']}"
    sandbox.world.people.change("anna", mailbox="full")
    refused = await anna("POST", "/me/events", body=event)
    assert (refused.status, refused.error) == (403, "ErrorQuotaExceeded")
    assert (await anna("PATCH", path, body={"subject": "Longer"})).error == "ErrorQuotaExceeded"
    assert (await anna.get("/me/calendars")).status == 200
    assert (await anna("DELETE", path)).status == 204


async def test_a_suspended_account_is_closed_but_for_its_name(sandbox: Sandbox, anna: Graph) -> None:
    sandbox.world.people.change("anna", mailbox="suspended")
    refused = await anna.get("/me/calendars")
    assert (refused.status, refused.error) == (403, "ErrorAccountSuspend")
    assert (await anna.get("/me")).status == 200


async def test_calendars_come_ten_a_page(sign_in: SignIn) -> None:
    graph = await sign_in("max")
    first = (await graph.get("/me/calendars")).json
    second = (await graph.get(first["@odata.nextLink"])).json
    assert (len(first["value"]), len(second["value"])) == (10, 3)
    assert "@odata.nextLink" not in second
    assert len((await graph.get("/me/calendars?$top=50")).json["value"]) == 13


async def test_shared_calendars_show_their_owner_and_rights(sandbox: Sandbox, sign_in: SignIn) -> None:
    listed = (await (await sign_in("dora")).get("/me/calendars")).json["value"]
    shown = {
        item["name"]: (item["owner"]["address"], item["canEdit"], item["canShare"], item["isDefaultCalendar"])
        for item in listed
    }
    assert shown == {
        "Calendar": ("dora@contoso.example.com", True, True, True),
        "Ben Okafor": ("ben@contoso.example.com", False, False, False),
        "Projects (Ben)": ("ben@contoso.example.com", True, False, False),
    }


async def test_a_list_may_lack_its_primary_calendar(sign_in: SignIn) -> None:
    listed = (await (await sign_in("nadia")).get("/me/calendars")).json["value"]
    assert not any(item["isDefaultCalendar"] for item in listed)


async def test_the_list_can_be_emptied_by_a_switch(sandbox: Sandbox, anna: Graph) -> None:
    sandbox.world.people.change("anna", calendar_list="empty")
    assert (await anna.get("/me/calendars")).json["value"] == []
    sandbox.world.people.change("anna", calendar_list="without_primary")
    names = [item["name"] for item in (await anna.get("/me/calendars?$select=name")).json["value"]]
    assert names == ["Team"]


async def test_a_mailbox_may_have_lost_its_default_calendar(sandbox: Sandbox, anna: Graph) -> None:
    sandbox.world.people.change("anna", default_calendar="not_found")
    reply = await anna.get("/me/calendar")
    assert (reply.status, reply.error) == (404, "ErrorItemNotFound")
    listed = (await anna.get("/me/calendars")).json["value"]
    assert [item["isDefaultCalendar"] for item in listed] == [False, False]


async def test_calendars_can_be_renamed_renumbered_and_removed(sandbox: Sandbox, anna: Graph) -> None:
    team = sandbox.world.calendars.get("anna", "team")
    old = team.id
    assert (await anna.get(f"/me/calendars/{old}")).json["name"] == "Team"
    sandbox.world.calendars.rename("anna", "team", "Crew")
    new = sandbox.world.calendars.change_id("anna", "team")
    assert (await anna.get(f"/me/calendars/{old}")).error == "ErrorItemNotFound"
    assert (await anna.get(f"/me/calendars/{new}")).json["name"] == "Crew"
    sandbox.world.calendars.remove("anna", "team")
    assert (await anna.get(f"/me/calendars/{new}")).error == "ErrorItemNotFound"


async def test_ids_are_opaque_end_in_an_equals_sign_and_may_be_percent_encoded(
    sandbox: Sandbox, anna: Graph
) -> None:
    calendar_id = sandbox.world.calendars.get("anna").id
    assert re.fullmatch(r"AAMk[A-Za-z0-9_-]+=", calendar_id)
    assert (await anna.get(f"/me/calendars/{calendar_id.replace('=', '%3D')}")).json["id"] == calendar_id


async def test_ids_are_case_sensitive(sandbox: Sandbox, anna: Graph) -> None:
    calendar_id = sandbox.world.calendars.get("anna").id
    assert (await anna.get(f"/me/calendars/{calendar_id[:4] + calendar_id[4:].swapcase()}")).status == 404


async def test_an_id_of_another_kind_is_malformed(anna: Graph) -> None:
    reply = await anna.get("/me/calendars/123")
    assert (reply.status, reply.error) == (400, "ErrorInvalidIdMalformed")


async def test_calendar_ids_are_the_same_in_every_run(sandbox: Sandbox) -> None:
    before = [calendar.id for calendar in sandbox.world.calendars.of("max")]
    await sandbox.reset()
    assert [calendar.id for calendar in sandbox.world.calendars.of("max")] == before


async def test_a_token_opens_only_what_was_granted(sign_in: SignIn) -> None:
    graph = await sign_in("anna", "openid User.Read")
    assert (await graph.get("/me")).status == 200
    reply = await graph.get("/me/calendars")
    assert (reply.status, reply.error) == (403, "ErrorAccessDenied")
    assert (await graph.get("/me/mailboxSettings")).status == 403


async def test_without_a_token_nothing_opens(sandbox: Sandbox, http: Http) -> None:
    reply = await http.request("GET", f"{sandbox.graph_url}/me")
    assert (reply.status, reply.error) == (401, "InvalidAuthenticationToken")


async def test_errors_carry_the_ids_of_the_request(anna: Graph) -> None:
    sent = "11111111-2222-3333-4444-555555555555"
    reply = await anna("GET", "/me/calendars/123", client_request_id=sent)
    inner = reply.json["error"]["innerError"]
    assert inner["client-request-id"] == reply.headers["client-request-id"] == sent
    assert inner["request-id"] == reply.headers["request-id"]


async def test_paths_it_does_not_serve_are_a_bad_request(anna: Graph) -> None:
    assert (await anna.get("/me/messages")).status == 400


@pytest.mark.parametrize("name", ["half \ud83d", "NUL \0", "x" * 5_000])
async def test_names_are_sent_as_they_were_set(sandbox: Sandbox, anna: Graph, name: str) -> None:
    sandbox.world.calendars.rename("anna", "team", name)

    listed = (await anna.get("/me/calendars?$top=50")).json["value"]

    assert name in [one["name"] for one in listed]
