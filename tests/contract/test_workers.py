"""What every store of workers keeps to: whose claims end with whom."""

from datetime import timedelta

import pytest

from application.ports.workers import Freed
from domain.ids import WorkerId
from tests.builders import EXPERT, INCIDENT, NOW, SESSION, a_grant, a_session, after, an_account, an_incident
from tests.support.stores import Kept, claim_incidents, claim_sessions, put_expert

ONE, OTHER = WorkerId("worker-1"), WorkerId("worker-10")


async def _claimed(kept: Kept, token: str) -> None:
    """A session and an incident that are due, claimed with this token."""
    await put_expert(kept)
    async with kept.transaction() as tx:
        await tx.accounts.add(an_account(), a_grant())
        await tx.sessions.add(a_session().woken(NOW))
        await tx.incidents.add(an_incident())
        assert await tx.sessions.claim(EXPERT, SESSION, token=token, now=NOW, until=after(hours=1))
        assert await tx.incidents.claim(INCIDENT, token=token, now=NOW, until=after(hours=1))


async def test_remembers_when_each_showed_life_last(kept: Kept) -> None:
    async with kept.transaction() as tx:
        assert await tx.workers.show_life(ONE, NOW) is None
        assert await tx.workers.show_life(OTHER, after(seconds=1)) is None
    async with kept.transaction() as tx:
        assert await tx.workers.show_life(ONE, after(seconds=10)) == NOW
        assert await tx.workers.silent(after(seconds=1)) == ()
        assert await tx.workers.silent(after(seconds=2)) == (OTHER,)
        assert await tx.workers.silent(after(seconds=11)) == (ONE, OTHER)


async def test_frees_what_the_forgotten_had_claimed(kept: Kept) -> None:
    await _claimed(kept, f"{ONE}.something")
    async with kept.transaction() as tx:
        await tx.workers.show_life(ONE, NOW)
    async with kept.transaction() as tx:
        freed = await tx.workers.forget(ONE, NOW, aside_until=None)
    assert freed == Freed(sessions=((EXPERT, SESSION),), incidents=(INCIDENT,))
    async with kept.transaction() as tx:
        assert await tx.workers.silent(after(days=1)) == ()
        assert await tx.sessions.claimed(EXPERT, SESSION, token=f"{ONE}.something") is None
        assert await tx.incidents.claimed(INCIDENT, token=f"{ONE}.something") is None
        assert await tx.sessions.claim(EXPERT, SESSION, token="next", now=NOW, until=after(hours=1))
        assert await tx.incidents.claim(INCIDENT, token="next", now=NOW, until=after(hours=1))


async def test_leaves_the_claims_of_others_alone(kept: Kept) -> None:
    await _claimed(kept, f"{OTHER}.something")
    async with kept.transaction() as tx:
        await tx.workers.show_life(ONE, NOW)
        await tx.workers.show_life(OTHER, NOW)
        assert await tx.workers.forget(ONE, NOW, aside_until=None) == Freed()
        assert await tx.sessions.claimed(EXPERT, SESSION, token=f"{OTHER}.something")
        assert await tx.incidents.claimed(INCIDENT, token=f"{OTHER}.something")


async def test_who_is_not_known_is_not_forgotten(kept: Kept) -> None:
    """Two that find the same one dead don't both free what a third has claimed by then."""
    await _claimed(kept, f"{ONE}.something")
    async with kept.transaction() as tx:
        assert await tx.workers.forget(ONE, NOW, aside_until=None) == Freed()
        assert await tx.sessions.claimed(EXPERT, SESSION, token=f"{ONE}.something")


@pytest.mark.parametrize("dies", [True, False])
async def test_what_five_in_a_row_died_with_is_set_aside(kept: Kept, dies: bool) -> None:
    await _claimed(kept, "other.token")
    aside_until = after(hours=2) if dies else None
    for number in range(5):
        now = after(hours=3 * (number + 1))
        async with kept.transaction() as tx:
            await tx.workers.show_life(ONE, now)
            until = now + timedelta(hours=1)
            assert await tx.sessions.claim(EXPERT, SESSION, token=f"{ONE}.x", now=now, until=until)
            assert await tx.incidents.claim(INCIDENT, token=f"{ONE}.x", now=now, until=until)
            freed = await tx.workers.forget(ONE, now, aside_until=aside_until and now + timedelta(hours=2))
        aside = dies and number == 4
        assert freed.set_aside == (2 if aside else 0)
        assert freed.sessions == (() if aside else ((EXPERT, SESSION),))
        assert freed.incidents == (() if aside else (INCIDENT,))
    async with kept.transaction() as tx:
        soon, later = after(hours=16), after(hours=17)
        assert await claim_sessions(tx, now=soon) == ([] if dies else [(EXPERT, SESSION)])
        assert await claim_incidents(tx, now=soon) == ([] if dies else [INCIDENT])
        if dies:
            assert await claim_sessions(tx, now=later) == [(EXPERT, SESSION)]
            assert await claim_incidents(tx, now=later) == [INCIDENT]


async def test_whoever_finishes_ends_the_row_of_deaths(kept: Kept) -> None:
    await _claimed(kept, f"{ONE}.x")
    for number in range(8):
        async with kept.transaction() as tx:
            await tx.workers.show_life(ONE, NOW)
            assert await tx.sessions.claim(EXPERT, SESSION, token=f"{ONE}.x", now=NOW, until=after(hours=1))
            if number == 3:
                await tx.sessions.release(EXPERT, SESSION)
                await tx.incidents.release(INCIDENT)
            freed = await tx.workers.forget(ONE, NOW, aside_until=after(hours=1))
            assert freed.set_aside == 0
