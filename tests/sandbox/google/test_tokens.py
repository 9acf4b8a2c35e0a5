"""Google's token endpoint, id tokens and signing keys."""

from datetime import timedelta
from typing import Any

import jwt
import pytest

from sandbox import Sandbox
from sandbox.google.shortcut import authorize_as
from tests.sandbox.client import Http, parameters_of
from tests.sandbox.google.client import (
    AVAILABILITY,
    LIST,
    OWNED,
    URIS,
    authorization_url,
    exchange,
    refresh,
    revoke,
    tokens,
    who,
)


async def _claims(sandbox: Sandbox, http: Http, id_token: str, **options: Any) -> dict[str, Any]:
    keys = jwt.PyJWKSet.from_dict((await http.request("GET", sandbox.google_keys_url)).json)
    key = keys[jwt.get_unverified_header(id_token)["kid"]]
    claims: dict[str, Any] = jwt.decode(
        id_token, key, algorithms=["RS256"], audience=sandbox.google_client_id, **options
    )
    return claims


async def test_a_code_brings_tokens_once(sandbox: Sandbox, http: Http) -> None:
    code = parameters_of(authorize_as(sandbox.world, authorization_url(sandbox), "gina").url)["code"]
    answer = (await exchange(http, sandbox, code)).json
    assert set(answer) == {"access_token", "expires_in", "refresh_token", "token_type", "scope", "id_token"}
    assert (answer["expires_in"], answer["token_type"]) == (3599, "Bearer")
    assert set(answer["scope"].split()) == URIS
    again = await exchange(http, sandbox, code)
    assert (again.status, again.json["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"code": "4/unknown"}, 400, "invalid_grant"),
        ({"code_verifier": "of-somebody-else"}, 400, "invalid_grant"),
        ({"redirect_uri": "http://localhost:9/callback/"}, 400, "redirect_uri_mismatch"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "wrong"}, 401, "invalid_client"),
    ],
)
async def test_a_wrong_exchange_is_refused(
    sandbox: Sandbox, http: Http, changes: dict[str, str], status: int, error: str
) -> None:
    code = parameters_of(authorize_as(sandbox.world, authorization_url(sandbox), "gina").url)["code"]
    reply = await exchange(http, sandbox, code, **changes)
    assert (reply.status, reply.json["error"]) == (status, error)


async def test_a_code_ends_after_ten_minutes(sandbox: Sandbox, http: Http) -> None:
    code = parameters_of(authorize_as(sandbox.world, authorization_url(sandbox), "gina").url)["code"]
    sandbox.world.clock.advance(600)
    assert (await exchange(http, sandbox, code)).status == 400


@pytest.mark.parametrize(
    ("prompt", "access_type", "brings"),
    [
        ("consent", "offline", True),
        (None, "offline", False),
        ("consent", "online", False),
        ("consent", None, False),
    ],
)
async def test_a_later_sign_in_brings_a_refresh_token_only_when_consent_is_asked_for(
    sandbox: Sandbox, http: Http, prompt: str | None, access_type: str | None, brings: bool
) -> None:
    await tokens(sandbox, http)
    later = await tokens(sandbox, http, prompt=prompt, access_type=access_type)
    assert ("refresh_token" in later) is brings


async def test_the_first_consent_brings_a_refresh_token_by_itself(sandbox: Sandbox, http: Http) -> None:
    assert "refresh_token" in await tokens(sandbox, http, prompt=None)
    sandbox.world.people.change_google("walter", gives_refresh_token=False)
    assert "refresh_token" not in await tokens(sandbox, http, "walter")


async def test_the_id_token_says_who_it_is(sandbox: Sandbox, http: Http) -> None:
    gina = sandbox.world.people.get("gina")
    claims = await _claims(sandbox, http, (await tokens(sandbox, http))["id_token"])
    assert claims["iss"] == "https://accounts.google.com"
    assert claims["sub"] == gina.google_account.sub
    assert claims["nonce"] == "the-nonce"
    assert (claims["email"], claims["email_verified"]) == (gina.email, True)
    assert claims["azp"] == sandbox.google_client_id
    assert "hd" not in claims
    walter = await _claims(sandbox, http, (await tokens(sandbox, http, "walter"))["id_token"])
    assert walter["hd"] == "fabrikam.example.com"


async def test_the_sub_outlives_the_address(sandbox: Sandbox, http: Http) -> None:
    before = await _claims(sandbox, http, (await tokens(sandbox, http))["id_token"])
    sandbox.world.people.change("gina", email="gina.new@gmail.example.com")
    after = await _claims(sandbox, http, (await tokens(sandbox, http))["id_token"])
    assert after["sub"] == before["sub"]
    assert after["email"] == "gina.new@gmail.example.com"


async def test_id_tokens_can_be_wrong(sandbox: Sandbox, http: Http) -> None:
    settings = sandbox.world.google.settings
    settings.issuer = "accounts.google.com"
    settings.id_token_claims = {"nonce": "another", "email": None}
    claims = await _claims(sandbox, http, (await tokens(sandbox, http))["id_token"])
    assert (claims["iss"], claims["nonce"], "email" in claims) == ("accounts.google.com", "another", False)
    settings.id_token_claims = {"aud": "somebody-else"}
    with pytest.raises(jwt.InvalidAudienceError):
        await _claims(sandbox, http, (await tokens(sandbox, http))["id_token"])
    settings.id_token_claims, settings.id_token_signed = {}, False
    with pytest.raises(jwt.InvalidSignatureError):
        await _claims(sandbox, http, (await tokens(sandbox, http))["id_token"])
    settings.id_token_signed, settings.clock_offset_seconds = True, 3600
    with pytest.raises(jwt.ImmatureSignatureError):
        await _claims(sandbox, http, (await tokens(sandbox, http))["id_token"])
    settings.id_token_key_id = "unheard-of"
    with pytest.raises(KeyError):
        await _claims(sandbox, http, (await tokens(sandbox, http))["id_token"])


async def test_keys_say_how_long_they_may_be_kept_and_roll_over(sandbox: Sandbox, http: Http) -> None:
    before = await http.request("GET", sandbox.google_keys_url)
    assert "max-age=23000" in before.headers["Cache-Control"]
    ids = [key["kid"] for key in before.json["keys"]]
    assert len(ids) == 2
    sandbox.world.google.signing_keys.rotate()
    after = (await http.request("GET", sandbox.google_keys_url)).json["keys"]
    assert after[0]["kid"] == ids[1]
    assert ids[0] not in {key["kid"] for key in after}
    await _claims(sandbox, http, (await tokens(sandbox, http))["id_token"])


async def test_a_refresh_leaves_the_refresh_token_as_it_is(sandbox: Sandbox, http: Http) -> None:
    first = await tokens(sandbox, http)
    for _ in range(2):
        answer = (await refresh(http, sandbox, first["refresh_token"])).json
        assert set(answer) == {"access_token", "expires_in", "token_type", "scope", "id_token"}
        assert (await who(http, sandbox, answer["access_token"])).status == 200


async def test_scopes_may_come_back_in_other_words(sandbox: Sandbox, http: Http) -> None:
    sandbox.world.google.settings.scope_spelling = "short"
    assert set((await tokens(sandbox, http))["scope"].split()) == {
        "openid",
        "email",
        LIST,
        AVAILABILITY,
        OWNED,
    }
    sandbox.world.google.settings.extra_scopes = ["profile"]
    assert "profile" in (await tokens(sandbox, http))["scope"].split()


async def test_granted_before_comes_along_where_asked_for(sandbox: Sandbox, http: Http) -> None:
    await tokens(sandbox, http)
    alone = await tokens(sandbox, http, scope=f"openid {LIST}")
    assert set(alone["scope"].split()) == {"openid", LIST}
    together = await tokens(sandbox, http, scope=f"openid {LIST}", include_granted_scopes="true")
    assert set(together["scope"].split()) == URIS


async def test_a_refresh_may_bring_fewer_scopes(sandbox: Sandbox, http: Http) -> None:
    first = await tokens(sandbox, http)
    sandbox.world.people.change_google("gina", withdrawn_scopes=[OWNED])
    answer = (await refresh(http, sandbox, first["refresh_token"])).json
    assert set(answer["scope"].split()) == URIS - {OWNED}


@pytest.mark.parametrize(
    ("refuses", "error", "subtype"),
    [
        ("revoked", "invalid_grant", None),
        ("invalid_rapt", "invalid_grant", "invalid_rapt"),
        ("rapt_required", "invalid_grant", "rapt_required"),
        ("admin_policy_enforced", "admin_policy_enforced", None),
        ("access_denied", "access_denied", None),
    ],
)
async def test_a_persons_access_ends_for_a_reason(
    sandbox: Sandbox, http: Http, refuses: str, error: str, subtype: str | None
) -> None:
    first = await tokens(sandbox, http)
    sandbox.world.people.change_google("gina", refuses=refuses)
    reply = await refresh(http, sandbox, first["refresh_token"])
    assert (reply.status, reply.json["error"], reply.json.get("error_subtype")) == (400, error, subtype)


@pytest.mark.parametrize(
    ("state", "error"), [("deleted", "deleted_client"), ("unauthorized", "unauthorized_client")]
)
async def test_the_app_itself_can_be_refused(sandbox: Sandbox, http: Http, state: Any, error: str) -> None:
    first = await tokens(sandbox, http)
    sandbox.world.google.settings.client_state = state
    reply = await refresh(http, sandbox, first["refresh_token"])
    assert (reply.status, reply.json["error"]) == (401, error)


async def test_basic_authentication_works_and_a_dropped_secret_does_not(sandbox: Sandbox, http: Http) -> None:
    first = await tokens(sandbox, http)
    form = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    seen = []
    for _ in range(2):
        reply = await http.request(
            "POST",
            sandbox.google_token_url,
            data=form,
            headers={"Authorization": "Basic c2FuZGJveC1nb29nbGUtY2xpZW50OnNhbmRib3gtZ29vZ2xlLXNlY3JldA=="},
        )
        seen.append((reply.status, reply.json.get("error")))
        sandbox.world.google.app.rotate_secret()
    assert seen == [(200, None), (401, "invalid_client")]


async def test_a_refresh_token_dies_unused_not_used(sandbox: Sandbox, http: Http) -> None:
    used, unused = await tokens(sandbox, http), await tokens(sandbox, http)
    sandbox.world.clock.advance(timedelta(days=100).total_seconds())
    assert (await refresh(http, sandbox, used["refresh_token"])).status == 200
    sandbox.world.clock.advance(timedelta(days=100).total_seconds())
    assert (await refresh(http, sandbox, used["refresh_token"])).status == 200
    assert (await refresh(http, sandbox, unused["refresh_token"])).json["error"] == "invalid_grant"


async def test_an_app_in_testing_loses_access_after_a_week(sandbox: Sandbox, http: Http) -> None:
    sandbox.world.google.settings.in_testing = True
    first = await tokens(sandbox, http)
    sandbox.world.clock.advance(timedelta(days=6).total_seconds())
    assert (await refresh(http, sandbox, first["refresh_token"])).status == 200
    sandbox.world.clock.advance(timedelta(days=1).total_seconds())
    assert (await refresh(http, sandbox, first["refresh_token"])).json["error"] == "invalid_grant"


async def test_access_for_a_time_says_when_it_ends(sandbox: Sandbox, http: Http) -> None:
    sandbox.world.people.change_google("gina", access_ends_in_seconds=86_400)
    first = await tokens(sandbox, http)
    assert first["refresh_token_expires_in"] == 86_400
    sandbox.world.clock.advance(86_400)
    assert (await refresh(http, sandbox, first["refresh_token"])).json["error"] == "invalid_grant"


async def test_one_refresh_token_too_many_ends_the_oldest_silently(sandbox: Sandbox, http: Http) -> None:
    sandbox.world.google.settings.refresh_token_limit = 2
    made = [await tokens(sandbox, http) for _ in range(3)]
    other = await tokens(sandbox, http, "walter")
    seen = [(await refresh(http, sandbox, one["refresh_token"])).status for one in (*made, other)]
    assert seen == [400, 200, 200, 200]


async def test_an_access_token_lasts_an_hour(sandbox: Sandbox, http: Http) -> None:
    first = await tokens(sandbox, http)
    assert (await who(http, sandbox, first["access_token"])).json["email"] == "gina@gmail.example.com"
    sandbox.world.clock.advance(3599)
    assert (await who(http, sandbox, first["access_token"])).status == 401


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
async def test_revoking_ends_every_token_of_the_person_and_of_nobody_else(
    sandbox: Sandbox, http: Http, kind: str
) -> None:
    first, second = await tokens(sandbox, http), await tokens(sandbox, http)
    other = await tokens(sandbox, http, "walter")
    assert (await revoke(http, sandbox, first[kind])).status == 200
    assert (await refresh(http, sandbox, second["refresh_token"])).json["error"] == "invalid_grant"
    assert (await who(http, sandbox, second["access_token"])).status == 401
    assert (await refresh(http, sandbox, other["refresh_token"])).status == 200
    again = await revoke(http, sandbox, first[kind])
    assert (again.status, again.json["error"]) == (400, "invalid_token")


async def test_a_revocation_may_take_its_time_and_spares_a_new_sign_in(sandbox: Sandbox, http: Http) -> None:
    sandbox.world.google.settings.revocation_delay_seconds = 60
    old = await tokens(sandbox, http)
    assert (await revoke(http, sandbox, old["refresh_token"])).status == 200
    assert (await refresh(http, sandbox, old["refresh_token"])).status == 200
    new = await tokens(sandbox, http)
    assert (await revoke(http, sandbox, old["refresh_token"])).status == 200
    sandbox.world.clock.advance(60)
    assert (await refresh(http, sandbox, old["refresh_token"])).status == 400
    assert (await refresh(http, sandbox, new["refresh_token"])).status == 200


async def test_each_address_can_fail_alone(sandbox: Sandbox, http: Http) -> None:
    first = await tokens(sandbox, http)
    faults = sandbox.world.faults
    faults.answer(503, surface="google-revoke", person="gina")
    faults.answer(500, surface="google-metadata")
    faults.html(surface="google-token")
    faults.google_token_error("internal_failure", status=500)
    assert (await revoke(http, sandbox, first["refresh_token"])).status == 503
    assert (await http.request("GET", sandbox.google_keys_url)).status == 500
    assert (await refresh(http, sandbox, first["refresh_token"])).text.startswith("<!DOCTYPE html>")
    assert (await refresh(http, sandbox, first["refresh_token"])).json["error"] == "internal_failure"
    assert (await refresh(http, sandbox, first["refresh_token"])).status == 200
    assert [entry.status for entry in sandbox.world.traffic.requests][-5:] == [503, 500, 200, 500, 200]
