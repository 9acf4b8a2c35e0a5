"""How long keys are kept, and what may cause them to be fetched."""

from dataclasses import dataclass, field
from datetime import timedelta

import jwt
import pytest

from adapters.web.signing_keys import COOLDOWN, LIFETIME, PublishedKeys, SigningKeys
from domain.access import ProviderUnavailable
from tests.fakes.clock import MovableClock
from tests.support.id_tokens import private_key, published_key

A_SECOND = timedelta(seconds=1)


@dataclass
class Provider:
    """Publishes some keys, and counts how often they are asked for."""

    names: list[str] = field(default_factory=lambda: ["key-1", "key-2"])
    lifetime: timedelta | None = None
    more: list[object] = field(default_factory=list)
    down: bool = False
    fetches: int = 0

    async def fetch(self) -> PublishedKeys:
        self.fetches += 1
        if self.down:
            raise ProviderUnavailable
        listed = [*self.more, *map(published_key, self.names)]
        return PublishedKeys(document={"keys": listed}, lifetime=self.lifetime)


async def test_finds_each_of_several_keys_by_its_id() -> None:
    provider = Provider()
    keys = SigningKeys(fetch=provider.fetch, clock=MovableClock())
    for name in ("key-1", "key-2"):
        found = await keys.find(name)
        assert found is not None
        assert found.key.key.public_numbers() == private_key(name).public_key().public_numbers()
    assert await keys.find("key-3") is None
    assert provider.fetches == 1


@pytest.mark.parametrize(
    ("named", "kept"),
    [
        (None, LIFETIME),
        (timedelta(seconds=23_000), timedelta(seconds=23_000)),
        (timedelta(), COOLDOWN),
        (timedelta(days=365), LIFETIME),
    ],
)
async def test_keys_are_kept_as_long_as_the_provider_says_within_bounds(
    named: timedelta | None, kept: timedelta
) -> None:
    provider, clock = Provider(lifetime=named), MovableClock()
    keys = SigningKeys(fetch=provider.fetch, clock=clock)
    await keys.find("key-1")
    clock.advance(kept)
    await keys.find("key-1")
    assert provider.fetches == 1
    clock.advance(A_SECOND)
    await keys.find("key-1")
    assert provider.fetches == 2


async def test_a_new_key_is_followed_at_once_and_the_old_one_is_believed_no_longer() -> None:
    provider, clock = Provider(lifetime=timedelta(seconds=23_000)), MovableClock()
    keys = SigningKeys(fetch=provider.fetch, clock=clock)
    await keys.find("key-1")
    provider.names = ["key-2", "key-3"]
    clock.advance(COOLDOWN + A_SECOND)
    assert await keys.find("key-3")
    assert await keys.find("key-1") is None
    assert provider.fetches == 2


async def test_forged_key_ids_do_not_flood_the_provider() -> None:
    provider, clock = Provider(), MovableClock()
    keys = SigningKeys(fetch=provider.fetch, clock=clock)
    for number in range(600):
        assert await keys.find(f"forged-{number}") is None
        clock.advance(A_SECOND)
    assert provider.fetches == 10


async def test_forged_key_ids_do_not_flood_a_provider_that_is_down_either() -> None:
    provider, clock = Provider(), MovableClock()
    keys = SigningKeys(fetch=provider.fetch, clock=clock)
    await keys.find("key-1")
    provider.down = True
    clock.advance(COOLDOWN + A_SECOND)
    for number in range(20):
        with pytest.raises(ProviderUnavailable):
            await keys.find(f"forged-{number}")
        assert await keys.find("key-1")
    assert provider.fetches == 2


async def test_keys_that_are_too_old_are_believed_no_longer_while_there_are_no_others() -> None:
    provider, clock = Provider(), MovableClock()
    keys = SigningKeys(fetch=provider.fetch, clock=clock)
    await keys.find("key-1")
    provider.down = True
    clock.advance(LIFETIME + A_SECOND)
    with pytest.raises(ProviderUnavailable):
        await keys.find("key-1")
    provider.down = False
    assert await keys.find("key-1")


async def test_keys_for_other_purposes_are_passed_over() -> None:
    strange: list[object] = [
        {"kty": "EC", "kid": "key-1"},
        {"kty": "RSA", "kid": "broken", "n": "!"},
        {"kty": "RSA"},
        published_key("another", kid="for-encryption", use="enc"),
        "no key",
    ]
    keys = SigningKeys(fetch=Provider(more=strange).fetch, clock=MovableClock())
    assert await keys.find("key-1")
    assert [await keys.find(name) for name in ("broken", "for-encryption")] == [None, None]


@pytest.mark.parametrize("document", [{}, {"keys": []}, {"keys": None}, {"keys": [{"kty": "EC"}]}])
async def test_a_set_without_a_key_is_an_outage(document: dict[str, object]) -> None:
    async def fetch() -> PublishedKeys:
        return PublishedKeys(document=document)

    with pytest.raises(ProviderUnavailable):
        await SigningKeys(fetch=fetch, clock=MovableClock()).find("key-1")


async def test_a_published_key_verifies_what_its_private_half_signed() -> None:
    found = await SigningKeys(fetch=Provider().fetch, clock=MovableClock()).find("key-2")
    assert found is not None
    token = jwt.encode({"sub": "1"}, private_key("key-2"), "RS256")
    assert jwt.decode(token, found.key, algorithms=["RS256"]) == {"sub": "1"}
