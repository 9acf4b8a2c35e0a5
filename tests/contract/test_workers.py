"""What every store of workers keeps to: whose claims end with whom."""

from application.ports.workers import Freed
from domain.ids import WorkerId
from tests.builders import EXPERT, INCIDENT, NOW, SESSION, a_grant, a_session, after, an_account, an_incident
from tests.support.stores import Kept, put_expert

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
        freed = await tx.workers.forget(ONE, NOW)
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
        assert await tx.workers.forget(ONE, NOW) == Freed()
        assert await tx.sessions.claimed(EXPERT, SESSION, token=f"{OTHER}.something")
        assert await tx.incidents.claimed(INCIDENT, token=f"{OTHER}.something")


async def test_who_is_not_known_is_not_forgotten(kept: Kept) -> None:
    """Two that find the same one dead don't both free what a third has claimed by then."""
    await _claimed(kept, f"{ONE}.something")
    async with kept.transaction() as tx:
        assert await tx.workers.forget(ONE, NOW) == Freed()
        assert await tx.sessions.claimed(EXPERT, SESSION, token=f"{ONE}.something")
