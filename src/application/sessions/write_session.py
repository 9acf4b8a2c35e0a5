"""Bring a session's event in line with the session, whatever state either is in."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from application.outages import Outages
from application.ports.alarms import Alarms
from application.ports.clock import Clock
from application.ports.id_source import IdSource
from application.ports.provider import CalendarProviders, provider_of
from application.ports.store import Store, Transaction
from application.provider_faults import LostAccessReport
from application.sessions.claim_sessions import LEASE
from application.sessions.learn_refusals import LearnRefusals
from application.sessions.plan_write import Blocked, plan_write
from application.sessions.write_faults import WRITE_FAULTS, WriteFault, after_fault, suspect
from application.sessions.write_plan import Change, Taken, WritePlan, what_was_done
from application.sessions.write_step import take
from application.wakeups.wake_after_outage import wake_of_account
from domain import writing
from domain.access import AccessDenied, AccessRefused, ProviderMisconfigured, ProviderUnavailable
from domain.account import Provider
from domain.audit import Act, AuditAction
from domain.expert import ExpertNotFound
from domain.ids import ExpertId, SessionId
from domain.session import Hindrance, Session
from domain.writing import Delete, Remove, Update

CALL_LIMIT = timedelta(seconds=25)
MOST_STEPS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteSession:
    """May run for the same session twice, late or concurrently: one at a time writes, always the newest revision.

    `jitter` gives numbers from 0 to 1 that spread the sessions which a success wakes.
    """

    store: Store
    clock: Clock
    ids: IdSource
    providers: CalendarProviders
    alarms: Alarms
    report_lost: LostAccessReport
    refusals: LearnRefusals
    outages: Outages
    jitter: Callable[[], float]

    async def __call__(self, expert_id: ExpertId, session_id: SessionId, *, token: str | None = None) -> None:
        """Does nothing when nothing is due or another worker is at it: one that has claimed it under another token."""
        plan, token = await self._begin(expert_id, session_id, token)
        first = plan
        for _ in range(MOST_STEPS):
            if plan is None:
                return
            plan = await self._record(plan, await self._take(plan), token)
        if plan is None or first is None:
            return
        if plan.session.written_revision > first.session.written_revision:
            await self._hand_over(plan, token)
        else:
            await self._record(plan, Taken(change=self._later), token)

    async def _begin(
        self, expert_id: ExpertId, session_id: SessionId, claimed_under: str | None
    ) -> tuple[WritePlan | None, str]:
        """The first plan, and the token of the claim."""
        token, now = claimed_under or self.ids.claim(), self.clock.now()
        async with self.store.transaction() as tx:
            if claimed_under is None:
                session = await tx.sessions.claim(
                    expert_id, session_id, token=token, now=now, until=now + LEASE
                )
            else:
                session = await tx.sessions.claimed(expert_id, session_id, token=token)
            plan = None if session is None else await plan_write(tx, session, self.clock.now())
        return await self._sure(plan, token), token

    async def _sure(self, plan: WritePlan | Blocked | None, token: str) -> WritePlan | None:
        """Check again before a session is left waiting, while whoever may unblock it is held back.

        Whoever was just unblocking it, with changes that were not visible yet, found nobody waiting to be woken.
        """
        if not isinstance(plan, Blocked):
            return plan
        async with self.store.transaction() as tx:
            try:
                await tx.experts.lock(plan.expert_id)
            except ExpertNotFound:
                return None
            session = await tx.sessions.claimed(plan.expert_id, plan.session_id, token=token)
            surely = (
                None if session is None else await plan_write(tx, session, self.clock.now(), may_wait=True)
            )
        assert not isinstance(surely, Blocked)
        return surely

    async def _take(self, plan: WritePlan) -> Taken:
        """Ask the provider. A fault is reported to whom it concerns, and changes the session too."""
        try:
            async with asyncio.timeout(CALL_LIMIT.total_seconds()):
                writer = provider_of(self.providers, plan.provider).writer
                change = await take(plan, writer, self.clock.now)
        except TimeoutError:
            self.outages.failed(plan.provider)
            return Taken(
                change=after_fault(plan, ProviderUnavailable(outcome_unknown=True), self.clock.now())
            )
        except WRITE_FAULTS as fault:
            blamed = await self._report(plan.provider, fault)
            if isinstance(blamed, AccessDenied):
                old_event = isinstance(plan.step, Update | Delete | Remove)
                blamed = await self.refusals.refused(plan.copy, blamed, old_event=old_event)
            return Taken(change=after_fault(plan, blamed, self.clock.now()), suspect=suspect(plan, fault))
        if plan.doubted and _proves_writing(plan, change):
            await self.refusals.accepted(plan.session.expert_id, plan.copy)
        if plan.access_doubted:
            async with self.store.transaction() as tx:
                await tx.accounts.trust(plan.copy.account_id)
        self.outages.worked(plan.provider)
        waited = plan.session.hindrance is Hindrance.PROVIDER_UNAVAILABLE
        return Taken(
            change=change,
            recovered=plan.copy.account_id if waited else None,
            audited=what_was_done(plan, change),
        )

    async def _report(self, provider: Provider, fault: WriteFault) -> WriteFault:
        """The fault as what it turned out to be."""
        if isinstance(fault, AccessRefused):
            fault = await self.report_lost(fault)
        if isinstance(fault, ProviderMisconfigured):
            self.alarms.provider_misconfigured(provider, fault.code)
        if isinstance(fault, ProviderUnavailable) and not fault.throttled:
            self.outages.failed(provider)
        return fault

    async def _record(self, plan: WritePlan, taken: Taken, token: str) -> WritePlan | None:
        """Apply the change and plan on; None when all is done for now, or the claim has passed to another."""
        async with self.store.transaction() as tx:
            session = await tx.sessions.claimed(plan.session.expert_id, plan.session.session_id, token=token)
            if session is None:
                return None
            if taken.audited is not None:
                await tx.audit.add(self._act(plan, taken.audited))
            if taken.suspect is not None:
                # In the transaction that lets the session wait, so that what is found out wakes it.
                await tx.jobs.refresh_calendars(taken.suspect)
            if taken.recovered is not None:
                await wake_of_account(tx, taken.recovered, self.clock.now(), self.jitter)
            then = await plan_write(
                tx, await self._at_home(tx, session, taken.change(session)), self.clock.now()
            )
        return await self._sure(then, token)

    def _act(self, plan: WritePlan, action: AuditAction) -> Act:
        return Act(
            action=action,
            at=self.clock.now(),
            expert_id=plan.session.expert_id,
            account_id=plan.copy.account_id,
            session_id=plan.session.session_id,
        )

    async def _at_home(self, tx: Transaction, before: Session, session: Session) -> Session:
        """Its event may have been found in another calendar, which is then the one to name."""
        copy = session.copy
        if copy is None or before.copy is None or copy.remote_calendar_id == before.copy.remote_calendar_id:
            return session
        for calendar in await tx.calendars.of_account(copy.account_id):
            if calendar.remote.remote_id == copy.remote_calendar_id:
                return replace(session, copy=replace(copy, calendar_id=calendar.calendar_id))
        await tx.jobs.refresh_calendars(copy.account_id)
        return session

    async def _hand_over(self, plan: WritePlan, token: str) -> None:
        """It changes as fast as it is written: nothing is wrong, so another worker goes on at once."""
        expert_id, session_id = plan.session.expert_id, plan.session.session_id
        async with self.store.transaction() as tx:
            if await tx.sessions.claimed(expert_id, session_id, token=token) is not None:
                await tx.sessions.release(expert_id, session_id)
                await tx.jobs.write_session(expert_id, session_id)

    def _later(self, session: Session) -> Session:
        return writing.delayed(session, Hindrance.PROVIDER_UNAVAILABLE, now=self.clock.now())


def _proves_writing(plan: WritePlan, change: Change) -> bool:
    """An event that was only found, or found missing, says nothing of what may be written."""
    return change(plan.session).written_revision > plan.session.written_revision
