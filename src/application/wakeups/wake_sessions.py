"""Let an expert's waiting sessions be tried at once, because what they waited for may have come."""

from datetime import datetime

from application.ports.store import Transaction
from domain.ids import ExpertId


async def wake_sessions(tx: Transaction, expert_id: ExpertId, now: datetime) -> None:
    """In the caller's transaction, in the order of the sessions.

    The caller has taken the expert's lock before it changed what they wait for: a writer decides under it that a
    session waits, and so either sees the change or is seen here.
    """
    for session in await tx.sessions.waiting(expert_id):
        await tx.sessions.save(session.woken(now))
        await tx.jobs.write_session(expert_id, session.session_id)
