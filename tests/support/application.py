"""The whole application over fakes: every use-case, and the steps that most tests begin with. `wiring.py` makes one."""

import asyncio
from collections.abc import AsyncIterator, Collection, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import TypeVar

from application.accounts.claim_incidents import ClaimIncidents
from application.accounts.complete_connection import CompleteConnection, ConnectionOutcome
from application.accounts.confirm_connection import ConfirmConnection
from application.accounts.disconnect_account import DisconnectAccount
from application.accounts.get_account import GetAccount
from application.accounts.list_accounts import ListAccounts
from application.accounts.list_incidents import ListIncidents
from application.accounts.look_at_page import LookAtPage
from application.accounts.notify_expert import NotifyExpert
from application.accounts.prove_password import ProvePassword
from application.accounts.record_bounce import RecordBounce
from application.accounts.start_connection import StartConnection
from application.accounts.start_reconnect import StartReconnect
from application.availability.check_times import CheckTimes
from application.availability.find_times import FindTimes
from application.availability.hold_time import HoldTime
from application.availability.list_holds import ListHolds
from application.availability.look_up_availability import LookUpAvailability
from application.availability.release_hold import ReleaseHold
from application.calendars.claim_lists import ClaimLists
from application.calendars.get_calendar_settings import GetCalendarSettings
from application.calendars.list_calendars import ListCalendars
from application.calendars.refresh_calendars import RefreshCalendars
from application.calendars.update_calendar_settings import UpdateCalendarSettings
from application.changes.list_changes import ListChanges
from application.changes.watch_changes import WatchChanges
from application.experts.delete_expert import DeleteExpert
from application.experts.export_expert import ExportExpert
from application.experts.get_expert import GetExpert
from application.experts.put_expert import PutExpert
from application.give_back_grants import GiveBackGrants
from application.notifications.claim_subscriptions import ClaimSubscriptions
from application.notifications.end_subscriptions import EndSubscriptions
from application.notifications.keep_subscription import KeepSubscription
from application.notifications.notification import Notification
from application.notifications.sift_notifications import SiftNotifications
from application.notifications.take_notifications import TakeNotifications
from application.notifications.tell_ended import TellEnded
from application.ports.incidents import DueIncident
from application.ports.lanes import Room
from application.ports.provider import CalendarProvider
from application.ports.sessions import DueSession
from application.ports.sign_in import RedirectAnswer
from application.readings.claim_readings import ClaimReadings
from application.readings.read_calendar import ReadCalendar
from application.readings.single_flight import SingleFlight
from application.readings.under_way import UnderWay
from application.sessions.cancel_session import CancelSession
from application.sessions.claim_sessions import ClaimSessions
from application.sessions.get_session import GetSession
from application.sessions.list_sessions import ListSessions
from application.sessions.put_session import PutSession, WantedSession
from application.sessions.write_session import WriteSession
from application.upkeep.forget_ended import ForgetEnded
from application.upkeep.recover import Recover
from application.upkeep.report_lost_access import ReportLostAccess
from application.upkeep.show_life import ShowLife
from domain.account import Account, Provider
from domain.audit import AuditAction
from domain.availability import ReadFailure
from domain.buffers import NO_BUFFERS, Buffers
from domain.calendar import Calendar
from domain.change import Change, ChangeType
from domain.errors import DomainError
from domain.expert import Plan
from domain.hold import Hold
from domain.ids import AccountId, CalendarId, ExpertId, HoldId, IncidentId, SessionId
from domain.interval import Interval
from domain.session import Session
from domain.session_details import SessionDetails
from tests.builders import EXPERT, HOLD, SESSION, an_expert, an_interval, some_details
from tests.fakes import tables
from tests.fakes.alarms import RecordingAlarms
from tests.fakes.answer_meter import RecordingAnswerMeter
from tests.fakes.clock import MovableClock
from tests.fakes.mailer import RecordingMailer
from tests.fakes.provider import FakeProvider, Person
from tests.fakes.push import FakePush
from tests.fakes.store import FakeStore

T = TypeVar("T")

RETURN_URL = "https://app.example/calendars"
RECONNECT_URL = "https://calendars.example/reconnect/"
BUDGET = timedelta(seconds=5)
DEFAULT_MAX_AGE = timedelta(minutes=15)
CHANGES_KEPT = timedelta(days=7)
AUDIT_KEPT = timedelta(days=400)
SESSIONS_KEPT = timedelta(days=400)


def callback_url(provider: Provider) -> str:
    return f"https://calendars.example/oauth/{provider.value.lower()}/callback"


@dataclass(frozen=True, slots=True)
class Due:
    """Work on a calendar or an account, by the kind of it: as rows say, or as somebody wished."""

    kind: str
    id: str


DueWork = tables.SessionKey | IncidentId | Due
MOST_JOBS = 500
"""More than any test needs: jobs that keep waking each other up run into it."""

ALL = Room(places=MOST_JOBS, again=MOST_JOBS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    store: FakeStore
    fakes: Mapping[Provider, FakeProvider]
    pushes: Mapping[Provider, FakePush]
    providers: dict[Provider, CalendarProvider]
    clock: MovableClock
    alarms: RecordingAlarms
    mailer: RecordingMailer
    meter: RecordingAnswerMeter
    reads: SingleFlight[CalendarId, ReadFailure | None]

    put_expert: PutExpert
    get_expert: GetExpert
    export_expert: ExportExpert
    delete_expert: DeleteExpert
    start_connection: StartConnection
    complete_connection: CompleteConnection
    confirm_connection: ConfirmConnection
    start_reconnect: StartReconnect
    look_at_page: LookAtPage
    prove_password: ProvePassword
    get_account: GetAccount
    list_accounts: ListAccounts
    list_incidents: ListIncidents
    record_bounce: RecordBounce
    disconnect_account: DisconnectAccount
    claim_incidents: ClaimIncidents
    claim_readings: ClaimReadings
    claim_lists: ClaimLists
    claim_subscriptions: ClaimSubscriptions
    tell_ended: TellEnded
    notify_expert: NotifyExpert
    list_calendars: ListCalendars
    refresh_calendars: RefreshCalendars
    get_calendar_settings: GetCalendarSettings
    update_calendar_settings: UpdateCalendarSettings
    look_up_availability: LookUpAvailability
    check_times: CheckTimes
    find_times: FindTimes
    hold_time: HoldTime
    release_hold: ReleaseHold
    list_holds: ListHolds
    read_calendar: ReadCalendar
    keep_subscription: KeepSubscription
    end_subscriptions: EndSubscriptions
    give_back: GiveBackGrants
    given_back: list[tuple[Provider, Exception | None]]
    """What the log was told of grants that were to be given back: with what failed, if anything did."""
    settled: asyncio.Event
    """Set: no grant waits before it is given back."""
    sift_notifications: SiftNotifications
    take_ours: TakeNotifications
    watch_changes: WatchChanges
    list_changes: ListChanges
    put_session: PutSession
    cancel_session: CancelSession
    get_session: GetSession
    list_sessions: ListSessions
    claim_sessions: ClaimSessions
    write_session: WriteSession
    report_lost_access: ReportLostAccess
    show_life: ShowLife
    recover: Recover
    forget_ended: ForgetEnded

    @property
    def provider(self) -> FakeProvider:
        """Microsoft, which most tests are about, as those of a provider are about any."""
        return self.fakes[Provider.MICROSOFT]

    @property
    def push(self) -> FakePush:
        return self.pushes[Provider.MICROSOFT]

    async def add_expert(self, expert_id: str = EXPERT, *, plan: Plan = Plan.PRO) -> ExpertId:
        expert = an_expert(expert_id, plan=plan)
        async with self.store.transaction() as tx:
            await tx.experts.put(expert)
        return expert.expert_id

    async def start(
        self,
        expert_id: str = EXPERT,
        *,
        provider: Provider = Provider.MICROSOFT,
        reconnects: AccountId | None = None,
        redirect_uri: str | None = None,
    ) -> str:
        """Start a sign-in that comes back to the service, unless `redirect_uri` says otherwise; its state."""
        started = await self.start_connection(
            expert_id=ExpertId(expert_id),
            provider=provider,
            account_id=reconnects,
            return_url=None if redirect_uri else RETURN_URL,
            redirect_uri=redirect_uri,
        )
        return started.state

    async def come_back(self, state: str, person: Person) -> ConnectionOutcome:
        """Come back from a sign-in as this person, to the service."""
        code = self.fakes[person.identity.provider].code_for(person)
        return await self.complete_connection(RedirectAnswer(state=state, code=code))

    async def finish(self, state: str, person: Person, *, expert_id: str = EXPERT) -> ConnectionOutcome:
        """Come back as this person, and have it confirmed where that is needed."""
        outcome = await self.come_back(state, person)
        if outcome.token is None:
            return outcome
        try:
            connected = await self.confirm_connection(ExpertId(expert_id), outcome.token)
        except DomainError as failure:
            return replace(outcome, failure=failure, token=None)
        return replace(
            outcome,
            account=connected.account,
            reconnected=connected.reconnected,
            sessions_woken=connected.sessions_woken,
            token=None,
        )

    async def connect(
        self, person: Person, *, expert_id: str = EXPERT, reconnects: AccountId | None = None
    ) -> Account:
        """A whole sign-in. Raises the failure it ends with, if any; the clock then moves on by a second."""
        state = await self.start(expert_id, provider=person.identity.provider, reconnects=reconnects)
        outcome = await self.finish(state, person, expert_id=expert_id)
        if outcome.failure is not None:
            raise outcome.failure
        assert outcome.account is not None
        self.clock.advance(timedelta(seconds=1))
        return outcome.account

    async def take_notifications(self, delivery: Collection[Notification]) -> int:
        """Sift a delivery and take what is ours; how many that were."""
        ours = await self.sift_notifications(delivery)
        await self.take_ours(ours)
        return sum(len(notices) for notices in ours.values())

    async def account(self, account_id: AccountId) -> Account:
        async with self.store.transaction() as tx:
            return await tx.accounts.get(account_id)

    async def calendar(self, remote_id: str) -> Calendar:
        """The calendar as we know it under this remote id of the provider's."""
        return next(one for one in self.store.tables.calendars.values() if one.remote.remote_id == remote_id)

    async def book(
        self,
        session_id: str = SESSION,
        *,
        expert_id: str = EXPERT,
        interval: Interval | None = None,
        details: SessionDetails | None = None,
        etag: str = "",
        only_if_free: bool = False,
        despite_unread: bool = False,
        hold_id: str | None = None,
        buffers: Buffers = NO_BUFFERS,
        budget: timedelta = BUDGET,
    ) -> Session:
        wanted = WantedSession(
            expert_id=ExpertId(expert_id),
            session_id=SessionId(session_id),
            interval=interval or an_interval(),
            details=details or some_details(),
            etag=etag,
            only_if_free=only_if_free,
            despite_unread=despite_unread,
            hold_id=None if hold_id is None else HoldId(hold_id),
            buffers=buffers,
        )
        return (await self.put_session(wanted, budget=budget)).session

    async def hold(
        self,
        hold_id: str = HOLD,
        *,
        expert_id: str = EXPERT,
        interval: Interval | None = None,
        buffers: Buffers = NO_BUFFERS,
        lifetime: timedelta | None = None,
        max_age: timedelta | None = None,
        budget: timedelta = BUDGET,
    ) -> Hold:
        accepted = await self.hold_time(
            expert_id=ExpertId(expert_id),
            hold_id=HoldId(hold_id),
            interval=interval or an_interval(),
            buffers=buffers,
            lifetime=lifetime,
            max_age=max_age,
            budget=budget,
        )
        return accepted.hold

    @asynccontextmanager
    async def running(self, action: Coroutine[None, None, T]) -> AsyncIterator[asyncio.Task[T]]:
        """Something under way while the block runs, and surely ended after it."""
        task = asyncio.create_task(action)
        try:
            yield task
        finally:
            task.cancel()
            await asyncio.wait([task])

    def changes(self, *types: ChangeType) -> list[Change]:
        """What watchers were told so far, of these types or of all."""
        return [one for _, one in self.store.tables.changes if not types or one.type in types]

    def audited(self, *but: AuditAction) -> list[tuple[AuditAction, str | None]]:
        """What the audit log has, but for these actions: what was done, and to which session or else account."""
        return [
            (act.action, act.session_id or act.account_id)
            for act in (one.act for one in self.store.tables.audit)
            if act.action not in but
        ]

    def forget_changes(self) -> None:
        """As if nothing had been told yet."""
        self.store.tables.changes.clear()

    async def session(self, session_id: str = SESSION, *, expert_id: str = EXPERT) -> Session:
        return await self.get_session(ExpertId(expert_id), SessionId(session_id))

    async def write(self, session_id: str = SESSION, *, expert_id: str = EXPERT) -> None:
        """One worker at one session, without a job."""
        await self.write_session(ExpertId(expert_id), SessionId(session_id))

    async def run_jobs(self) -> int:
        """Do what is due, and what becomes due by it, until nothing is due now; says how much it was."""
        ran, more = 0, True
        while more:
            sessions, incidents = await self.claim_sessions(ALL), await self.claim_incidents(ALL)
            readings, lists = await self.claim_readings(ALL), await self.claim_lists(ALL)
            subscriptions, ended = await self.claim_subscriptions(ALL), await self.tell_ended.claim(ALL)
            work = [
                *(partial(self._write, one.row) for one in sessions.rows),
                *(partial(self._notify, one.row) for one in incidents.rows),
                *(partial(self._read, one.row) for one in readings.rows),
                *(partial(self.keep_subscription.go_on, one.row) for one in subscriptions.rows),
                *(partial(self.tell_ended, one.row) for one in ended.rows),
                *(partial(self._list, one.row) for one in lists.rows),
            ]
            for one in work:
                await one()
            ran += len(work)
            more = bool(work) or sessions.more
            assert ran < MOST_JOBS, "the work never comes to rest"
        return ran

    async def _write(self, due: DueSession) -> None:
        await self.write_session(due.expert_id, due.session_id, token=due.token)

    async def read_due(self, most: int, *, but: CalendarId | None = None) -> None:
        """What a worker with so many places does, all of it at once; the one excepted is left as if its look hung."""
        claim = await self.claim_readings(Room(places=most, again=most))
        looks = [[look for look in one.row if look.task.calendar_id != but] for one in claim.rows]
        await asyncio.gather(*(self._read(one) for one in looks if one))

    async def _list(self, account_id: AccountId) -> None:
        await self.refresh_calendars(account_id)

    async def _read(self, looks: Sequence[UnderWay]) -> None:
        await self.reads.take_up(
            {look.task.calendar_id: partial(self.read_calendar.go_on, look) for look in looks},
            begun_at=looks[0].begun.begun_at,
        )

    async def _notify(self, due: DueIncident) -> None:
        await self.notify_expert(due.incident_id, token=due.token)

    def due(self) -> list[DueWork]:
        """Everything that is due now, for tests that do it in an order of their own."""
        now, its = self.clock.now(), self.store.tables
        sessions = [key for key, one in its.sessions.items() if one.due_at is not None and one.due_at <= now]
        incidents = [
            key
            for key, one in its.incidents.items()
            if one.closed_at is None and one.mail_due_at is not None and one.mail_due_at <= now
        ]
        readings = [key for key, one in its.readings.items() if one.due_at <= now]
        subscriptions = [key for key, one in its.subscriptions.items() if one.due_at <= now]
        lists = [key for key in its.accounts if its.lists_due.get(key, now) <= now]
        return [
            *sessions,
            *incidents,
            *(Due("read_calendar", one) for one in readings),
            *(Due("keep_subscription", one) for one in subscriptions),
            *(Due("refresh_calendars", one) for one in lists),
            *(Due(one.kind, one.id) for one in its.wishes),
        ]

    async def pass_time(self, by: timedelta) -> None:
        """Move the clock, then do what a worker and its sweep do."""
        self.clock.advance(by)
        await self.run_jobs()
        await self.recover()
        await self.forget_ended()
        await self.run_jobs()

    async def run(self, work: DueWork) -> None:
        match work:
            case (expert_id, session_id):
                await self.write_session(ExpertId(expert_id), SessionId(session_id))
            case str():
                await self.notify_expert(IncidentId(work))
            case Due("read_calendar", calendar_id):
                await self.reads.join(CalendarId(calendar_id), not_before=self.clock.now())
            case Due("keep_subscription", calendar_id):
                await self.keep_subscription(CalendarId(calendar_id))
            case Due("refresh_calendars", account_id):
                await self.refresh_calendars(AccountId(account_id))
