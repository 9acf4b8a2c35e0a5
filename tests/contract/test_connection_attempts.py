"""What every repository of sign-ins under way keeps to."""

import asyncio
from dataclasses import replace

import pytest

from domain.account import Provider
from domain.connection import ConnectionAttempt, ConnectionAttemptNotFound, Way
from domain.expert import ExpertNotFound
from domain.ids import ExpertId
from tests.builders import EXPERT, NOW, after, an_attempt, an_expert
from tests.support.stores import Kept, put_expert


async def _started(kept: Kept, *attempts: ConnectionAttempt) -> None:
    await put_expert(kept, an_expert(), an_expert("other"))
    async with kept.transaction() as tx:
        for attempt in attempts:
            await tx.attempts.add(attempt)


@pytest.mark.parametrize(
    "attempt",
    [
        an_attempt(flow=b"\x00\xff {}", return_url="https://app.example/ü?x=1"),
        an_attempt(return_url=None, reconnects="account-that-nobody-has", provider=Provider.GOOGLE),
        an_attempt(return_url=""),
        *(an_attempt(way=way, return_url=None) for way in Way),
    ],
    ids=["plain", "reconnect", "empty URL", *(way.name for way in Way)],
)
async def test_an_attempt_comes_back_by_value(kept: Kept, attempt: ConnectionAttempt) -> None:
    await _started(kept, attempt)
    async with kept.transaction() as tx:
        assert await tx.attempts.take(attempt.state, of=EXPERT) == attempt


async def test_an_attempt_is_used_up_by_being_taken(kept: Kept) -> None:
    await _started(kept, an_attempt())
    async with kept.transaction() as tx:
        await tx.attempts.take("state-1")
    async with kept.transaction() as tx:
        with pytest.raises(ConnectionAttemptNotFound):
            await tx.attempts.take("state-1")


async def test_an_attempt_taken_in_vain_is_there_again(kept: Kept) -> None:
    await _started(kept, an_attempt())
    with pytest.raises(ZeroDivisionError):
        async with kept.transaction() as tx:
            await tx.attempts.take("state-1")
            raise ZeroDivisionError
    async with kept.transaction() as tx:
        assert await tx.attempts.take("state-1") == an_attempt()


async def test_an_attempt_of_another_expert_is_not_found_and_stays(kept: Kept) -> None:
    await _started(kept, an_attempt())
    async with kept.transaction() as tx:
        with pytest.raises(ConnectionAttemptNotFound):
            await tx.attempts.take("state-1", of=ExpertId("other"))
        assert await tx.attempts.take("state-1", of=EXPERT) == an_attempt()


@pytest.mark.parametrize("state", ["", "state-2", "STATE-1", "state-1 ", "\x00", "\ud800", "x" * 100_000])
async def test_an_unknown_state_is_not_found(kept: Kept, state: str) -> None:
    await _started(kept, an_attempt())
    async with kept.transaction() as tx:
        with pytest.raises(ConnectionAttemptNotFound):
            await tx.attempts.take(state)


async def test_of_many_who_take_it_at_once_one_gets_it(kept: Kept) -> None:
    await _started(kept, an_attempt())

    async def take() -> ConnectionAttempt:
        async with kept.transaction() as tx:
            return await tx.attempts.take("state-1")

    outcomes = await asyncio.gather(*(take() for _ in range(5)), return_exceptions=True)
    assert outcomes.count(an_attempt()) == 1
    assert sum(isinstance(outcome, ConnectionAttemptNotFound) for outcome in outcomes) == 4


async def test_a_locked_attempt_stays_and_keeps_what_is_saved(kept: Kept) -> None:
    await _started(kept, an_attempt(), an_attempt("state-2"))
    changed = an_attempt(flow=b"\x00\xff later", expires_at=after(minutes=2))
    async with kept.transaction() as tx:
        assert await tx.attempts.lock("state-1") == an_attempt()
        await tx.attempts.save(changed)
    async with kept.transaction() as tx:
        assert await tx.attempts.lock("state-1") == changed
        assert await tx.attempts.take("state-1") == changed
        assert await tx.attempts.take("state-2") == an_attempt("state-2")


async def test_there_is_nothing_to_lock_once_it_was_taken(kept: Kept) -> None:
    await _started(kept, an_attempt())
    async with kept.transaction() as tx:
        await tx.attempts.take("state-1")
    async with kept.transaction() as tx:
        with pytest.raises(ConnectionAttemptNotFound):
            await tx.attempts.lock("state-1")


async def test_of_many_who_lock_it_at_once_each_sees_what_the_one_before_saved(kept: Kept) -> None:
    await _started(kept, an_attempt(flow=b""))

    async def add() -> None:
        async with kept.transaction() as tx:
            attempt = await tx.attempts.lock("state-1")
            await tx.attempts.save(replace(attempt, flow=attempt.flow + b"x"))

    await asyncio.gather(*(add() for _ in range(5)))
    async with kept.transaction() as tx:
        assert (await tx.attempts.take("state-1")).flow == b"xxxxx"


async def test_an_expired_attempt_is_given_back_until_it_is_removed(kept: Kept) -> None:
    await _started(kept, an_attempt(expires_at=after(minutes=-60)))
    async with kept.transaction() as tx:
        assert (await tx.attempts.take("state-1")).expires_at == after(minutes=-60)


async def test_removes_the_expired_ones_and_counts_them(kept: Kept) -> None:
    await _started(
        kept,
        an_attempt("long ago", expires_at=after(days=-1)),
        an_attempt("just now", expires_at=NOW),
        an_attempt("alive", expires_at=after(seconds=1)),
    )
    async with kept.transaction() as tx:
        assert await tx.attempts.remove_expired(NOW) == 2
        assert await tx.attempts.remove_expired(NOW) == 0
        await tx.attempts.take("alive")
        with pytest.raises(ConnectionAttemptNotFound):
            await tx.attempts.take("just now")


async def test_an_attempt_needs_its_expert(kept: Kept) -> None:
    with pytest.raises(ExpertNotFound):
        async with kept.transaction() as tx:
            await tx.attempts.add(an_attempt())


async def test_remembers_per_expert_and_provider_who_must_consent_afresh(kept: Kept) -> None:
    await _started(kept)
    async with kept.transaction() as tx:
        assert not await tx.attempts.consent_afresh(EXPERT, Provider.MICROSOFT)
        for _ in range(2):
            await tx.attempts.ask_consent_afresh(EXPERT, Provider.MICROSOFT, wanted=True)
    async with kept.transaction() as tx:
        assert await tx.attempts.consent_afresh(EXPERT, Provider.MICROSOFT)
        assert not await tx.attempts.consent_afresh(EXPERT, Provider.GOOGLE)
        assert not await tx.attempts.consent_afresh(ExpertId("other"), Provider.MICROSOFT)
        for _ in range(2):
            await tx.attempts.ask_consent_afresh(EXPERT, Provider.MICROSOFT, wanted=False)
        assert not await tx.attempts.consent_afresh(EXPERT, Provider.MICROSOFT)


async def test_consent_needs_its_expert(kept: Kept) -> None:
    with pytest.raises(ExpertNotFound):
        async with kept.transaction() as tx:
            await tx.attempts.ask_consent_afresh(EXPERT, Provider.MICROSOFT, wanted=True)
