"""The token endpoint: what it gives, and each way it refuses."""

import asyncio
from datetime import timedelta

import aiohttp
import pytest

from sandbox import Sandbox
from tests.sandbox.client import Http, exchange, refresh
from tests.sandbox.identity import redirect, refusal, tokens


@pytest.mark.parametrize(
    ("spelling", "printed"),
    [
        ("bare", "Calendars.ReadWrite User.Read openid"),
        (
            "uri",
            "https://graph.microsoft.com/Calendars.ReadWrite https://graph.microsoft.com/User.Read openid",
        ),
        ("upper", "CALENDARS.READWRITE USER.READ OPENID"),
        ("lower", "calendars.readwrite user.read openid"),
    ],
)
async def test_scopes_are_printed_in_the_persons_spelling(
    sandbox: Sandbox, http: Http, spelling: str, printed: str
) -> None:
    sandbox.world.people.change("anna", scope_spelling=spelling)
    scope = "openid offline_access user.read https://graph.microsoft.com/Calendars.ReadWrite"
    reply = await exchange(http, sandbox, redirect(sandbox, scope=scope))
    assert reply.json["scope"] == printed


async def test_a_code_serves_once(sandbox: Sandbox, http: Http) -> None:
    address = redirect(sandbox)
    assert (await exchange(http, sandbox, address)).status == 200
    assert refusal(await exchange(http, sandbox, address)) == (400, "invalid_grant", [54005])


async def test_a_code_lasts_ten_minutes(sandbox: Sandbox, http: Http) -> None:
    early, late = redirect(sandbox), redirect(sandbox)
    sandbox.world.clock.advance(9 * 60 + 50)
    assert (await exchange(http, sandbox, early)).status == 200
    sandbox.world.clock.advance(20)
    assert refusal(await exchange(http, sandbox, late)) == (400, "invalid_grant", [70008])


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"code": "nonsense"}, (400, "invalid_grant", [9002313])),
        ({"code_verifier": "another"}, (400, "invalid_grant", [501481])),
        ({"redirect_uri": "http://localhost:9/other"}, (400, "invalid_grant", [500112])),
        ({"client_secret": "wrong"}, (401, "invalid_client", [7000215])),
        ({"client_id": "another"}, (400, "unauthorized_client", [700016])),
        ({"grant_type": "password"}, (400, "unsupported_grant_type", [70003])),
    ],
)
async def test_refuses_a_wrong_exchange(
    sandbox: Sandbox, http: Http, changes: dict[str, str], expected: tuple[int, str, list[int]]
) -> None:
    assert refusal(await exchange(http, sandbox, redirect(sandbox), **changes)) == expected


async def test_a_refused_exchange_leaves_the_code_usable(sandbox: Sandbox, http: Http) -> None:
    address = redirect(sandbox)
    await exchange(http, sandbox, address, code_verifier="another")
    assert (await exchange(http, sandbox, address)).status == 200


async def test_a_code_belongs_to_its_tenant(sandbox: Sandbox, http: Http) -> None:
    address = redirect(sandbox)
    strict = sandbox.world.people.tenant("strict.example.com").id
    url = f"{sandbox.base_url}/{strict}/oauth2/v2.0/token"
    form = {
        "client_id": sandbox.client_id,
        "client_secret": sandbox.client_secret,
        "grant_type": "authorization_code",
        "code": address.split("code=")[1].split("&")[0],
    }
    assert refusal(await http.request("POST", url, data=form)) == (400, "invalid_grant", [700005])


async def test_a_refresh_rotates_and_leaves_the_old_token_valid(sandbox: Sandbox, http: Http) -> None:
    first = (await tokens(sandbox, http))["refresh_token"]
    second = (await refresh(http, sandbox, first)).json["refresh_token"]
    assert second != first
    assert (await refresh(http, sandbox, first)).status == 200
    assert (await refresh(http, sandbox, second)).status == 200


async def test_a_refresh_may_end_the_token_it_used(sandbox: Sandbox, http: Http) -> None:
    sandbox.world.settings.refresh_tokens_used_once = True
    first = (await tokens(sandbox, http))["refresh_token"]
    second = (await refresh(http, sandbox, first)).json["refresh_token"]
    assert refusal(await refresh(http, sandbox, first)) == (400, "invalid_grant", [50173])
    assert (await refresh(http, sandbox, second)).status == 200


@pytest.mark.parametrize(("person", "number"), [("anna", 50173), ("carla", 70000)])
async def test_a_revoked_grant_can_not_be_refreshed(
    sandbox: Sandbox, http: Http, person: str, number: int
) -> None:
    given = await tokens(sandbox, http, person)
    sandbox.world.grants.revoke(person)
    reply = await refresh(http, sandbox, given["refresh_token"])
    assert refusal(reply) == (400, "invalid_grant", [number])
    assert reply.json["suberror"] == "bad_token"
    assert sandbox.world.grants.find_access_token(given["access_token"]) is not None


async def test_signing_in_again_after_a_revocation_works(sandbox: Sandbox, http: Http) -> None:
    await tokens(sandbox, http)
    sandbox.world.grants.revoke("anna", access_tokens=True)
    given = await tokens(sandbox, http)
    assert (await refresh(http, sandbox, given["refresh_token"])).status == 200


async def test_removed_consent_ends_the_refresh(sandbox: Sandbox, http: Http) -> None:
    given = await tokens(sandbox, http)
    sandbox.world.grants.remove_consent("anna")
    reply = await refresh(http, sandbox, given["refresh_token"])
    assert refusal(reply) == (400, "invalid_grant", [65001])
    assert reply.json["suberror"] == "consent_required"


async def test_a_refresh_for_more_than_was_consented_is_refused(sandbox: Sandbox, http: Http) -> None:
    scope = "openid offline_access User.Read"
    given = (await exchange(http, sandbox, redirect(sandbox, scope=scope), scope=scope)).json
    reply = await refresh(http, sandbox, given["refresh_token"], scope="Calendars.ReadWrite")
    assert refusal(reply) == (400, "invalid_grant", [65001])


async def test_an_idle_refresh_token_ends_after_ninety_days(sandbox: Sandbox, http: Http) -> None:
    given = await tokens(sandbox, http)
    sandbox.world.clock.advance(timedelta(days=89).total_seconds())
    renewed = (await refresh(http, sandbox, given["refresh_token"])).json
    sandbox.world.clock.advance(timedelta(days=2).total_seconds())
    assert refusal(await refresh(http, sandbox, given["refresh_token"])) == (400, "invalid_grant", [700082])
    assert (await refresh(http, sandbox, renewed["refresh_token"])).status == 200


async def test_access_tokens_expire_and_can_be_made_to(sandbox: Sandbox, http: Http) -> None:
    sandbox.world.settings.access_token_seconds = 60
    given = await tokens(sandbox, http)
    headers = {"Authorization": f"Bearer {given['access_token']}"}
    assert given["expires_in"] == 60
    assert (await http.request("GET", f"{sandbox.graph_url}/me", headers=headers)).status == 200
    sandbox.world.clock.advance(61)
    expired = await http.request("GET", f"{sandbox.graph_url}/me", headers=headers)
    assert (expired.status, expired.error) == (401, "InvalidAuthenticationToken")
    assert expired.headers["WWW-Authenticate"].startswith("Bearer ")


async def test_token_errors_can_be_ordered_for_one_person(sandbox: Sandbox, http: Http) -> None:
    anna, ben = await tokens(sandbox, http), await tokens(sandbox, http, "ben")
    sandbox.world.faults.token_error(
        "interaction_required", codes=(50076,), suberror="basic_action", person="anna", times=None
    )
    for _ in range(2):
        reply = await refresh(http, sandbox, anna["refresh_token"])
        assert refusal(reply) == (400, "interaction_required", [50076])
        assert reply.json["suberror"] == "basic_action"
    assert (await refresh(http, sandbox, ben["refresh_token"])).status == 200
    sandbox.world.faults.clear()
    assert (await refresh(http, sandbox, anna["refresh_token"])).status == 200


async def test_the_token_endpoint_fails_in_other_ways_too(sandbox: Sandbox, http: Http) -> None:
    token, faults = (await tokens(sandbox, http))["refresh_token"], sandbox.world.faults
    faults.answer(429, surface="token", retry_after="7")
    throttled = await refresh(http, sandbox, token)
    assert (throttled.status, throttled.text, throttled.headers["Retry-After"]) == (429, "", "7")
    faults.html(500, surface="token")
    page = await refresh(http, sandbox, token)
    assert (page.status, page.headers["Content-Type"]) == (500, "text/html; charset=utf-8")
    faults.add(kind="cut", surface="token")
    with pytest.raises(aiohttp.ClientError):
        await refresh(http, sandbox, token)
    faults.add(kind="hang", surface="token", seconds=30)
    waiting = asyncio.create_task(refresh(http, sandbox, token))
    await sandbox.hangs.reached()
    sandbox.hangs.release()
    assert (await waiting).status == 200


REFUSALS = [
    ("app_disabled", "unauthorized_client", 7000112, "unauthorized_client"),
    ("app_missing", "unauthorized_client", 700016, "unauthorized_client"),
    ("tenant_gone", "invalid_request", 90002, "invalid_request"),
    ("not_subscribed", "invalid_client", 650052, "invalid_client"),
    ("graph_disabled", "invalid_resource", 500014, "invalid_resource"),
    ("not_assigned", "invalid_grant", 50105, "access_denied"),
    ("policy", "invalid_grant", 53003, "access_denied"),
    ("account_disabled", "invalid_grant", 50057, "access_denied"),
]


@pytest.mark.parametrize(("refuses", "error", "number", "at_sign_in"), REFUSALS)
async def test_an_organisation_can_refuse_the_app_whoever_asks(
    sandbox: Sandbox, http: Http, refuses: str, error: str, number: int, at_sign_in: str
) -> None:
    given, code = await tokens(sandbox, http), redirect(sandbox)
    other = await tokens(sandbox, http, "carla")
    sandbox.world.people.change_tenant("contoso.example.com", refuses=refuses)
    for reply in (await refresh(http, sandbox, given["refresh_token"]), await exchange(http, sandbox, code)):
        assert refusal(reply) == (400, error, [number])
    sent_back = redirect(sandbox)
    assert f"error={at_sign_in}&" in sent_back
    assert f"AADSTS{number}" in sent_back
    assert (await refresh(http, sandbox, other["refresh_token"])).status == 200
    sandbox.world.people.change_tenant("contoso.example.com", refuses="nothing")
    assert (await refresh(http, sandbox, given["refresh_token"])).status == 200
