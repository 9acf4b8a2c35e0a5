"""How the app proves itself at the token endpoint."""

from datetime import UTC, datetime, timedelta

import aiohttp
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from sandbox import Sandbox
from tests.sandbox.client import SCOPES, Http, refresh
from tests.sandbox.identity import refusal, self_signed, tokens


async def test_a_rotated_client_secret_ends_the_old_one(sandbox: Sandbox, http: Http) -> None:
    given, old = await tokens(sandbox, http), sandbox.client_secret
    sandbox.world.app.rotate_secret()
    refused = await refresh(http, sandbox, given["refresh_token"], client_secret=old)
    assert refusal(refused) == (401, "invalid_client", [7000215])
    assert (await refresh(http, sandbox, given["refresh_token"])).status == 200


async def test_of_several_client_secrets_each_is_accepted_until_it_is_dropped(
    sandbox: Sandbox, http: Http
) -> None:
    given, first = await tokens(sandbox, http), sandbox.client_secret
    app = sandbox.world.app
    second = app.add_secret()

    async def status(secret: str) -> int:
        return (await refresh(http, sandbox, given["refresh_token"], client_secret=secret)).status

    assert [await status(one) for one in (first, second, "wrong")] == [200, 200, 401]
    app.drop_secret(first)
    assert sandbox.client_secret == second
    assert [await status(one) for one in (first, second)] == [401, 200]
    for secret in (first, second):
        with pytest.raises(ValueError, match=r"not in list|only client secret"):
            app.drop_secret(secret)


async def test_the_client_may_authenticate_by_header(sandbox: Sandbox, http: Http) -> None:
    given = await tokens(sandbox, http)
    header = aiohttp.encode_basic_auth(sandbox.client_id, sandbox.client_secret)
    form = {"grant_type": "refresh_token", "refresh_token": given["refresh_token"], "scope": SCOPES}
    url = f"{sandbox.authority}/oauth2/v2.0/token"
    assert (await http.request("POST", url, data=form, headers={"Authorization": header})).status == 200


async def test_the_client_may_sign_an_assertion_instead(sandbox: Sandbox, http: Http) -> None:
    given = await tokens(sandbox, http)
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    sandbox.world.app.certificates.append(self_signed(key))
    for audience, status in (("/oauth2/v2.0/token", 200), ("/elsewhere", 401)):
        claims = {
            "iss": sandbox.client_id,
            "sub": sandbox.client_id,
            "aud": sandbox.authority + audience,
            "exp": datetime.now(UTC) + timedelta(minutes=5),
        }
        form = {
            "client_id": sandbox.client_id,
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": jwt.encode(claims, key, "PS256"),
            "grant_type": "refresh_token",
            "refresh_token": given["refresh_token"],
            "scope": SCOPES,
        }
        reply = await http.request("POST", f"{sandbox.authority}/oauth2/v2.0/token", data=form)
        assert reply.status == status
