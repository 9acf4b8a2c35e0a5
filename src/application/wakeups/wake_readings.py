"""Have conflict calendars read at once, because they were just chosen or can be read again."""

from collections.abc import Iterable
from datetime import datetime

from application.ports.store import Transaction
from domain.calendar import Calendar
from domain.ids import AccountId, CalendarId, ExpertId


async def wake_readings_of(
    tx: Transaction, account_id: AccountId, expert_id: ExpertId, now: datetime
) -> None:
    """Those of one account, in the caller's transaction."""
    chosen = (await tx.calendars.settings(expert_id)).conflict
    # In the order in which everybody takes several.
    for calendar_id in sorted(one.calendar_id for one in await tx.calendars.of_account(account_id)):
        if calendar_id in chosen:
            await wake_reading(tx, calendar_id, now)


async def wake_reading(tx: Transaction, calendar_id: CalendarId, now: datetime) -> None:
    await tx.readings.mark(calendar_id, now)
    await tx.subscriptions.postpone(calendar_id, until=now)
    await tx.jobs.keep_subscription(calendar_id)


async def forget_subscriptions_of_moved(
    tx: Transaction, before: Iterable[Calendar], after: Iterable[Calendar], now: datetime
) -> None:
    """A subscription on a calendar that has another remote id now would stay silent: a new one is due."""
    remote_ids = {one.calendar_id: one.remote.remote_id for one in before}
    moved = [
        calendar.calendar_id
        for calendar in after
        if remote_ids.get(calendar.calendar_id, calendar.remote.remote_id) != calendar.remote.remote_id
    ]
    for calendar_id in sorted(moved):
        await tx.readings.lock(calendar_id)  # so that nobody stores another before this one is forgotten
        known = await tx.subscriptions.get(calendar_id)
        await tx.subscriptions.forget(calendar_id, remote_id=known.remote_id if known else None, now=now)
