"""Make the events that an identity's former accounts were left with ours again, once it is connected again."""

from datetime import datetime

from application.ports.store import Transaction
from domain.account import Account
from domain.change import change_of_session


async def take_back(tx: Transaction, account: Account, now: datetime) -> None:
    """In the caller's transaction, under the expert's lock, once the account's calendars are stored.

    An event belongs to the identity whose mailbox it is in, not to an account's row, which goes with every disconnect.
    Removals that had to be left undone are due at once; sessions that wait are woken by the caller.
    """
    former = await tx.accounts.take_former(account)
    for session in await tx.sessions.move_copies(account.expert_id, former, account.account_id, now=now):
        due = session.to_be_cleared(now)
        if (news := change_of_session(session, due, at=now)) is not None:
            await tx.changes.add(news)
        await tx.sessions.save(due.updated(now))
        await tx.jobs.write_session(due.expert_id, due.session_id)
