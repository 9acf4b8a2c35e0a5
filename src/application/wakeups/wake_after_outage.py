"""Try sessions that wait for a provider which works again: spread out and in batches, since they may be many."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from application.ports.store import Transaction
from domain.account import Provider
from domain.ids import AccountId
from domain.session import Session

AT_ONCE = 200
APART = timedelta(milliseconds=50)
"""From one to the next: twenty a second."""
SOON = timedelta(seconds=10)
"""What is due within this time is let be."""


async def wake_of_account(
    tx: Transaction, account_id: AccountId, now: datetime, jitter: Callable[[], float]
) -> None:
    """Those of one account that was just written to; the next success wakes the next batch."""
    await _spread(
        tx, await tx.sessions.delayed_in(account_id, later_than=now + SOON, limit=AT_ONCE), now, jitter
    )


async def wake_one_an_account(
    tx: Transaction,
    provider: Provider,
    now: datetime,
    jitter: Callable[[], float],
    *,
    limit: int = AT_ONCE,
) -> bool:
    """One of each account at the provider, since a mailbox that goes on hanging must cost one trial and no more.

    Whether there may be more accounts.
    """
    found = await tx.sessions.delayed_by_account(provider, later_than=now + SOON, limit=limit)
    await _spread(tx, found, now, jitter)
    return len(found) == limit


async def _spread(
    tx: Transaction, sessions: Sequence[Session], now: datetime, jitter: Callable[[], float]
) -> None:
    for number, session in enumerate(sessions):
        at = now + APART * (number + jitter())
        await tx.sessions.save(session.woken(at))
        await tx.jobs.write_session(session.expert_id, session.session_id, at=at)
