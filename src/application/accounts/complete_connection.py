"""Finish a sign-in: one account more, or a known one connected again; or nothing, and the reason."""

from dataclasses import dataclass, field, replace
from datetime import timedelta

from application.calendars.refresh_calendars import LISTED_EVERY
from application.ports.alarms import Alarms
from application.ports.calendar_directory import CalendarDirectory
from application.ports.clock import Clock
from application.ports.id_source import IdSource
from application.ports.sign_in import RedirectAnswer, SignedIn, SignIn
from application.ports.store import Store, StoreUnavailable, Transaction
from application.wakeups.take_back import take_back
from application.wakeups.wake_readings import forget_subscriptions_of_moved, wake_readings_of
from application.wakeups.wake_sessions import wake_sessions
from domain.access import (
    AccessDenied,
    ClockDiffers,
    InvalidAnswer,
    MailboxSuspended,
    ProviderMisconfigured,
    ProviderUnavailable,
)
from domain.account import Account, AccountStatus
from domain.audit import AuditAction, act_on_account, acts_of_selection
from domain.availability import LATER, SOON
from domain.calendar import Calendar, RemoteCalendar, reconcile
from domain.change import ChangeType, change_of_account, change_of_incident
from domain.connection import ConnectionAttempt, MailboxNotServed, SignInInterrupted, require_same_person
from domain.errors import DomainError
from domain.expert import AccountUse
from domain.grant import Grant
from domain.ids import ExpertId


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionOutcome:
    """How a sign-in ended: with an account, or with a failure and nothing stored.

    `return_url` is where the browser goes from here, None for a page of our own. `sessions_woken`: how many sessions
    had waited and are tried again now.
    """

    account: Account | None = None
    reconnected: bool = False
    sessions_woken: int = 0
    failure: DomainError | None = None
    return_url: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstLook:
    """The calendars; or none, if not believed or not available, and how soon to list them again."""

    listed: tuple[RemoteCalendar, ...] = ()
    again_in: timedelta = LATER


@dataclass(frozen=True, slots=True, kw_only=True)
class CompleteConnection:
    store: Store
    clock: Clock
    ids: IdSource
    sign_in: SignIn
    directory: CalendarDirectory
    alarms: Alarms

    async def __call__(
        self, answer: RedirectAnswer, *, expert_id: ExpertId | None = None
    ) -> ConnectionOutcome:
        """`expert_id` is whose sign-in it is according to the caller; the redirect itself names nobody.

        Uses the attempt up. Raises ConnectionAttemptNotFound; every later failure is in the outcome: of the domain's
        connection errors, AccountLimitReached, AccountNotFound, ProviderMisconfigured.
        """
        async with self.store.transaction() as tx:
            attempt = await tx.attempts.take(answer.state, of=expert_id)
            await _consent_was_asked(tx, attempt)
        try:
            attempt.require_alive(self.clock.now())
            outcome = await self._connect(attempt, answer)
        except (ProviderUnavailable, StoreUnavailable):
            return ConnectionOutcome(failure=SignInInterrupted(), return_url=attempt.return_url)
        except DomainError as failure:
            # What a redirect says without a code is anybody's word.
            if isinstance(failure, ProviderMisconfigured) and answer.code:
                self.alarms.provider_misconfigured(attempt.provider, failure.code)
            if isinstance(failure, ClockDiffers):
                self.alarms.clock_differs(failure.by)
            return ConnectionOutcome(failure=failure, return_url=attempt.return_url)
        return replace(outcome, return_url=attempt.return_url)

    async def _connect(self, attempt: ConnectionAttempt, answer: RedirectAnswer) -> ConnectionOutcome:
        signed_in = await self.sign_in.redeem(attempt.flow, answer)
        look = await self._first_look(signed_in.grant)
        async with self.store.transaction() as tx:
            expert = await tx.experts.lock(attempt.expert_id)
            accounts = await tx.accounts.of_expert(attempt.expert_id)
            if attempt.reconnects:
                meant = await tx.accounts.get(attempt.reconnects, of=attempt.expert_id)
                require_same_person(meant, signed_in.identity)
            known = next((one for one in accounts if one.identity == signed_in.identity), None)
            if known:
                account = await self._reconnect(tx, known, signed_in)
            else:
                AccountUse(plan=expert.plan, connected=len(accounts)).require_room()
                account = await self._add(tx, attempt.expert_id, signed_in)
            type_ = ChangeType.ACCOUNT_RECONNECTED if known else ChangeType.ACCOUNT_CONNECTED
            await tx.changes.add(change_of_account(type_, account, at=self.clock.now()))
            consent = AuditAction.CONSENT_RENEWED if known else AuditAction.CONSENT_GIVEN
            await tx.audit.add(act_on_account(consent, account, at=self.clock.now()))
            calendars = await self._keep_calendars(tx, account, look, signed_in.grant.scopes)
            if not known:
                await take_back(tx, account, self.clock.now())
                before = await tx.calendars.settings(attempt.expert_id)
                settings = await tx.calendars.save_settings(before.after_connecting(calendars))
                for act in acts_of_selection(before, settings, at=self.clock.now()):
                    await tx.audit.add(act)
            await wake_readings_of(tx, account.account_id, attempt.expert_id, self.clock.now())
            woken = await wake_sessions(tx, attempt.expert_id, self.clock.now())
        return ConnectionOutcome(account=account, reconnected=known is not None, sessions_woken=woken)

    async def _first_look(self, grant: Grant) -> FirstLook:
        """A refusal may pass by itself, as storms of them have: only words about the mailbox say that there is none."""
        try:
            return FirstLook(listed=await self.directory.first_look(grant))
        except MailboxSuspended as exc:
            raise MailboxNotServed from exc
        except (AccessDenied, InvalidAnswer):
            return FirstLook()
        except ProviderUnavailable as fault:
            return FirstLook(again_in=fault.retry_after or SOON)

    async def _reconnect(self, tx: Transaction, known: Account, signed_in: SignedIn) -> Account:
        account = known.reconnected(email=signed_in.email, display_name=signed_in.display_name)
        await tx.accounts.save(account, signed_in.grant)
        if incident := await tx.incidents.open_of(account.account_id):
            now = self.clock.now()
            await tx.incidents.save(incident.closed(now))
            await tx.changes.add(change_of_incident(ChangeType.INCIDENT_CLOSED, incident, at=now))
        return account

    async def _add(self, tx: Transaction, expert_id: ExpertId, signed_in: SignedIn) -> Account:
        account = Account(
            account_id=self.ids.account_id(),
            expert_id=expert_id,
            identity=signed_in.identity,
            kind=signed_in.kind,
            status=AccountStatus.ACTIVE,
            email=signed_in.email,
            display_name=signed_in.display_name,
            connected_at=self.clock.now(),
            grant_version=1,
        )
        await tx.accounts.add(account, signed_in.grant)
        return account

    async def _keep_calendars(
        self,
        tx: Transaction,
        account: Account,
        look: FirstLook,
        granted: tuple[str, ...],
    ) -> tuple[Calendar, ...]:
        """Raises ProviderUnavailable for a new account with unknown calendars: it would count as free all day.

        A known one is connected without a look, too, since the person did everything right: what is known stays.
        """
        found = known = await tx.calendars.of_account(account.account_id)
        if look.listed:
            found = reconcile(known, look.listed, account_id=account.account_id, new_id=self.ids.calendar_id)
        elif not known:
            raise ProviderUnavailable
        calendars = tuple(one.after_sign_in(granted) for one in found)
        await tx.calendars.save(calendars)
        now = self.clock.now()
        await forget_subscriptions_of_moved(tx, known, calendars, now)
        due_at = now + (LISTED_EVERY if look.listed else look.again_in)
        await tx.calendars.listed(account.account_id, due_at=due_at, begun_at=now, now=now)
        if set(calendars) != set(known):
            await tx.changes.add(change_of_account(ChangeType.CALENDARS_CHANGED, account, at=now))
        return calendars


async def _consent_was_asked(tx: Transaction, attempt: ConnectionAttempt) -> None:
    """Asking afresh is for one sign-in only: where people may not consent by themselves it leads nowhere twice."""
    if attempt.reconnects is None:
        await tx.attempts.ask_consent_afresh(attempt.expert_id, attempt.provider, wanted=False)
