"""What whoever claims sessions brings, call by call, on every repository of them."""

from application.ports.lanes import Room
from application.sessions.claim_sessions import ClaimSessions
from domain.ids import ExpertId, SessionId
from domain.session import Session, WriteStatus
from tests.builders import NOW, a_session, after, an_expert
from tests.fakes.clock import MovableClock
from tests.fakes.id_source import CountingIds
from tests.support.stores import Kept, put_expert

ROOM = Room(places=8, again=6)
NEW = SessionId("new")
ROUND = 12
"""Claims that go more than once around all experts of these tests."""


def due_again(expert_id: str) -> Session:
    return a_session("waits", expert_id=expert_id, status=WriteStatus.WAITING, due_at=NOW, failures=1)


async def booked(kept: Kept, *sessions: Session) -> None:
    await put_expert(kept, *(an_expert(one) for one in {one.expert_id for one in sessions}))
    async with kept.transaction() as tx:
        for session in sessions:
            await tx.sessions.add(session)


async def claimed(kept: Kept, *, claims: int = ROUND) -> list[tuple[ExpertId, SessionId]]:
    claim = ClaimSessions(store=kept.store, clock=MovableClock(after(seconds=1)), ids=CountingIds())
    return [
        (one.row.expert_id, one.row.session_id) for _ in range(claims) for one in (await claim(ROOM)).rows
    ]


async def test_what_waits_is_tried_again_however_many_experts_new_sessions_are_being_written(
    kept: Kept,
) -> None:
    busy = [ExpertId(f"busy-{number:02}") for number in range(40)]
    await booked(kept, *(a_session("new", expert_id=one) for one in busy))
    async with kept.transaction() as tx:
        for expert_id in busy:
            assert await tx.sessions.claim(
                expert_id, NEW, token="other.claim", now=NOW, until=after(minutes=2)
            )
    await booked(kept, due_again("expert"))
    assert await claimed(kept) == [("expert", "waits")]
