"""Microsoft's own client library against the sandbox."""

import asyncio
from collections.abc import Iterator
from typing import Any

import msal
import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from sandbox import Sandbox
from sandbox.identity.shortcut import authorize_as
from tests.sandbox.client import CALLBACK, parameters_of
from tests.sandbox.identity import self_signed

SCOPES = ["User.Read", "Calendars.ReadWrite", "MailboxSettings.Read"]

# The library recommends form_post whenever another response mode is used; both are tried here on purpose.
pytestmark = pytest.mark.filterwarnings("ignore:response_mode='form_post' is recommended:UserWarning")


@pytest.fixture
def session(sandbox: Sandbox) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        session.verify = str(sandbox.ca_file)
        yield session


@pytest.fixture
async def app(sandbox: Sandbox, session: requests.Session) -> Any:
    return await asyncio.to_thread(
        msal.ConfidentialClientApplication,
        sandbox.client_id,
        client_credential=sandbox.client_secret,
        authority=sandbox.authority,
        instance_discovery=False,
        http_client=session,
    )


async def sign_in(app: Any, sandbox: Sandbox, person: str, **options: Any) -> dict[str, Any]:
    flow = await asyncio.to_thread(app.initiate_auth_code_flow, SCOPES, redirect_uri=CALLBACK, **options)
    redirect = authorize_as(sandbox.world, flow["auth_uri"], person)
    answer = redirect.parameters if redirect.mode == "form_post" else parameters_of(redirect.url)
    result: dict[str, Any] = await asyncio.to_thread(app.acquire_token_by_auth_code_flow, flow, answer)
    return result


@pytest.mark.parametrize("mode", ["query", "form_post"])
@pytest.mark.parametrize("person", ["anna", "carla"])
async def test_signs_in_with_pkce_state_and_nonce(app: Any, sandbox: Sandbox, person: str, mode: str) -> None:
    result = await sign_in(app, sandbox, person, response_mode=mode)
    assert result["id_token_claims"]["tid"] == sandbox.world.people.get(person).tenant.id
    assert [account["username"] for account in app.get_accounts()] == [sandbox.world.people.get(person).email]


async def test_refreshes_silently_and_learns_of_a_revocation(app: Any, sandbox: Sandbox) -> None:
    await sign_in(app, sandbox, "anna")
    account = app.get_accounts()[0]

    def silently() -> dict[str, Any]:
        result: dict[str, Any] = app.acquire_token_silent_with_error(SCOPES, account, force_refresh=True)
        return result

    assert (await asyncio.to_thread(silently))["token_source"] == "identity_provider"
    sandbox.world.grants.revoke("anna")
    refused = await asyncio.to_thread(silently)
    assert (refused["error"], refused["suberror"]) == ("invalid_grant", "bad_token")


async def test_passes_on_that_the_person_cancelled(app: Any, sandbox: Sandbox) -> None:
    flow = await asyncio.to_thread(app.initiate_auth_code_flow, SCOPES, redirect_uri=CALLBACK)
    redirect = authorize_as(sandbox.world, flow["auth_uri"], "anna", decision="cancel")
    result = await asyncio.to_thread(app.acquire_token_by_auth_code_flow, flow, parameters_of(redirect.url))
    assert result["error"] == "access_denied"


async def test_proves_itself_with_a_certificate(sandbox: Sandbox, session: requests.Session) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    certificate = self_signed(key)
    sandbox.world.app.certificates.append(certificate)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    app = await asyncio.to_thread(
        msal.ConfidentialClientApplication,
        sandbox.client_id,
        client_credential={"private_key": private.decode(), "public_certificate": certificate.decode()},
        authority=sandbox.authority,
        instance_discovery=False,
        http_client=session,
    )
    assert "access_token" in await sign_in(app, sandbox, "anna")
