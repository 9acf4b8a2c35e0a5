"""Id tokens, the keys that sign them, and the documents that lead there."""

import base64
import json
from datetime import timedelta
from email.utils import parsedate_to_datetime

import jwt
import pytest

from sandbox import Sandbox
from sandbox.identity.shortcut import authorize_as
from tests.sandbox.client import Http, authorization_url, exchange
from tests.sandbox.identity import keys, refusal, tokens


async def test_the_id_token_is_signed_and_issued_by_the_persons_own_tenant(
    sandbox: Sandbox, http: Http
) -> None:
    given = await tokens(sandbox, http)
    key = (await keys(http, sandbox))[jwt.get_unverified_header(given["id_token"])["kid"]]
    anna = sandbox.world.people.get("anna")
    claims = jwt.decode(
        given["id_token"],
        key,
        algorithms=["RS256"],
        audience=sandbox.client_id,
        issuer=f"{sandbox.base_url}/{anna.tenant.id}/v2.0",
        options={"require": ["exp", "nbf", "iat", "sub"]},
    )
    assert (claims["oid"], claims["tid"], claims["nonce"]) == (anna.oid, anna.tenant.id, "the-nonce")
    assert claims["preferred_username"] == anna.email
    assert "email" not in claims


async def test_client_info_names_the_person_and_the_tenant(sandbox: Sandbox, http: Http) -> None:
    info = (await tokens(sandbox, http, "carla"))["client_info"]
    decoded = json.loads(base64.urlsafe_b64decode(info + "=" * (-len(info) % 4)))
    assert decoded["utid"] == "9188040d-6c67-4c5b-b112-36a304b66dad"
    assert decoded["uid"].startswith("00000000-0000-0000-")


async def test_a_guest_has_another_identity_in_the_inviting_tenant(sandbox: Sandbox, http: Http) -> None:
    guest, contoso = sandbox.world.people.get("guest"), sandbox.world.people.tenant("contoso.example.com")
    url = authorization_url(sandbox, authority=f"{sandbox.base_url}/{contoso.id}")
    away = await exchange(http, sandbox, authorize_as(sandbox.world, url, guest).url)
    home = await tokens(sandbox, http, "guest")
    abroad, at_home = (
        jwt.decode(token, options={"verify_signature": False})
        for token in (away.json["id_token"], home["id_token"])
    )
    assert (abroad["tid"], abroad["oid"]) == (contoso.id, guest.guest_oid)
    assert (at_home["tid"], at_home["oid"]) == (guest.tenant.id, guest.oid)


async def test_id_tokens_can_be_spoilt(sandbox: Sandbox, http: Http) -> None:
    sandbox.world.settings.id_token_claims = {"aud": "somebody-else"}
    sandbox.world.settings.id_token_signed = False
    given = await tokens(sandbox, http)
    key = (await keys(http, sandbox))[jwt.get_unverified_header(given["id_token"])["kid"]]
    assert jwt.decode(given["id_token"], options={"verify_signature": False})["aud"] == "somebody-else"
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(given["id_token"], key, algorithms=["RS256"], audience="somebody-else")


@pytest.mark.parametrize(
    ("authority", "issuer"),
    [
        ("common", "{tenantid}"),
        ("organizations", "{tenantid}"),
        ("consumers", "9188040d-6c67-4c5b-b112-36a304b66dad"),
        ("9188040d-6c67-4c5b-b112-36a304b66dad", "9188040d-6c67-4c5b-b112-36a304b66dad"),
    ],
)
async def test_discovery_prints_the_issuer_as_microsoft_does(
    sandbox: Sandbox, http: Http, authority: str, issuer: str
) -> None:
    url = f"{sandbox.base_url}/{authority}/v2.0/.well-known/openid-configuration"
    assert (await http.request("GET", url)).json["issuer"] == f"{sandbox.base_url}/{issuer}/v2.0"


async def test_an_unknown_tenant_has_no_configuration(sandbox: Sandbox, http: Http) -> None:
    url = f"{sandbox.base_url}/nowhere.example.com/v2.0/.well-known/openid-configuration"
    assert refusal(await http.request("GET", url)) == (400, "invalid_tenant", [90002])


async def test_a_rotated_signing_key_is_published_under_another_id(sandbox: Sandbox, http: Http) -> None:
    before = (await keys(http, sandbox)).keys[0]
    sandbox.world.signing_keys.rotate()
    given, after = await tokens(sandbox, http), (await keys(http, sandbox)).keys[0]
    assert before.key_id != after.key_id == jwt.get_unverified_header(given["id_token"])["kid"]
    assert jwt.decode(given["id_token"], after, algorithms=["RS256"], audience=sandbox.client_id)


async def test_discovery_and_keys_can_be_down(sandbox: Sandbox, http: Http) -> None:
    sandbox.world.faults.answer(503, surface="metadata", path="/keys$")
    url = f"{sandbox.authority}/discovery/v2.0/keys"
    assert [(await http.request("GET", url)).status for _ in range(2)] == [503, 200]


@pytest.mark.parametrize("minutes", [-10, 0, 10])
async def test_the_token_endpoints_clock_may_be_off(sandbox: Sandbox, http: Http, minutes: int) -> None:
    sandbox.world.settings.clock_offset_seconds = minutes * 60
    reply = await exchange(http, sandbox, authorize_as(sandbox.world, authorization_url(sandbox), "anna").url)
    claims = jwt.decode(reply.json["id_token"], options={"verify_signature": False})
    theirs = (sandbox.world.clock.now() + timedelta(minutes=minutes)).timestamp()
    assert claims["iat"] == claims["nbf"] == pytest.approx(theirs, abs=2)
    assert claims["exp"] - claims["iat"] == 3600
    assert parsedate_to_datetime(reply.headers["Date"]).timestamp() == pytest.approx(theirs, abs=2)
