"""Id tokens of Microsoft's: whom they name, and which of them are Microsoft's at all."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.graph.id_token import MicrosoftIdTokens
from adapters.graph.settings import PERSONAL_TENANT
from adapters.web.id_token import IdTokenInvalid, ProvenPerson
from domain.access import ClockDiffers, ProviderUnavailable
from domain.account import AccountKind, Identity, Provider
from tests.fakes.clock import MovableClock
from tests.support.id_tokens import published_key, signed

CLIENT = "6731de76-14a6-49ae-97bc-6eba6914391e"
TENANT = "3338040d-6c67-4c5b-b112-36a304b66dad"
NONCE = "a-nonce-of-the-flow"
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
AUTHORITY = "https://login.example.com"


@dataclass
class Microsoft:
    """The documents of an identity platform that signs with one key."""

    issuer_of_key: str | None = None
    issuer: str = AUTHORITY + "/{tenantid}/v2.0"
    keys_at: str = f"{AUTHORITY}/common/discovery/v2.0/keys"

    async def discovery(self) -> Mapping[str, Any]:
        return {"issuer": self.issuer, "jwks_uri": self.keys_at}

    async def fetch_json(self, url: str) -> Mapping[str, Any]:
        assert url == self.keys_at
        more = {"issuer": self.issuer_of_key} if self.issuer_of_key else {}
        return {"keys": [published_key("key-1", **more)]}


def _claims(**changes: Any) -> dict[str, Any]:
    """What Microsoft puts into an id token; a change to None leaves the claim out."""
    issued = int(NOW.timestamp())
    claims = {
        "iss": f"{AUTHORITY}/{TENANT}/v2.0",
        "aud": CLIENT,
        "exp": issued + 3900,
        "iat": issued,
        "nbf": issued,
        "nonce": hashlib.sha256(NONCE.encode()).hexdigest(),
        "oid": "690222be-ff1a-4d56-abd1-7e4f7d38e474",
        "tid": TENANT,
        "sub": "HKZpfaHyWadeOouYlitjrI-KffTm222X5rrV3xDqfKQ",
        "preferred_username": "adele@contoso.example.com",
        "name": "Adele Vance",
        "ver": "2.0",
    } | changes
    return {name: value for name, value in claims.items() if value is not None}


async def _verify(*, platform: Microsoft | None = None, key: str = "key-1", **changes: Any) -> ProvenPerson:
    id_tokens = MicrosoftIdTokens(
        client_id=CLIENT, documents=platform or Microsoft(), clock=MovableClock(NOW)
    )
    return await id_tokens.verify(signed(_claims(**changes), key), nonce=NONCE)


async def test_a_good_token_proves_who_signed_in() -> None:
    person = await _verify()
    assert person == ProvenPerson(
        identity=Identity(
            provider=Provider.MICROSOFT, tenant_id=TENANT, object_id="690222be-ff1a-4d56-abd1-7e4f7d38e474"
        ),
        kind=AccountKind.WORK,
        email="adele@contoso.example.com",
        display_name="Adele Vance",
    )


async def test_the_tenant_of_personal_accounts_tells_them_apart() -> None:
    person = await _verify(tid=PERSONAL_TENANT, iss=f"{AUTHORITY}/{PERSONAL_TENANT}/v2.0")
    assert person.kind is AccountKind.PERSONAL


async def test_the_email_claim_goes_before_the_username() -> None:
    assert (await _verify(email="a@b.example.com")).email == "a@b.example.com"


async def test_an_address_that_can_be_none_is_left_out_and_a_name_is_cleaned() -> None:
    person = await _verify(preferred_username="x" * 5_000, email="a\0@b.example.com", name="Ad\0ele\ud83d")

    assert person.email == ""
    assert person.display_name == "Adele\N{REPLACEMENT CHARACTER}"


@pytest.mark.parametrize("claim", ["oid", "tid", "iss", "nonce"])
@pytest.mark.parametrize("dirt", ["half \ud83d", "\0", "x" * 5_000, "two\nlines"])
async def test_an_identity_that_can_be_none_is_nobodys(claim: str, dirt: str) -> None:
    changes: dict[str, Any] = {claim: dirt}
    with pytest.raises(IdTokenInvalid):
        await _verify(**changes)


async def test_a_person_without_names_is_still_somebody() -> None:
    person = await _verify(preferred_username=None, name=None)
    assert (person.email, person.display_name) == ("", "")


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "another-app"},
        {"aud": [CLIENT, "another-app"]},
        {"aud": None},
        {"iss": f"{AUTHORITY}/another-tenant/v2.0"},
        {"iss": "https://login.evil.example.com/" + TENANT + "/v2.0"},
        {"iss": f"{AUTHORITY}/{{tenantid}}/v2.0"},
        {"iss": None},
        {"tid": "another-tenant"},
        {"tid": None},
        {"oid": None},
        {"oid": ""},
        {"oid": 5},
        {"nonce": NONCE},
        {"nonce": None},
        {"nonce": "ünlike"},
        {"exp": "tomorrow"},
        {"exp": None},
        {"iat": None},
    ],
)
async def test_refuses_a_token_with_a_wrong_claim(changes: dict[str, Any]) -> None:
    with pytest.raises(IdTokenInvalid):
        await _verify(**changes)


async def test_an_expired_token_proves_nobody() -> None:
    with pytest.raises(ClockDiffers):
        await _verify(exp=int(NOW.timestamp()) - 3_000, iat=int(NOW.timestamp()) - 6_900, nbf=0)


async def test_refuses_a_token_that_another_signed() -> None:
    with pytest.raises(IdTokenInvalid):
        await _verify(key="attacker")


async def test_a_key_signs_only_for_its_own_issuer() -> None:
    own = Microsoft(issuer_of_key=AUTHORITY + "/{tenantid}/v2.0")
    personal_only = Microsoft(issuer_of_key=f"{AUTHORITY}/{PERSONAL_TENANT}/v2.0")
    await _verify(platform=own)
    with pytest.raises(IdTokenInvalid):
        await _verify(platform=personal_only)


@pytest.mark.parametrize("issuer", ["", None, 5])
async def test_a_discovery_document_without_an_issuer_proves_nothing(issuer: object) -> None:
    platform = Microsoft()
    platform.issuer = issuer  # type: ignore[assignment]
    with pytest.raises((ProviderUnavailable, IdTokenInvalid)):
        await _verify(platform=platform)


@pytest.mark.parametrize("address", ["", None, 5, "http://login.example.com/keys"])
async def test_keys_come_from_no_address_but_a_secure_one(address: object) -> None:
    platform = Microsoft()
    platform.keys_at = address  # type: ignore[assignment]
    with pytest.raises(ProviderUnavailable):
        await _verify(platform=platform)


async def test_nobody_is_named_when_a_person_is_printed() -> None:
    assert "adele" not in repr(await _verify()).casefold()
