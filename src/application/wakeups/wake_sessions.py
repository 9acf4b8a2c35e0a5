"""Let an expert's waiting sessions be tried at once, because what they waited for may have come."""

from datetime import datetime

from application.ports.store import Transaction
from domain.ids import ExpertId


async def wake_sessions(tx: Transaction, expert_id: ExpertId, now: datetime) -> int:
    """In the caller's transaction, in the order of the sessions; how many there were.

    The caller has taken the expert's lock before it changed what they wait for: a writer decides under it that a
    session waits, and so either sees the change or is seen here.
    """
    waiting = await tx.sessions.waiting(expert_id)
    for session in waiting:
        await tx.sessions.save(session.woken(now))
        await tx.jobs.write_session(expert_id, session.session_id)
    return len(waiting)
