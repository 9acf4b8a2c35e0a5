"""Google's list of calendars, and who may call at all."""

from typing import Any

import pytest

from sandbox import Sandbox
from sandbox.google.scopes import PREFIX
from tests.sandbox.client import Http
from tests.sandbox.google.calendar import Calendars, calendars_of, events_of, reason

PATH = "/users/me/calendarList"


async def test_lists_each_with_its_role(walter: Calendars) -> None:
    entries = {entry["summary"]: entry for entry in (await walter.entries())["items"]}
    assert entries["walter@fabrikam.example.com"]["primary"] is True
    roles = {entry["accessRole"] for entry in entries.values()}
    assert roles == {"freeBusyReader", "reader", "writerWithoutPrivateAccess", "writer", "owner"}
    holidays = entries["Holidays in Germany"]
    assert holidays["id"] == "en.german#holiday@group.v.calendar.google.com"
    assert entries["Wilma, writer"]["dataOwner"] == "wilma@fabrikam.example.com"
    assert "primary" not in holidays
    assert "dataOwner" not in entries["walter@fabrikam.example.com"]


async def test_a_shared_calendar_has_one_id_in_every_list(
    sandbox: Sandbox, http: Http, walter: Calendars
) -> None:
    wilma = await calendars_of(sandbox, http, "wilma")
    hers = {entry["summary"]: entry["id"] for entry in (await wilma.entries())["items"]}
    his = {entry["summary"]: entry["id"] for entry in (await walter.entries())["items"]}
    assert hers["Wilma, reader"] == his["Wilma, reader"]
    assert his["Wilma, reader"].endswith("@group.calendar.google.com")


async def test_hidden_and_deleted_ones_come_when_asked_for(sandbox: Sandbox, walter: Calendars) -> None:
    sandbox.world.calendars.change_google("walter", "own", deleted=True)

    async def seen(**query: str) -> set[str]:
        found = (await walter.entries(**query))["items"]
        return {entry["summary"] for entry in found if {"hidden", "deleted"} & entry.keys()}

    assert await seen() == set()
    assert await seen(showHidden="true") == {"Old project"}
    assert await seen(showHidden="true", showDeleted="true") == {"Old project", "Side project"}


async def test_only_from_a_role_upwards(walter: Calendars) -> None:
    found = (await walter.entries(minAccessRole="writer"))["items"]
    assert {entry["accessRole"] for entry in found} == {"writer", "owner"}


async def test_an_entry_may_lack_a_name_or_have_a_role_nobody_knows(sandbox: Sandbox, http: Http) -> None:
    gina = await calendars_of(sandbox, http, "gina")
    gina.held_against_description = False
    sandbox.world.calendars.change_google("gina", "family", role="administrator", omitted=["summary"])
    entry = (await gina.entries())["items"][1]
    assert (entry["accessRole"], "summary" in entry) == ("administrator", False)


@pytest.mark.parametrize(("follows", "address"), [(True, "new"), (False, "gina")])
async def test_the_primary_id_may_follow_the_address(
    sandbox: Sandbox, gina: Calendars, follows: bool, address: str
) -> None:
    sandbox.world.google.settings.primary_id_follows_address = follows
    sandbox.world.people.change("gina", email="new@gmail.example.com")
    assert (await gina.entries())["items"][0]["id"] == f"{address}@gmail.example.com"


async def test_pages_lead_on_also_from_an_empty_one(sandbox: Sandbox, walter: Calendars) -> None:
    sandbox.world.google.settings.page_size = 4
    sandbox.world.google.settings.empty_pages = 1
    query: dict[str, Any] = {"showHidden": "true"}
    page = await walter.entries(**query)
    assert page["items"] == []
    found = []
    while "nextPageToken" in page:
        page = await walter.entries(pageToken=page["nextPageToken"], **query)
        found += page["items"]
    assert len(found) == len(sandbox.world.calendars.of("walter"))
    other = await walter("GET", PATH, {"pageToken": "x"})
    assert reason(other) == (400, "badRequest")


@pytest.mark.parametrize("left_out", [False, True])
async def test_a_page_without_items_may_have_none(
    sandbox: Sandbox, walter: Calendars, *, left_out: bool
) -> None:
    sandbox.world.google.settings.leaves_out_empty_lists = left_out
    sandbox.world.google.settings.empty_pages = 1
    page = await walter.entries(fields="kind,nextPageToken,items(id)")
    assert page.get("items") == (None if left_out else [])
    assert page["kind"] == "calendar#calendarList"
    following = await walter.entries(pageToken=page["nextPageToken"])
    assert following["items"]


async def test_one_without_calendar_is_told_so(sandbox: Sandbox, http: Http) -> None:
    nobody = await calendars_of(sandbox, http, "nocalendar")
    for path in (PATH, events_of("primary")):
        assert reason(await nobody("GET", path)) == (403, "notACalendarUser")


async def test_a_dead_token_is_refused(sandbox: Sandbox, gina: Calendars) -> None:
    sandbox.world.google.grants.expire_access_tokens("gina")
    assert reason(await gina("GET", PATH)) == (401, "authError")


@pytest.mark.parametrize(
    ("scope", "opens"),
    [
        ("calendar.calendarlist.readonly", {"list"}),
        ("calendar.freebusy", {"busy"}),
        ("calendar.events.freebusy", {"events", "busy"}),
        ("calendar.events.owned", {"events"}),
        ("calendar.events", {"events"}),
        ("calendar.readonly", {"list", "events", "busy"}),
    ],
)
async def test_each_method_needs_one_of_its_scopes(
    sandbox: Sandbox, http: Http, scope: str, opens: set[str]
) -> None:
    gina = await calendars_of(sandbox, http, "gina", scope=f"openid {PREFIX}{scope}")
    window = {"timeMin": "2030-05-13T00:00:00Z", "timeMax": "2030-05-14T00:00:00Z"}
    replies = {
        "list": await gina("GET", PATH),
        "events": await gina("GET", events_of("primary")),
        "busy": await gina("POST", "/freeBusy", body=window | {"items": []}),
    }
    assert {name for name, reply in replies.items() if reply.status == 200} == opens
    assert {reason(reply) for reply in replies.values() if reply.status != 200} <= {
        (403, "insufficientPermissions")
    }


@pytest.mark.parametrize(
    ("form", "members"),
    [
        ("both", {"code", "message", "errors", "status", "details"}),
        ("errors", {"code", "message", "errors"}),
        ("details", {"code", "message", "status", "details"}),
    ],
)
async def test_a_missing_scope_is_told_in_either_form(
    sandbox: Sandbox, http: Http, form: Any, members: set[str]
) -> None:
    gina = await calendars_of(sandbox, http, "gina", scope="openid email")
    sandbox.world.google.settings.refusal_form = form
    error = (await gina("GET", PATH)).json["error"]
    assert set(error) == members
    if "details" in error:
        assert error["details"][0]["reason"] == "ACCESS_TOKEN_SCOPE_INSUFFICIENT"


async def test_what_google_does_not_know_of_a_request_is_noted(sandbox: Sandbox, gina: Calendars) -> None:
    noted = sandbox.world.traffic.mistakes
    assert (await gina("GET", PATH, {"showhidden": "true"})).status == 200
    assert reason(await gina("GET", PATH, {"showHidden": "True"})) == (400, "badRequest")
    assert reason(await gina("GET", PATH, {"maxResults": "0"})) == (400, "badRequest")
    assert reason(await gina("GET", PATH, {"minAccessRole": "editor"})) == (400, "badRequest")
    assert (await gina("GET", "/users/me/calendars")).status == 404
    assert (await gina("POST", "/freeBusy", body={"timemin": "2030-05-13T00:00:00Z"})).status == 400
    assert [entry.mistake for entry in noted] == [
        "unknown parameter showhidden",
        "parameter showHidden is no boolean",
        "parameter maxResults is no integer",
        "parameter minAccessRole is no freeBusyReader|owner|reader|writer|writerWithoutPrivateAccess",
        "no such method",
        "unknown member body.timemin",
    ]
    assert {entry.person for entry in noted} == {"gina"}


async def test_a_page_can_fail_alone(sandbox: Sandbox, walter: Calendars) -> None:
    sandbox.world.faults.google_error(403, "rateLimitExceeded", domain="usageLimits", page=2, retry_after="7")
    page = await walter.entries(maxResults=5)
    second = await walter("GET", PATH, {"maxResults": "5", "pageToken": page["nextPageToken"]})
    assert reason(second) == (403, "rateLimitExceeded")
    assert second.headers["Retry-After"] == "7"
    assert len((await walter.entries(maxResults=5, pageToken=page["nextPageToken"]))["items"]) == 3
