"""A sign-in with OpenID Connect by these parts alone, at the sandbox's Google."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import pytest_asyncio
from yarl import URL

from adapters.web.authority_http import AuthorityHttp, TokenAnswer
from adapters.web.connections import open_http
from adapters.web.id_token import Claims, IdTokenInvalid, IdTokenVerifier
from adapters.web.metered_http import MeteredHttp
from adapters.web.signing_keys import COOLDOWN, PublishedKeys, SigningKey, SigningKeys
from application.ports.meters import Unmeasured
from domain.access import ClockDiffers, ProviderUnavailable
from sandbox import Sandbox
from sandbox.google.shortcut import authorize_as
from tests.sandbox.client import CALLBACK, VERIFIER
from tests.sandbox.google.client import authorization_url
from tests.support.microsoft import SandboxClock

NONCE = "the-nonce"


async def _google(claims: Claims, key: SigningKey) -> frozenset[str]:
    return frozenset({"https://accounts.google.com", "accounts.google.com"})


@dataclass(frozen=True, kw_only=True)
class App:
    """Signs people in, and proves who they are."""

    sandbox: Sandbox
    authority: AuthorityHttp
    verifier: IdTokenVerifier

    async def ask(self, **form: str) -> TokenAnswer:
        ours = {
            "client_id": self.sandbox.google_client_id,
            "client_secret": self.sandbox.google_client_secret,
        }
        return await self.authority.post(URL(self.sandbox.google_token_url), ours | form)

    async def sign_in(self, **changes: str | None) -> TokenAnswer:
        way_back = authorize_as(self.sandbox.world, authorization_url(self.sandbox, **changes), "gina").url
        (code,) = parse_qs(urlsplit(way_back).query)["code"]
        return await self.ask(
            grant_type="authorization_code", code=code, redirect_uri=CALLBACK, code_verifier=VERIFIER
        )

    async def prove(self, **changes: str | None) -> Claims:
        answer = await self.sign_in(**changes)
        return await self.verifier.verify(answer.members["id_token"], nonce=NONCE)

    def fetches(self) -> int:
        """How often the keys were asked for."""
        path = urlsplit(self.sandbox.google_keys_url).path
        return sum(1 for one in self.sandbox.world.traffic.requests if one.path == path)


@pytest_asyncio.fixture
async def app(sandbox: Sandbox) -> AsyncIterator[App]:
    clock = SandboxClock(sandbox)
    async with open_http(ca_file=sandbox.ca_file, connect_timeout=timedelta(seconds=5)) as http:
        authority = AuthorityHttp(
            http=MeteredHttp(http=http, meter=Unmeasured()), clock=clock, within=timedelta(seconds=5)
        )

        async def keys() -> PublishedKeys:
            return await authority.keys(URL(sandbox.google_keys_url))

        verifier = IdTokenVerifier(
            client_id=sandbox.google_client_id,
            identity_claims=("sub",),
            issuers=_google,
            keys=SigningKeys(fetch=keys, clock=clock),
            clock=clock,
        )
        yield App(sandbox=sandbox, authority=authority, verifier=verifier)


@pytest.mark.parametrize("issuer", ["https://accounts.google.com", "accounts.google.com"])
async def test_who_signed_in_is_proven_whichever_form_the_issuer_has(app: App, issuer: Any) -> None:
    app.sandbox.world.google.settings.issuer = issuer
    claims = await app.prove()
    assert claims["sub"] == app.sandbox.world.people.get("gina").google_account.sub
    assert claims["iss"] == issuer


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://accounts.evil.example.com"},
        {"aud": "another-app"},
        {"nonce": "another"},
        {"nonce": None},
        {"sub": None},
    ],
)
async def test_a_token_with_a_wrong_claim_proves_nobody(app: App, claims: dict[str, Any]) -> None:
    app.sandbox.world.google.settings.id_token_claims = claims
    with pytest.raises(IdTokenInvalid):
        await app.prove()


async def test_a_sign_in_with_another_nonce_is_another_sign_in(app: App) -> None:
    with pytest.raises(IdTokenInvalid):
        await app.prove(nonce="of-another-sign-in")


async def test_a_wrong_signature_proves_nobody(app: App) -> None:
    app.sandbox.world.google.settings.id_token_signed = False
    with pytest.raises(IdTokenInvalid):
        await app.prove()


async def test_a_clock_that_is_off_is_told_by_the_answer_and_by_the_token(app: App) -> None:
    app.sandbox.world.google.settings.clock_offset_seconds = 600
    difference = (await app.sign_in()).clock_difference
    assert difference is not None
    assert abs(difference - timedelta(minutes=10)) < timedelta(seconds=10)
    with pytest.raises(ClockDiffers):
        await app.prove()


async def test_keys_are_fetched_again_when_their_life_is_over(app: App) -> None:
    for passed, fetches in ((0, 1), (22_990, 1), (20, 2)):
        if passed:
            app.sandbox.world.clock.advance(passed)
        await app.prove()
        assert app.fetches() == fetches


async def test_a_roll_over_of_keys_is_followed(app: App) -> None:
    await app.prove()
    for _ in range(3):
        app.sandbox.world.google.signing_keys.rotate()
        app.sandbox.world.clock.advance(COOLDOWN.total_seconds() + 1)
        await app.prove()


async def test_a_key_id_that_nobody_published_causes_one_fetch_a_minute(app: App) -> None:
    await app.prove()
    app.sandbox.world.google.settings.id_token_key_id = "unknown"
    app.sandbox.world.clock.advance(COOLDOWN.total_seconds() + 1)
    for _ in range(3):
        with pytest.raises(IdTokenInvalid):
            await app.prove()
    assert app.fetches() == 2


async def test_a_refresh_is_answered_with_what_google_says_of_it(app: App) -> None:
    token = str((await app.sign_in()).members["refresh_token"])
    good = await app.ask(grant_type="refresh_token", refresh_token=token)
    assert (good.status, "refresh_token" in good.members) == (200, False)
    refused = await app.ask(grant_type="refresh_token", refresh_token="another")
    assert (refused.status, refused.members["error"]) == (400, "invalid_grant")
    wrong = await app.ask(grant_type="refresh_token", refresh_token=token, client_secret="wrong")
    assert (wrong.status, wrong.members["error"]) == (401, "invalid_client")


async def test_keys_that_can_not_be_had_are_an_outage(app: App) -> None:
    app.sandbox.world.faults.answer(503, surface="google-metadata")
    with pytest.raises(ProviderUnavailable):
        await app.prove()
