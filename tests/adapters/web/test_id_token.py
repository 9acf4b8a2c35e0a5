"""Id tokens, tampered with each way."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest

from adapters.web.id_token import Claims, IdTokenInvalid, IdTokenVerifier
from adapters.web.signing_keys import COOLDOWN, PublishedKeys, SigningKey, SigningKeys
from domain.access import ClockDiffers, ProviderUnavailable
from tests.fakes.clock import MovableClock
from tests.support.id_tokens import private_key, published_key, signed

CLIENT = "407408718192.apps.example.com"
ISSUERS = frozenset({"https://accounts.example.com", "accounts.example.com"})
NONCE = "a-nonce-of-the-flow"
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


def _claims(**changes: Any) -> dict[str, Any]:
    """What an id token has to say, and some more; a change to None leaves the claim out."""
    issued = int(NOW.timestamp())
    claims = {
        "iss": "https://accounts.example.com",
        "aud": CLIENT,
        "azp": CLIENT,
        "exp": issued + 3600,
        "iat": issued,
        "nonce": NONCE,
        "sub": "10769150350006150715113082367",
        "email": "adele@example.com",
    } | changes
    return {name: value for name, value in claims.items() if value is not None}


def _token(key: str = "key-1", **changes: Any) -> str:
    return signed(_claims(**changes), key)


async def _two_forms(claims: Claims, key: SigningKey) -> frozenset[str]:
    return ISSUERS


@dataclass
class Provider:
    """A provider that signs with two keys, and a verifier of its tokens."""

    clock: MovableClock = field(default_factory=lambda: MovableClock(NOW))
    key_names: tuple[str, ...] = ("key-1", "key-2")
    more: dict[str, Any] = field(default_factory=dict)
    identity_claims: tuple[str, ...] = ("sub",)
    issuers: Callable[[Claims, SigningKey], Awaitable[frozenset[str]]] = _two_forms
    fetches: int = 0

    def __post_init__(self) -> None:
        self.verifier = IdTokenVerifier(
            client_id=CLIENT,
            identity_claims=self.identity_claims,
            issuers=self.issuers,
            keys=SigningKeys(fetch=self._fetch, clock=self.clock),
            clock=self.clock,
        )

    async def verify(self, token: str) -> Claims:
        return await self.verifier.verify(token, nonce=NONCE)

    async def _fetch(self) -> PublishedKeys:
        self.fetches += 1
        return PublishedKeys(document={"keys": [published_key(name, **self.more) for name in self.key_names]})


@pytest.mark.parametrize("issuer", sorted(ISSUERS))
@pytest.mark.parametrize("key", ["key-1", "key-2"])
async def test_a_good_token_says_who_signed_in(issuer: str, key: str) -> None:
    claims = await Provider().verify(_token(key, iss=issuer))
    assert claims == _claims(iss=issuer)


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "another-app"},
        {"aud": [CLIENT]},
        {"aud": [CLIENT, "another-app"]},
        {"aud": None},
        {"iss": "https://accounts.example.com/"},
        {"iss": "http://accounts.example.com"},
        {"iss": "accounts.example.com.evil.example.com"},
        {"iss": ""},
        {"iss": None},
        {"sub": None},
        {"sub": ""},
        {"sub": 5},
        {"nonce": "another"},
        {"nonce": "ünlike"},
        {"nonce": None},
        {"exp": "tomorrow"},
        {"exp": None},
        {"iat": None},
    ],
)
async def test_refuses_a_token_with_a_wrong_claim(changes: dict[str, Any]) -> None:
    with pytest.raises(IdTokenInvalid):
        await Provider().verify(_token(**changes))


@pytest.mark.parametrize("claim", ["sub", "iss", "nonce"])
@pytest.mark.parametrize("dirt", ["half \ud83d", "\0", "x" * 5_000, "two\nlines"])
async def test_an_identity_that_can_be_none_is_nobodys(claim: str, dirt: str) -> None:
    with pytest.raises(IdTokenInvalid):
        await Provider().verify(_token(**{claim: dirt}))


async def test_every_claim_of_the_identity_is_required() -> None:
    provider = Provider(identity_claims=("oid", "tid"))
    assert (await provider.verify(_token(sub=None, oid="1", tid="2")))["oid"] == "1"
    for incomplete in ({"oid": "1"}, {"tid": "2"}):
        with pytest.raises(IdTokenInvalid):
            await provider.verify(signed(_claims() | incomplete, "key-1"))


async def test_who_may_have_issued_a_token_can_depend_on_what_it_says_and_on_its_key() -> None:
    async def of_tenant(claims: Claims, key: SigningKey) -> frozenset[str]:
        return frozenset({f"https://{claims['sub']}.example.com"}) & {str(key.issuer)}

    provider = Provider(issuers=of_tenant, more={"issuer": "https://anna.example.com"})
    assert await provider.verify(_token(sub="anna", iss="https://anna.example.com"))
    for sub, issuer in (("ben", "https://anna.example.com"), ("ben", "https://ben.example.com")):
        with pytest.raises(IdTokenInvalid):
            await provider.verify(_token(sub=sub, iss=issuer))


async def test_allows_five_minutes_between_clocks() -> None:
    moment = int(NOW.timestamp())
    await Provider().verify(_token(exp=moment - 299))
    await Provider().verify(_token(iat=moment + 300, nbf=moment + 300))


@pytest.mark.parametrize("claims", [{"iat": 301}, {"nbf": 301}, {"iat": -7201, "nbf": -7201, "exp": -301}])
async def test_a_token_from_beyond_that_speaks_of_the_clocks_and_not_of_the_person(
    claims: dict[str, int],
) -> None:
    moment = int(NOW.timestamp())
    changes: dict[str, Any] = {name: moment + seconds for name, seconds in claims.items()}
    with pytest.raises(ClockDiffers) as caught:
        await Provider().verify(_token(**changes))
    ahead = max(claims.values()) > 0
    assert caught.value.by == timedelta(seconds=301 if ahead else -7201)


async def test_a_token_expires_by_our_own_clock() -> None:
    with pytest.raises(ClockDiffers):
        await Provider(clock=MovableClock(NOW + timedelta(hours=2))).verify(_token())


async def test_a_token_that_ended_before_it_was_issued_is_no_matter_of_clocks() -> None:
    with pytest.raises(IdTokenInvalid):
        await Provider().verify(_token(exp=int(NOW.timestamp()) - 301))


async def test_a_wrong_nonce_counts_before_a_wrong_time() -> None:
    with pytest.raises(IdTokenInvalid):
        await Provider().verify(_token(nonce="another", iat=int(NOW.timestamp()) + 900))


async def test_refuses_a_changed_signature_and_a_changed_payload() -> None:
    head, payload, signature = _token().split(".")
    _, other_payload, _ = _token(sub="somebody-else").split(".")
    for forged in (
        f"{head}.{payload}.{'A' * len(signature)}",
        f"{head}.{other_payload}.{signature}",
        f"{head}.{payload}.",
    ):
        with pytest.raises(IdTokenInvalid):
            await Provider().verify(forged)


@pytest.mark.parametrize("signer", ["attacker", "key-2"])
async def test_refuses_the_signature_of_another_key_under_a_known_id(signer: str) -> None:
    forged = jwt.encode(_claims(), private_key(signer), "RS256", headers={"kid": "key-1"})
    with pytest.raises(IdTokenInvalid):
        await Provider().verify(forged)


async def test_refuses_other_algorithms_than_the_one_agreed() -> None:
    unsigned = jwt.encode(_claims(), "", "none", headers={"kid": "key-1"})
    symmetric = jwt.encode(_claims(), "x" * 64, "HS256", headers={"kid": "key-1"})
    other = jwt.encode(_claims(), private_key("key-1"), "RS512", headers={"kid": "key-1"})
    for forged in (unsigned, symmetric, other):
        with pytest.raises(IdTokenInvalid):
            await Provider().verify(forged)


@pytest.mark.parametrize("token", ["", "no-token", "a.b.c", "ünïcode.x.y"])
async def test_refuses_what_is_no_token(token: str) -> None:
    with pytest.raises(IdTokenInvalid):
        await Provider().verify(token)


async def test_refuses_a_token_without_a_key_id() -> None:
    with pytest.raises(IdTokenInvalid):
        await Provider().verify(jwt.encode(_claims(), private_key("key-1"), "RS256"))


async def test_a_token_of_a_key_that_is_new_is_good_at_once() -> None:
    provider = Provider()
    await provider.verify(_token())
    provider.key_names = ("key-2", "key-3")
    provider.clock.advance(COOLDOWN + timedelta(seconds=1))
    await provider.verify(_token("key-3"))
    with pytest.raises(IdTokenInvalid):
        await provider.verify(_token("key-1"))
    assert provider.fetches == 2


async def test_whether_keys_can_not_be_fetched_is_no_matter_of_the_token() -> None:
    async def down() -> PublishedKeys:
        raise ProviderUnavailable

    verifier = Provider().verifier
    without_keys = IdTokenVerifier(
        client_id=CLIENT,
        identity_claims=("sub",),
        issuers=_two_forms,
        keys=SigningKeys(fetch=down, clock=verifier.clock),
        clock=verifier.clock,
    )
    with pytest.raises(ProviderUnavailable):
        await without_keys.verify(_token(), nonce=NONCE)
