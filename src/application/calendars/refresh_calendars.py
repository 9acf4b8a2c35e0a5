"""Look at an account's list of calendars again."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from application.ports.alarms import Alarms
from application.ports.clock import Clock
from application.ports.id_source import IdSource
from application.ports.provider import CalendarProviders, provider_of
from application.ports.store import Store, Transaction
from application.provider_faults import PROVIDER_FAULTS, LostAccessReport, unread_because
from application.wakeups.wake_readings import forget_subscriptions_of_moved, wake_readings_of
from application.wakeups.wake_sessions import wake_sessions
from domain.access import LossCause
from domain.account import Account, AccountNotFound
from domain.availability import ReadFailure, UnreadReason
from domain.calendar import CalendarListNotBelieved, RemoteCalendar, reconcile
from domain.change import ChangeType, change_of_account, change_of_incident
from domain.connection import MailboxNotServed
from domain.expert import ExpertNotFound
from domain.ids import AccountId
from domain.incident import Incident

LISTED_EVERY = timedelta(hours=6)
LISTED_AFTER_FAILURE = timedelta(minutes=30)
LISTED_WHILE_DOUBTED = timedelta(minutes=5)
"""Where the list fails for another reason than the one that access is doubted for."""
LISTED_WHILE_MISSED = timedelta(minutes=15)
"""So that a chosen calendar which comes back is soon used again. Nobody asks for the list meanwhile: a question about a
missing calendar writes nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshCalendars:
    store: Store
    clock: Clock
    ids: IdSource
    providers: CalendarProviders
    alarms: Alarms
    report_lost: LostAccessReport

    async def __call__(self, account_id: AccountId) -> UnreadReason | None:
        """None when the list is up to date now, else why it is not; then what was known stands.

        When anything is new, or access was in doubt until now, sessions that wait are tried again.
        """
        try:
            async with self.store.transaction() as tx:
                account = await tx.accounts.get(account_id)
            if not account.active:
                return UnreadReason.RECONNECT_REQUIRED
            return await self._refresh(account)
        except (AccountNotFound, ExpertNotFound):
            return UnreadReason.CALENDAR_MISSING

    async def _refresh(self, account: Account) -> UnreadReason | None:
        provider, begun_at = account.identity.provider, self.clock.now()
        try:
            listed = await provider_of(self.providers, provider).directory.list_calendars(account.account_id)
        except PROVIDER_FAULTS as fault:
            failure = await unread_because(
                fault, provider=provider, alarms=self.alarms, report_lost=self.report_lost
            )
            if isinstance(fault, MailboxNotServed):
                await self._without_mailbox(account, begun_at)
            else:
                await self._listed_in(_again_after(account, failure), account, begun_at)
            return failure.reason
        self.alarms.somebody_accepted(provider)
        try:
            await self._keep(account, listed, begun_at)
        except CalendarListNotBelieved:
            await self._listed_in(LISTED_AFTER_FAILURE, account, begun_at)
            return UnreadReason.INVALID_ANSWER
        return None

    async def _without_mailbox(self, account: Account, begun_at: datetime) -> None:
        """Remembered, so that settings and sessions say what hinders; the list is asked for again before long."""
        async with self.store.transaction() as tx:
            known = await tx.accounts.lock(account.account_id)
            now = self.clock.now()
            await tx.calendars.listed(
                account.account_id, due_at=now + LISTED_WHILE_MISSED, begun_at=begun_at, now=now
            )
            if known.grant_version != account.grant_version:
                return
            if known.served:
                await tx.accounts.save(known.without_mailbox(now))
                await tx.changes.add(change_of_account(ChangeType.CALENDARS_CHANGED, account, at=now))
            elif known.active and known.long_without_mailbox(now):
                await self._tell_expert(tx, known, now)

    async def _tell_expert(self, tx: Transaction, account: Account, now: datetime) -> None:
        incident = Incident(
            incident_id=self.ids.incident_id(),
            account_id=account.account_id,
            expert_id=account.expert_id,
            cause=LossCause.MAILBOX_NOT_SERVED,
            token=self.ids.token(),
            opened_at=now,
            mail_due_at=now,
        )
        if await tx.incidents.add(incident):
            await tx.changes.add(change_of_incident(ChangeType.INCIDENT_OPENED, incident, at=now))
            await tx.jobs.notify_expert(incident.incident_id)

    async def _has_mailbox(self, tx: Transaction, account: Account, now: datetime) -> None:
        await tx.accounts.save(account.with_mailbox())
        incident = await tx.incidents.open_of(account.account_id)
        if incident is not None and incident.cause is LossCause.MAILBOX_NOT_SERVED:
            await tx.incidents.save(incident.closed(now))
            await tx.changes.add(change_of_incident(ChangeType.INCIDENT_CLOSED, incident, at=now))

    async def _listed_in(self, pause: timedelta, account: Account, begun_at: datetime) -> None:
        async with self.store.transaction() as tx:
            now = self.clock.now()
            await tx.calendars.listed(account.account_id, due_at=now + pause, begun_at=begun_at, now=now)

    async def _keep(self, account: Account, listed: tuple[RemoteCalendar, ...], begun_at: datetime) -> None:
        async with self.store.transaction() as tx:
            await tx.experts.lock(account.expert_id)  # since sessions may be woken
            owner = await tx.accounts.lock(account.account_id)
            now = self.clock.now()
            if not owner.served:
                await self._has_mailbox(tx, owner, now)
            known = await tx.calendars.of_account(account.account_id)
            now_known = tuple(
                one.doubted(now)
                for one in reconcile(
                    known, listed, account_id=account.account_id, new_id=self.ids.calendar_id
                )
            )
            chosen = await tx.calendars.settings(account.expert_id)
            missed = any(calendar.missing and chosen.uses(calendar) for calendar in now_known)
            pause = LISTED_WHILE_MISSED if missed else LISTED_EVERY
            await tx.calendars.listed(account.account_id, due_at=now + pause, begun_at=begun_at, now=now)
            is_news = set(now_known) != set(known) or not owner.served
            if is_news:
                await tx.calendars.save(now_known)
                await forget_subscriptions_of_moved(tx, known, now_known, now)
                await tx.changes.add(change_of_account(ChangeType.CALENDARS_CHANGED, account, at=now))
            if owner.doubt is not None:
                await tx.accounts.trust(account.account_id)
            elif not is_news:
                return  # whoever backs off from this account keeps doing so
            await wake_readings_of(tx, account.account_id, account.expert_id, now)
            await wake_sessions(tx, account.expert_id, now)


def _again_after(account: Account, failure: ReadFailure) -> timedelta:
    """Access in doubt is looked at again when that says more: nobody else may be asking for anything of the account."""
    if failure.reason is UnreadReason.ACCESS_DOUBTED:
        return failure.pause or LISTED_WHILE_DOUBTED
    return LISTED_AFTER_FAILURE if account.doubt is None else LISTED_WHILE_DOUBTED
