"""Remember which calendars refuse events although their list calls them writable, and when they no longer do."""

from contextlib import suppress
from dataclasses import dataclass

from application.ports.clock import Clock
from application.ports.store import Store, Transaction
from application.wakeups.wake_sessions import wake_sessions
from domain.access import AccessDenied
from domain.account import AccountNotFound
from domain.calendar import Calendar
from domain.change import ChangeType, change_of_account
from domain.expert import ExpertNotFound
from domain.ids import ExpertId
from domain.session import EventCopy


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnRefusals:
    """In transactions of their own, without a session: whoever lists calendars locks an account before its sessions."""

    store: Store
    clock: Clock

    async def refused(self, copy: EventCopy, fault: AccessDenied, *, old_event: bool) -> AccessDenied:
        """The fault as the calendar explains it: with the missing permissions only where these are the reason.

        `old_event` is whether it was there before, and could not be changed or removed.
        """
        try:
            async with self.store.transaction() as tx:
                account = await tx.accounts.lock(copy.account_id)
                known = await _calendar_of(tx, copy)
                if known is None or not known.listed_writable:
                    return AccessDenied()
                now = self.clock.now()
                refusing = known.refused(
                    now, missing_permissions=fault.missing_permissions, old_event=old_event
                )
                await tx.calendars.save([refusing])
                if known.refused_at is None:
                    await tx.changes.add(change_of_account(ChangeType.CALENDARS_CHANGED, account, at=now))
                return AccessDenied(missing_permissions=refusing.demands)
        except AccountNotFound:
            return AccessDenied()

    async def accepted(self, expert_id: ExpertId, copy: EventCopy) -> None:
        """An event was written or changed there: sessions that wait for the calendar are tried."""
        with suppress(AccountNotFound, ExpertNotFound):
            async with self.store.transaction() as tx:
                await tx.experts.lock(expert_id)
                account = await tx.accounts.lock(copy.account_id)
                known = await _calendar_of(tx, copy)
                if known is None or known.refused_at is None:
                    return
                now = self.clock.now()
                await tx.calendars.save([known.accepted()])
                await tx.changes.add(change_of_account(ChangeType.CALENDARS_CHANGED, account, at=now))
                await wake_sessions(tx, expert_id, now)


async def _calendar_of(tx: Transaction, copy: EventCopy) -> Calendar | None:
    """The calendar that the event is in by now, wherever it was written to."""
    for calendar in await tx.calendars.of_account(copy.account_id):
        if calendar.remote.remote_id == copy.remote_calendar_id:
            return calendar
    return None
