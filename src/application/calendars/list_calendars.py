"""List an expert's calendars: those that can be checked, only those that can be written, or all there are."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from itertools import groupby

from application.calendars.refresh_calendars import RefreshCalendars
from application.ports.name_order import NameOrder
from application.ports.store import Store
from domain.availability import UnreadReason
from domain.calendar import Calendar
from domain.ids import AccountId, ExpertId


class Listing(Enum):
    """Which calendars are listed."""

    CHECKABLE = "CHECKABLE"
    """All but those that can't be checked; missing ones count for what they were."""
    WRITABLE = "WRITABLE"
    ALL = "ALL"

    def has(self, calendar: Calendar) -> bool:
        match self:
            case Listing.CHECKABLE:
                return calendar.remote.uncheckable is None
            case Listing.WRITABLE:
                return calendar.writable
            case Listing.ALL:
                return True


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedCalendars:
    """The calendars as now known, and the accounts whose list could not be refreshed."""

    calendars: tuple[Calendar, ...]
    failures: tuple[tuple[AccountId, UnreadReason], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ListCalendars:
    store: Store
    refresh: RefreshCalendars
    name_order: NameOrder

    async def __call__(
        self, expert_id: ExpertId, *, which: Listing = Listing.CHECKABLE, refresh: bool = False
    ) -> ListedCalendars:
        """The oldest account's first, of each the primary one, then in alphabetical order. Raises ExpertNotFound."""
        failures = await self._refresh_all(expert_id) if refresh else ()
        async with self.store.transaction() as tx:
            await tx.experts.get(expert_id)
            calendars = await tx.calendars.of_expert(expert_id)
        offered = tuple(one for one in calendars if which.has(one))
        return ListedCalendars(calendars=self._in_order(offered), failures=failures)

    def _in_order(self, calendars: Iterable[Calendar]) -> tuple[Calendar, ...]:
        """Which come by account already, and of one name by id."""
        of_account = groupby(calendars, key=lambda one: one.account_id)
        return tuple(
            calendar
            for _, group in of_account
            for calendar in sorted(
                group, key=lambda one: (not one.primary, self.name_order.key(one.remote.name))
            )
        )

    async def _refresh_all(self, expert_id: ExpertId) -> tuple[tuple[AccountId, UnreadReason], ...]:
        async with self.store.transaction() as tx:
            ids = [account.account_id for account in await tx.accounts.of_expert(expert_id)]
        reasons = await asyncio.gather(*(self.refresh(account_id) for account_id in ids))
        return tuple((account_id, reason) for account_id, reason in zip(ids, reasons, strict=True) if reason)
