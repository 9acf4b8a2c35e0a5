"""Mail an expert that an account needs them to sign in again, and remind them; each only if it is still so."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial

from application.accounts.claim_incidents import LEASE
from application.blame import FindBlame
from application.ports.alarms import Alarms
from application.ports.clock import Clock
from application.ports.id_source import IdSource
from application.ports.mailer import MailDelayed, Mailer, MailRefused, MailUncertain, ReconnectNotice
from application.ports.provider import CalendarProviders, provider_of
from application.ports.store import Store, Transaction
from application.wakeups.wake_readings import wake_readings_of
from application.wakeups.wake_sessions import wake_sessions
from domain.access import (
    AccessDenied,
    AccessDoubted,
    AccessLost,
    InvalidAnswer,
    LossCause,
    ProviderMisconfigured,
    ProviderUnavailable,
)
from domain.account import Account, AccountNotFound, ProviderNotAvailable
from domain.change import ChangeType, change_of_account, change_of_incident
from domain.connection import MailboxNotServed
from domain.expert import Expert, ExpertNotFound
from domain.ids import IncidentId
from domain.incident import Incident

MOST_ACCOUNTS = 100
"""Of one expert: far more than any plan allows."""

Settlement = Callable[[Transaction, Incident], Awaitable[None]]
"""Records how a try ended, on the incident as it is by then."""


Send = Callable[[ReconnectNotice], Awaitable[None]]


class _Superseded(Exception):
    """Another worker has the incident, or it is closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifyExpert:
    """`reconnect_url` makes the link of an incident's token. Without a `mailer` the caller notifies the expert."""

    store: Store
    clock: Clock
    ids: IdSource
    providers: CalendarProviders
    mailer: Mailer | None
    alarms: Alarms
    blame: FindBlame
    reconnect_url: Callable[[str], str]

    async def __call__(self, incident_id: IncidentId, *, token: str | None = None) -> None:
        """Does nothing when the mail is not due, was sent, or is being sent by another: by whoever has claimed it
        under another token than this one."""
        token = token or self.ids.claim()
        now = self.clock.now()
        async with self.store.transaction() as tx:
            incident = await tx.incidents.claim(incident_id, token=token, now=now, until=now + LEASE)
            if incident is None:
                return
            account = await tx.accounts.get(incident.account_id)
            expert = await tx.experts.get(incident.expert_id)
        settle = await self._try(incident, account, expert, token)
        with suppress(AccountNotFound, ExpertNotFound):
            await self._settle(incident, settle, token)

    async def _settle(self, incident: Incident, settle: Settlement, token: str) -> None:
        """Raises AccountNotFound or ExpertNotFound when they went meanwhile, and the incident with them."""
        async with self.store.transaction() as tx:
            # Locked in the order in which a reconnect locks them, and before sessions may be woken.
            await tx.experts.lock(incident.expert_id)
            await tx.accounts.lock(incident.account_id)
            claimed = await tx.incidents.claimed(incident.incident_id, token=token)
            if claimed is not None:
                await settle(tx, claimed)
                await tx.incidents.release(claimed.incident_id)

    async def _try(self, incident: Incident, account: Account, expert: Expert, token: str) -> Settlement:
        """Ask the provider once more, mail if access is really gone, and return what to record."""
        if incident.mail_begun_at is not None:
            return self._uncertain  # whoever began to hand it over has died meanwhile
        try:
            directory = provider_of(self.providers, account.identity.provider).directory
            if incident.cause is LossCause.MAILBOX_NOT_SERVED:
                await directory.list_calendars(account.account_id)
                return self._served
            await directory.check_access(account.account_id)
        except MailboxNotServed:
            return await self._tell_of(incident, account, expert, LossCause.MAILBOX_NOT_SERVED, token)
        except AccessLost as lost:
            return await self._lost(lost, incident, account, expert, token)
        except AccessDoubted as again:
            return await self._lost(again.confirmed(), incident, account, expert, token)
        except ProviderMisconfigured as fault:
            self.alarms.provider_misconfigured(account.identity.provider, fault.code)
            return self._later
        except (AccessDenied, ProviderUnavailable, InvalidAnswer, AccountNotFound, ProviderNotAvailable):
            return self._later
        return self._restored

    async def _lost(
        self, lost: AccessLost, incident: Incident, account: Account, expert: Expert, token: str
    ) -> Settlement:
        match await self.blame(lost, account):
            case ProviderMisconfigured() as fault:
                self.alarms.provider_misconfigured(account.identity.provider, fault.code)
                return self._restored
            case ProviderUnavailable():
                return self._later
        return await self._tell_of(incident, account, expert, lost.cause, token)

    async def _tell_of(
        self, incident: Incident, account: Account, expert: Expert, cause: LossCause, token: str
    ) -> Settlement:
        if self.mailer is None:
            return partial(self._noticed, cause, ChangeType.INCIDENT_NOTICE_DUE)
        send = partial(
            self.mailer.send_reconnect_notice, before_handover=partial(self._note_handover, incident, token)
        )
        return await self._mail(send, incident, account, expert, cause)

    async def _mail(
        self, send: Send, incident: Incident, account: Account, expert: Expert, cause: LossCause
    ) -> Settlement:
        notice = ReconnectNotice(
            to=expert.email,
            display_name=expert.display_name,
            account_email=account.email,
            provider_name=account.identity.provider.value.title(),
            cause=cause,
            lost_on=incident.opened_at.astimezone(expert.time_zone).date(),
            reconnect_url=self.reconnect_url(incident.token),
            message_id=incident.message_id,
            sessions_at_risk=await self._sessions_at_risk(incident),
            reminder=incident.reminds and incident.cause is cause,
            locale=expert.locale,
        )
        try:
            await send(notice)
        except MailDelayed as delayed:
            if delayed.ours:
                self.alarms.mail_misconfigured(delayed.reason)
            return self._later
        except _Superseded:
            return self._later
        except MailUncertain:
            return self._uncertain
        except MailRefused:
            return partial(self._refused, expert.email)
        self.alarms.mail_works()
        return partial(self._noticed, cause, ChangeType.INCIDENT_NOTICE_SENT)

    async def _sessions_at_risk(self, incident: Incident) -> int:
        async with self.store.transaction() as tx:
            found = await tx.incidents.open(
                incident.expert_id, after=None, now=self.clock.now(), limit=MOST_ACCOUNTS
            )
        return next(
            (one.sessions_at_risk for one in found if one.incident.incident_id == incident.incident_id), 0
        )

    async def _note_handover(self, incident: Incident, token: str) -> None:
        """Raises _Superseded when the claim has passed on, the account is connected again, or an earlier mail has come
        back."""
        async with self.store.transaction() as tx:
            claimed = await tx.incidents.claimed(incident.incident_id, token=token)
            if claimed is None or claimed.address_refused:
                raise _Superseded
            await tx.incidents.save(claimed.mail_begun(self.clock.now()))

    async def _uncertain(self, tx: Transaction, incident: Incident) -> None:
        if incident.address_refused:
            return  # it has come back, so it was taken
        waiting = incident.mail_uncertain(self.clock.now())
        await tx.incidents.save(waiting)
        await tx.jobs.notify_expert(incident.incident_id, at=waiting.mail_due_at)

    async def _noticed(
        self, cause: LossCause, type_: ChangeType, tx: Transaction, incident: Incident
    ) -> None:
        """Mailed, or left to the caller. The account names the same cause, which may differ from the one seen first."""
        account = await tx.accounts.get(incident.account_id)
        if cause is not LossCause.MAILBOX_NOT_SERVED and account.loss_cause is not cause:
            await tx.accounts.save(account.lost(cause))
            news = change_of_account(ChangeType.ACCOUNT_RECONNECT_REQUIRED, account, at=self.clock.now())
            await tx.changes.add(news)
        told = incident.because(cause).notified(self.clock.now())
        if incident.address_refused:
            told = told.mail_refused()  # it came back before it was known to be taken
        elif cause is LossCause.MAILBOX_NOT_SERVED and not account.active:
            # Access was lost as well while this was told: that is still to be told.
            told = replace(incident.notified(self.clock.now()), mail_due_at=self.clock.now())
            await tx.jobs.notify_expert(incident.incident_id)
        elif told.mail_due_at is not None:
            await tx.jobs.notify_expert(incident.incident_id, at=told.mail_due_at)
        await tx.incidents.save(told)
        await self._tell(tx, type_, incident)

    async def _refused(self, address: str, tx: Transaction, incident: Incident) -> None:
        refused = incident.mail_refused()
        if (await tx.experts.get(incident.expert_id)).email == address:
            await tx.incidents.save(refused)
            await self._tell(tx, ChangeType.INCIDENT_NOTICE_REFUSED, incident)
            return
        # The address has changed while the mail was on its way to the former one.
        await tx.incidents.save(refused.address_changed(self.clock.now()))
        await tx.jobs.notify_expert(incident.incident_id)

    async def _later(self, tx: Transaction, incident: Incident) -> None:
        if incident.address_refused:
            return  # meanwhile
        delayed = incident.mail_delayed(self.clock.now())
        await tx.incidents.save(delayed)
        await tx.jobs.notify_expert(incident.incident_id, at=delayed.mail_due_at)

    async def _served(self, tx: Transaction, incident: Incident) -> None:
        """The mailbox is back; whoever reads its list wakes what waited for it.

        Where the incident is about lost access by now, that is checked next.
        """
        if incident.cause is not LossCause.MAILBOX_NOT_SERVED:
            await tx.jobs.notify_expert(incident.incident_id)
            return
        await tx.incidents.save(incident.closed(self.clock.now()))
        await self._tell(tx, ChangeType.INCIDENT_CLOSED, incident)
        await tx.jobs.refresh_calendars(incident.account_id)

    async def _restored(self, tx: Transaction, incident: Incident) -> None:
        """It was a false alarm, or is our own fault: everything goes on as if nothing had been."""
        now = self.clock.now()
        account = await tx.accounts.get(incident.account_id)
        await tx.accounts.save(account.restored())
        await tx.incidents.save(incident.closed(now))
        await tx.changes.add(change_of_account(ChangeType.ACCOUNT_RECONNECTED, account, at=now))
        await self._tell(tx, ChangeType.INCIDENT_CLOSED, incident)
        await wake_readings_of(tx, account.account_id, incident.expert_id, now)
        await wake_sessions(tx, incident.expert_id, now)

    async def _tell(self, tx: Transaction, type_: ChangeType, incident: Incident) -> None:
        await tx.changes.add(change_of_incident(type_, incident, at=self.clock.now()))
