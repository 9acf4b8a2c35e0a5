"""Look at an account's list of calendars again."""

from dataclasses import dataclass

from application.ports.alarms import Alarms
from application.ports.calendar_directory import CalendarDirectory
from application.ports.clock import Clock
from application.ports.id_source import IdSource
from application.ports.store import Store
from application.provider_faults import PROVIDER_FAULTS, LostAccessReport, unread_because
from application.sessions.wake_waiting import wake_waiting
from domain.account import Account, AccountNotFound
from domain.availability import UnreadReason
from domain.calendar import CalendarListNotBelieved, RemoteCalendar, reconcile
from domain.ids import AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshCalendars:
    store: Store
    clock: Clock
    ids: IdSource
    directory: CalendarDirectory
    alarms: Alarms
    report_lost: LostAccessReport

    async def __call__(self, account_id: AccountId) -> UnreadReason | None:
        """None when the list is up to date now, else why it is not; then what was known stands.

        When anything is new, sessions that wait are tried again.
        """
        try:
            async with self.store.transaction() as tx:
                account = await tx.accounts.get(account_id)
            if not account.active:
                return UnreadReason.RECONNECT_REQUIRED
            return await self._refresh(account)
        except AccountNotFound:
            return UnreadReason.CALENDAR_MISSING

    async def _refresh(self, account: Account) -> UnreadReason | None:
        provider = account.identity.provider
        try:
            listed = await self.directory.list_calendars(account.account_id)
        except PROVIDER_FAULTS as fault:
            return await unread_because(
                fault, provider=provider, alarms=self.alarms, report_lost=self.report_lost
            )
        self.alarms.provider_works(provider)
        try:
            await self._keep(account, listed)
        except CalendarListNotBelieved:
            return UnreadReason.INVALID_ANSWER
        return None

    async def _keep(self, account: Account, listed: tuple[RemoteCalendar, ...]) -> None:
        async with self.store.transaction() as tx:
            await tx.accounts.lock(account.account_id)
            known = await tx.calendars.of_account(account.account_id)
            now_known = reconcile(known, listed, account_id=account.account_id, new_id=self.ids.calendar_id)
            if set(now_known) == set(known):
                return  # nothing to wait for has come: whoever backs off from this account goes on doing so
            await tx.calendars.save(now_known)
            await wake_waiting(tx, account.expert_id, self.clock.now())
