"""Id tokens, tampered with each way."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

from adapters.graph.id_token import IdTokenInvalid, IdTokenVerifier, ProvenPerson
from adapters.graph.settings import PERSONAL_TENANT
from adapters.web.signing_keys import COOLDOWN, LIFETIME, KeyRing
from domain.access import ClockDiffers, ProviderUnavailable
from domain.account import AccountKind, Identity, Provider

CLIENT = "6731de76-14a6-49ae-97bc-6eba6914391e"
TENANT = "3338040d-6c67-4c5b-b112-36a304b66dad"
NONCE = "a-nonce-of-the-flow"
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
AUTHORITY = "https://login.example.com"


@cache
def _key(name: str) -> RSAPrivateKey:
    return generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class MovableClock:
    at: datetime = NOW

    def now(self) -> datetime:
        return self.at


@dataclass
class Microsoft:
    """The documents of an identity platform that signs with one key, and a count of their fetches."""

    key_id: str = "key-1"
    issuer_of_key: str | None = None
    issuer: str = AUTHORITY + "/{tenantid}/v2.0"
    down: bool = False
    fetches: int = 0
    more_keys: list[dict[str, Any]] = field(default_factory=list)

    async def discovery(self) -> Mapping[str, Any]:
        return {"issuer": self.issuer, "jwks_uri": f"{AUTHORITY}/common/discovery/v2.0/keys"}

    async def fetch_json(self, url: str) -> Mapping[str, Any]:
        assert url == f"{AUTHORITY}/common/discovery/v2.0/keys"
        if self.down:
            raise ProviderUnavailable
        self.fetches += 1
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(_key(self.key_id).public_key()))
        listed = public | {"kid": self.key_id, "use": "sig"}
        if self.issuer_of_key:
            listed["issuer"] = self.issuer_of_key
        return {"keys": [*self.more_keys, listed]}


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


def _token(*, key: str = "key-1", **changes: Any) -> str:
    return jwt.encode(_claims(**changes), _key(key), "RS256", headers={"kid": key})


async def _verify(
    token: str, *, platform: Microsoft | None = None, clock: MovableClock | None = None
) -> ProvenPerson:
    clock = clock or MovableClock()
    ring = KeyRing(documents=platform or Microsoft(), clock=clock)
    return await IdTokenVerifier(client_id=CLIENT, keys=ring, clock=clock).verify(token, nonce=NONCE)


async def test_a_good_token_proves_who_signed_in() -> None:
    person = await _verify(_token())
    assert person == ProvenPerson(
        identity=Identity(
            provider=Provider.MICROSOFT, tenant_id=TENANT, object_id="690222be-ff1a-4d56-abd1-7e4f7d38e474"
        ),
        kind=AccountKind.WORK,
        email="adele@contoso.example.com",
        display_name="Adele Vance",
    )


async def test_the_tenant_of_personal_accounts_tells_them_apart() -> None:
    person = await _verify(_token(tid=PERSONAL_TENANT, iss=f"{AUTHORITY}/{PERSONAL_TENANT}/v2.0"))
    assert person.kind is AccountKind.PERSONAL


async def test_the_email_claim_goes_before_the_username() -> None:
    assert (await _verify(_token(email="a@b.example.com"))).email == "a@b.example.com"


async def test_an_address_that_can_be_none_is_left_out_and_a_name_is_cleaned() -> None:
    person = await _verify(
        _token(preferred_username="x" * 5_000, email="a\0@b.example.com", name="Ad\0ele\ud83d")
    )

    assert person.email == ""
    assert person.display_name == "Adele\N{REPLACEMENT CHARACTER}"


@pytest.mark.parametrize("claim", ["oid", "tid", "iss", "nonce"])
@pytest.mark.parametrize("dirt", ["half \ud83d", "\0", "x" * 5_000, "two\nlines"])
async def test_an_identity_that_can_be_none_is_nobodys(claim: str, dirt: str) -> None:
    with pytest.raises(IdTokenInvalid):
        await _verify(_token(**{claim: dirt}))


async def test_a_person_without_names_is_still_somebody() -> None:
    person = await _verify(_token(preferred_username=None, name=None))
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
        await _verify(_token(**changes))


async def test_allows_five_minutes_between_clocks() -> None:
    moment = int(NOW.timestamp())
    await _verify(_token(exp=moment - 299))
    await _verify(_token(iat=moment + 300, nbf=moment + 300))


@pytest.mark.parametrize("claims", [{"iat": 301}, {"nbf": 301}, {"iat": -7201, "nbf": -7201, "exp": -301}])
async def test_a_token_from_beyond_that_speaks_of_the_clocks_and_not_of_the_person(
    claims: dict[str, int],
) -> None:
    moment = int(NOW.timestamp())
    changes: dict[str, Any] = {name: moment + seconds for name, seconds in claims.items()}
    with pytest.raises(ClockDiffers) as caught:
        await _verify(_token(**changes))
    ahead = max(claims.values()) > 0
    assert caught.value.by == timedelta(seconds=301 if ahead else -7201)


async def test_a_token_expires_by_our_own_clock() -> None:
    with pytest.raises(ClockDiffers):
        await _verify(_token(), clock=MovableClock(NOW + timedelta(hours=2)))


async def test_a_token_that_ended_before_it_was_issued_is_no_matter_of_clocks() -> None:
    with pytest.raises(IdTokenInvalid):
        await _verify(_token(exp=int(NOW.timestamp()) - 301))


async def test_a_wrong_nonce_counts_before_a_wrong_time() -> None:
    with pytest.raises(IdTokenInvalid):
        await _verify(_token(nonce="another", iat=int(NOW.timestamp()) + 900))


async def test_refuses_a_changed_signature_and_a_changed_payload() -> None:
    head, payload, signature = _token().split(".")
    _, other_payload, _ = _token(oid="somebody-else").split(".")
    for forged in (
        f"{head}.{payload}.{'A' * len(signature)}",
        f"{head}.{other_payload}.{signature}",
        f"{head}.{payload}.",
    ):
        with pytest.raises(IdTokenInvalid):
            await _verify(forged)


async def test_refuses_the_signature_of_another_key_under_a_known_id() -> None:
    with pytest.raises(IdTokenInvalid):
        await _verify(jwt.encode(_claims(), _key("attacker"), "RS256", headers={"kid": "key-1"}))


async def test_refuses_other_algorithms_than_the_one_agreed() -> None:
    unsigned = jwt.encode(_claims(), "", "none", headers={"kid": "key-1"})
    symmetric = jwt.encode(_claims(), "x" * 64, "HS256", headers={"kid": "key-1"})
    other = jwt.encode(_claims(), _key("key-1"), "RS512", headers={"kid": "key-1"})
    for forged in (unsigned, symmetric, other):
        with pytest.raises(IdTokenInvalid):
            await _verify(forged)


@pytest.mark.parametrize("token", ["", "no-token", "a.b.c", "ünïcode.x.y"])
async def test_refuses_what_is_no_token(token: str) -> None:
    with pytest.raises(IdTokenInvalid):
        await _verify(token)


async def test_refuses_a_token_without_a_key_id() -> None:
    with pytest.raises(IdTokenInvalid):
        await _verify(jwt.encode(_claims(), _key("key-1"), "RS256"))


async def test_a_key_signs_only_for_its_own_issuer() -> None:
    own = Microsoft(issuer_of_key=AUTHORITY + "/{tenantid}/v2.0")
    personal_only = Microsoft(issuer_of_key=f"{AUTHORITY}/{PERSONAL_TENANT}/v2.0")
    await _verify(_token(), platform=own)
    with pytest.raises(IdTokenInvalid):
        await _verify(_token(), platform=personal_only)


async def test_keys_for_other_purposes_are_passed_over() -> None:
    strange: list[dict[str, Any]] = [
        {"kty": "EC", "kid": "key-1"},
        {"kty": "RSA", "kid": "broken", "n": "!"},
        {"kty": "RSA"},
    ]
    await _verify(_token(), platform=Microsoft(more_keys=strange))


async def test_a_new_signing_key_is_fetched_at_once() -> None:
    platform, clock = Microsoft(), MovableClock()
    verifier = IdTokenVerifier(client_id=CLIENT, keys=KeyRing(documents=platform, clock=clock), clock=clock)
    await verifier.verify(_token(), nonce=NONCE)
    platform.key_id = "key-2"
    clock.at += COOLDOWN + timedelta(seconds=1)
    await verifier.verify(_token(key="key-2"), nonce=NONCE)
    assert platform.fetches == 2


async def test_forged_key_ids_do_not_flood_microsoft() -> None:
    platform, clock = Microsoft(), MovableClock()
    verifier = IdTokenVerifier(client_id=CLIENT, keys=KeyRing(documents=platform, clock=clock), clock=clock)
    for _ in range(20):
        with pytest.raises(IdTokenInvalid):
            await verifier.verify(_token(key="forged"), nonce=NONCE)
    assert platform.fetches == 1


async def test_keys_are_kept_for_a_day() -> None:
    platform, clock = Microsoft(), MovableClock()
    ring = KeyRing(documents=platform, clock=clock)
    for passed in (timedelta(), LIFETIME, LIFETIME + timedelta(seconds=1)):
        clock.at = NOW + passed
        await ring.find("key-1")
    assert platform.fetches == 2


async def test_keys_that_cannot_be_fetched_are_an_outage() -> None:
    with pytest.raises(ProviderUnavailable):
        await _verify(_token(), platform=Microsoft(down=True))


@pytest.mark.parametrize("issuer", ["", None, 5])
async def test_a_discovery_document_without_an_issuer_proves_nothing(issuer: object) -> None:
    platform = Microsoft()
    platform.issuer = issuer  # type: ignore[assignment]
    with pytest.raises((ProviderUnavailable, IdTokenInvalid)):
        await _verify(_token(), platform=platform)


async def test_nobody_is_named_when_a_person_is_printed() -> None:
    assert "adele" not in repr(await _verify(_token())).casefold()
