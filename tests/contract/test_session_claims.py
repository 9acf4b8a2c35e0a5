"""What every repository of sessions keeps to where workers claim what they write."""

import asyncio

import pytest

from domain.session import Session
from tests.builders import EXPERT, NOW, SESSION, a_session, after, an_expert
from tests.support.stores import Kept, put_expert

UNTIL = after(minutes=2)


async def _booked(kept: Kept, *sessions: Session) -> None:
    await put_expert(kept, an_expert(), an_expert("other"))
    async with kept.transaction() as tx:
        for session in sessions:
            await tx.sessions.add(session)


async def _claimed(kept: Kept) -> None:
    await _booked(kept, a_session())
    async with kept.transaction() as tx:
        assert await tx.sessions.claim(EXPERT, SESSION, token="first", now=NOW, until=UNTIL) == a_session()


async def test_one_claims_what_is_due(kept: Kept) -> None:
    await _claimed(kept)
    async with kept.transaction() as tx:
        assert await tx.sessions.claimed(EXPERT, SESSION, token="first") == a_session()
        assert await tx.sessions.claimed(EXPERT, SESSION, token="second") is None
        assert (
            await tx.sessions.claim(EXPERT, SESSION, token="second", now=after(minutes=1), until=UNTIL)
            is None
        )


async def test_whoever_holds_the_claim_may_extend_it(kept: Kept) -> None:
    await _claimed(kept)
    async with kept.transaction() as tx:
        again = await tx.sessions.claim(EXPERT, SESSION, token="first", now=NOW, until=after(minutes=9))
        assert again == a_session()
        assert (
            await tx.sessions.claim(EXPERT, SESSION, token="second", now=UNTIL, until=after(hours=1)) is None
        )


async def test_a_claim_that_ran_out_stands_until_another_takes_over(kept: Kept) -> None:
    await _claimed(kept)
    async with kept.transaction() as tx:
        assert await tx.sessions.claimed(EXPERT, SESSION, token="first") == a_session()
        taken = await tx.sessions.claim(EXPERT, SESSION, token="second", now=UNTIL, until=after(minutes=5))
        assert taken == a_session()
    async with kept.transaction() as tx:
        assert await tx.sessions.claimed(EXPERT, SESSION, token="first") is None
        assert await tx.sessions.claimed(EXPERT, SESSION, token="second") == a_session()


@pytest.mark.parametrize("due_at", [None, after(seconds=0.001)], ids=["never", "later"])
async def test_nobody_claims_what_is_not_due(kept: Kept, due_at: None) -> None:
    await _booked(kept, a_session(due_at=due_at))
    async with kept.transaction() as tx:
        assert await tx.sessions.claim(EXPERT, SESSION, token="first", now=NOW, until=UNTIL) is None
        assert await tx.sessions.claimed(EXPERT, SESSION, token="first") is None


async def test_nobody_claims_what_is_unknown(kept: Kept) -> None:
    await _booked(kept)
    async with kept.transaction() as tx:
        assert await tx.sessions.claim(EXPERT, SESSION, token="first", now=NOW, until=UNTIL) is None
        assert await tx.sessions.claimed(EXPERT, SESSION, token="first") is None
        await tx.sessions.release(EXPERT, SESSION)


async def test_a_released_session_is_free_at_once(kept: Kept) -> None:
    await _claimed(kept)
    async with kept.transaction() as tx:
        await tx.sessions.release(EXPERT, SESSION)
        assert await tx.sessions.claimed(EXPERT, SESSION, token="first") is None
        assert await tx.sessions.claim(EXPERT, SESSION, token="second", now=NOW, until=UNTIL) == a_session()


async def test_saving_leaves_the_claim_as_it_is(kept: Kept) -> None:
    await _claimed(kept)
    revised = a_session(revision=2)
    async with kept.transaction() as tx:
        await tx.sessions.save(revised)
    async with kept.transaction() as tx:
        assert await tx.sessions.claimed(EXPERT, SESSION, token="first") == revised
        assert await tx.sessions.claim(EXPERT, SESSION, token="second", now=NOW, until=UNTIL) is None


async def test_a_claim_that_is_rolled_back_never_was(kept: Kept) -> None:
    await _booked(kept, a_session())
    with pytest.raises(ZeroDivisionError):
        async with kept.transaction() as tx:
            await tx.sessions.claim(EXPERT, SESSION, token="first", now=NOW, until=UNTIL)
            raise ZeroDivisionError
    async with kept.transaction() as tx:
        assert await tx.sessions.claim(EXPERT, SESSION, token="second", now=NOW, until=UNTIL) == a_session()


async def test_of_many_who_claim_at_once_one_does(kept: Kept) -> None:
    await _booked(kept, a_session())

    async def claim(token: str) -> Session | None:
        async with kept.transaction() as tx:
            return await tx.sessions.claim(EXPERT, SESSION, token=token, now=NOW, until=UNTIL)

    claims = await asyncio.gather(*(claim(token) for token in "abcdef"))
    assert sorted(claims, key=bool) == [None] * 5 + [a_session()]
