"""What every way of finishing a sign-in ends with: one account more, or a known one connected again."""

from dataclasses import dataclass

from application.calendars.refresh_calendars import LISTED_EVERY
from application.ports.clock import Clock
from application.ports.id_source import IdSource
from application.ports.pending_connections import ProvenConnection
from application.ports.sign_in import SignedIn
from application.ports.store import Transaction
from application.wakeups.take_back import take_back
from application.wakeups.wake_readings import forget_subscriptions_of_moved, wake_readings_of
from application.wakeups.wake_sessions import wake_sessions
from domain.account import Account, AccountStatus
from domain.audit import AuditAction, act_on_account, acts_of_selection
from domain.calendar import Calendar, reconcile
from domain.change import ChangeType, change_of_account, change_of_incident
from domain.connection import SignInInterrupted, require_same_person
from domain.expert import AccountUse
from domain.ids import ExpertId


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected:
    """`sessions_woken`: how many sessions had waited and are tried again now."""

    account: Account
    reconnected: bool
    sessions_woken: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectAccount:
    clock: Clock
    ids: IdSource

    async def __call__(self, tx: Transaction, connection: ProvenConnection) -> Connected:
        """Raises what `known_account` raises."""
        expert_id, signed_in = connection.expert_id, connection.signed_in
        known = await known_account(tx, connection)
        account = await (
            self._reconnect(tx, known, signed_in) if known else self._add(tx, expert_id, signed_in)
        )
        now = self.clock.now()
        type_ = ChangeType.ACCOUNT_RECONNECTED if known else ChangeType.ACCOUNT_CONNECTED
        await tx.changes.add(change_of_account(type_, account, at=now))
        consent = AuditAction.CONSENT_RENEWED if known else AuditAction.CONSENT_GIVEN
        await tx.audit.add(act_on_account(consent, account, at=now))
        calendars = await self._keep_calendars(tx, account, connection)
        if not known:
            await take_back(tx, account, now)
            before = await tx.calendars.settings(expert_id)
            settings = await tx.calendars.save_settings(before.after_connecting(calendars))
            for act in acts_of_selection(before, settings, at=now):
                await tx.audit.add(act)
        await wake_readings_of(tx, account.account_id, expert_id, now)
        woken = await wake_sessions(tx, expert_id, now)
        return Connected(account=account, reconnected=known is not None, sessions_woken=woken)

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
        self, tx: Transaction, account: Account, connection: ProvenConnection
    ) -> tuple[Calendar, ...]:
        """A known account is connected without a look, too, since the person did everything right: what is known
        stays."""
        found = known = await tx.calendars.of_account(account.account_id)
        if connection.listed:
            found = reconcile(
                known, connection.listed, account_id=account.account_id, new_id=self.ids.calendar_id
            )
        calendars = tuple(one.after_sign_in(connection.signed_in.grant.scopes) for one in found)
        await tx.calendars.save(calendars)
        now = self.clock.now()
        await forget_subscriptions_of_moved(tx, known, calendars, now)
        due_at = now + (LISTED_EVERY if connection.listed else connection.list_again_in)
        await tx.calendars.listed(account.account_id, due_at=due_at, begun_at=now, now=now)
        if set(calendars) != set(known):
            await tx.changes.add(change_of_account(ChangeType.CALENDARS_CHANGED, account, at=now))
        return calendars


async def known_account(tx: Transaction, connection: ProvenConnection) -> Account | None:
    """The account that this connects again, None for a new one; the expert is locked from here on.

    Raises ExpertNotFound, AccountNotFound, AccountMismatch, AccountLimitReached, and SignInInterrupted where no
    calendar is known: an account without any would count as free all day.
    """
    expert = await tx.experts.lock(connection.expert_id)
    accounts = await tx.accounts.of_expert(connection.expert_id)
    if connection.reconnects:
        meant = await tx.accounts.get(connection.reconnects, of=connection.expert_id)
        require_same_person(meant, connection.signed_in.identity)
    known = next((one for one in accounts if one.identity == connection.signed_in.identity), None)
    if known is None:
        AccountUse(plan=expert.plan, connected=len(accounts)).require_room()
    if not connection.listed and not (known and await tx.calendars.of_account(known.account_id)):
        raise SignInInterrupted
    return known
