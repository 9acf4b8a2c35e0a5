"""Every use-case over fakes, wired."""

import asyncio
from collections.abc import Collection
from datetime import timedelta

from prometheus_client import CollectorRegistry

from application.accounts.allowed_urls import AllowedUrls
from application.accounts.claim_incidents import ClaimIncidents
from application.accounts.complete_connection import CompleteConnection
from application.accounts.confirm_connection import ConfirmConnection
from application.accounts.connect_account import ConnectAccount
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
from application.accounts.try_limits import TryLimits
from application.availability.check_times import CheckTimes
from application.availability.find_times import FindTimes
from application.availability.hold_time import HoldTime
from application.availability.large_questions import LargeQuestions
from application.availability.list_holds import ListHolds
from application.availability.live_reads import LiveReads
from application.availability.look_up_availability import LookUpAvailability
from application.availability.read_live import ReadLive
from application.availability.release_hold import ReleaseHold
from application.blame import FindBlame
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
from application.notifications.sift_notifications import SiftNotifications
from application.notifications.take_notifications import TakeNotifications
from application.notifications.tell_ended import TellEnded
from application.outages import Outages
from application.readings.claim_readings import ClaimReadings
from application.readings.read_calendar import ReadCalendar
from application.readings.single_flight import SingleFlight
from application.sessions.cancel_session import CancelSession
from application.sessions.claim_sessions import ClaimSessions
from application.sessions.get_session import GetSession
from application.sessions.learn_refusals import LearnRefusals
from application.sessions.list_sessions import ListSessions
from application.sessions.put_session import PutSession
from application.sessions.write_session import WriteSession
from application.upkeep.forget_ended import ForgetEnded
from application.upkeep.recover import Recover
from application.upkeep.report_lost_access import ReportLostAccess
from application.upkeep.show_life import ShowLife
from application.upkeep.weigh_refusal import WeighRefusal
from domain.account import Provider
from domain.availability import ReadFailure, UnreadReason
from domain.connection import Confirming
from domain.ids import CalendarId
from domain.password_sign_in import ADDRESS_WINDOW, EXPERTS_WINDOW, TRIES_OF_ADDRESS, TRIES_OF_EXPERT
from domain.reading import Pace
from server.metrics.looks import LookMetrics
from server.runtime.metered import MeteredReads
from tests.fakes.alarms import RecordingAlarms
from tests.fakes.answer_meter import RecordingAnswerMeter
from tests.fakes.clock import MovableClock
from tests.fakes.id_source import CountingIds
from tests.fakes.mailer import RecordingMailer
from tests.fakes.name_order import FoldedNameOrder
from tests.fakes.provider import FakeProvider
from tests.fakes.push import FakePush
from tests.fakes.store import FakeStore
from tests.support.application import (
    AUDIT_KEPT,
    CHANGES_KEPT,
    DEFAULT_MAX_AGE,
    RECONNECT_URL,
    RETURN_URL,
    SESSIONS_KEPT,
    Application,
    callback_url,
)
from tests.support.fake_ports import page_of, ports_of


def an_application(
    *,
    push_on: bool = True,
    confirming: Confirming = Confirming.REQUIRED,
    configured: Collection[Provider] = (Provider.MICROSOFT,),
    together: Collection[Provider] = (),
    giving_back: Collection[Provider] = (),
) -> Application:
    """Everything new and empty. No two calendars or subscriptions are kept from being due at the same moment.

    The providers named `together` answer for all calendars of an account that can't be written to in one request, those
    that are `giving_back` end grants.
    """
    store, clock, ids, alarms = FakeStore(), MovableClock(), CountingIds(), RecordingAlarms()
    outages = Outages(clock)
    mailer, meter, pace = RecordingMailer(store=store), RecordingAnswerMeter(), Pace()
    fakes = {which: FakeProvider(store, which) for which in configured}
    pushes = {which: FakePush(fake, clock) for which, fake in fakes.items()}
    for fake in fakes.values():
        fake.alarms = alarms
    providers = {
        which: ports_of(
            fake,
            push=pushes[which] if push_on else None,
            answers_together=which in together,
            gives_back=which in giving_back,
            page=page_of(which, ids),
        )
        for which, fake in fakes.items()
    }
    blame = FindBlame(store=store, clock=clock, providers=providers, alarms=alarms)
    weigh = WeighRefusal(store=store, clock=clock, providers=providers)
    report_lost = ReportLostAccess(store=store, clock=clock, ids=ids, blame=blame, weigh=weigh)
    refresh = RefreshCalendars(
        store=store, clock=clock, ids=ids, providers=providers, alarms=alarms, report_lost=report_lost
    )
    read_calendar = ReadCalendar(
        store=store,
        clock=clock,
        providers=providers,
        alarms=alarms,
        report_lost=report_lost,
        unchanged_looks=store.unchanged_looks,
        pace=pace,
        jitter=lambda: 0.0,
    )
    reads: SingleFlight[CalendarId, ReadFailure | None] = SingleFlight(
        read_calendar,
        clock=clock,
        alarms=alarms,
        failed=lambda _: ReadFailure(reason=UnreadReason.SERVICE_FAILED),
        together=MeteredReads(read=read_calendar, meter=LookMetrics(CollectorRegistry())).together,
    )
    read_live = ReadLive(
        store=store, clock=clock, providers=providers, alarms=alarms, report_lost=report_lost
    )
    live_reads = SingleFlight(
        read_live,
        clock=clock,
        alarms=alarms,
        failed=lambda stretch: stretch.unread(UnreadReason.SERVICE_FAILED),
        together=read_live.together,
    )
    end_subscriptions = EndSubscriptions(providers=providers)
    settled = asyncio.Event()
    settled.set()
    given_back: list[tuple[Provider, Exception | None]] = []
    give_back = GiveBackGrants(
        store=store,
        clock=clock,
        providers=providers,
        report=lambda which, failure: given_back.append((which, failure)),
        settled=settled.wait,
    )
    look_up = LookUpAvailability(
        known_times=store.kept_times,
        clock=clock,
        providers=providers,
        reads=reads,
        live_reads=LiveReads(reads=live_reads, providers=providers, pace=pace),
        large=LargeQuestions(),
        default_max_age=DEFAULT_MAX_AGE,
        meter=meter,
    )
    connect = ConnectAccount(clock=clock, ids=ids)
    look_at_page = LookAtPage(store=store, clock=clock)
    prove_password = ProvePassword(
        store=store,
        clock=clock,
        ids=ids,
        providers=providers,
        alarms=alarms,
        of_experts=TryLimits(clock=clock, most=TRIES_OF_EXPERT, within=EXPERTS_WINDOW),
        of_addresses=TryLimits(clock=clock, most=TRIES_OF_ADDRESS, within=ADDRESS_WINDOW),
    )
    return Application(
        store=store,
        fakes=fakes,
        pushes=pushes,
        providers=providers,
        clock=clock,
        meter=meter,
        alarms=alarms,
        mailer=mailer,
        reads=reads,
        put_expert=PutExpert(store=store, clock=clock),
        get_expert=GetExpert(store=store),
        export_expert=ExportExpert(store=store, clock=clock),
        settled=settled,
        given_back=given_back,
        give_back=give_back,
        delete_expert=DeleteExpert(
            store=store, clock=clock, end_subscriptions=end_subscriptions, give_back=give_back
        ),
        start_connection=StartConnection(
            store=store,
            clock=clock,
            providers=providers,
            return_urls=AllowedUrls((RETURN_URL,)),
            callback_url=callback_url,
            confirming=confirming,
        ),
        complete_connection=CompleteConnection(
            store=store,
            clock=clock,
            ids=ids,
            providers=providers,
            alarms=alarms,
            connect=connect,
            confirming=confirming,
        ),
        confirm_connection=ConfirmConnection(store=store, clock=clock, connect=connect),
        start_reconnect=StartReconnect(
            store=store, clock=clock, providers=providers, callback_url=callback_url
        ),
        look_at_page=look_at_page,
        prove_password=prove_password,
        get_account=GetAccount(store=store),
        list_accounts=ListAccounts(store=store),
        record_bounce=RecordBounce(store=store, clock=clock),
        list_incidents=ListIncidents(
            store=store, clock=clock, reconnect_url=lambda token: f"{RECONNECT_URL}{token}"
        ),
        disconnect_account=DisconnectAccount(
            store=store, clock=clock, end_subscriptions=end_subscriptions, give_back=give_back
        ),
        claim_lists=ClaimLists(store=store, clock=clock),
        claim_subscriptions=ClaimSubscriptions(store=store, clock=clock),
        tell_ended=TellEnded(store=store, clock=clock, end=end_subscriptions),
        claim_readings=ClaimReadings(
            store=store, clock=clock, providers=providers, alarms=alarms, pace=pace, jitter=lambda: 0.0
        ),
        claim_incidents=ClaimIncidents(store=store, clock=clock, ids=ids),
        notify_expert=NotifyExpert(
            store=store,
            clock=clock,
            ids=ids,
            providers=providers,
            mailer=mailer,
            alarms=alarms,
            blame=blame,
            reconnect_url=lambda token: f"{RECONNECT_URL}{token}",
        ),
        list_calendars=ListCalendars(store=store, refresh=refresh, name_order=FoldedNameOrder()),
        refresh_calendars=refresh,
        get_calendar_settings=GetCalendarSettings(store=store),
        update_calendar_settings=UpdateCalendarSettings(store=store, clock=clock),
        look_up_availability=look_up,
        check_times=CheckTimes(look_up=look_up),
        find_times=FindTimes(look_up=look_up, clock=clock),
        hold_time=HoldTime(store=store, clock=clock, look_up=look_up),
        release_hold=ReleaseHold(store=store, clock=clock),
        list_holds=ListHolds(store=store, clock=clock),
        read_calendar=read_calendar,
        keep_subscription=KeepSubscription(
            store=store,
            clock=clock,
            ids=ids,
            providers=providers,
            alarms=alarms,
            report_lost=report_lost,
            jitter=lambda: 0.0,
        ),
        end_subscriptions=end_subscriptions,
        sift_notifications=SiftNotifications(store),
        take_ours=TakeNotifications(store=store, clock=clock),
        watch_changes=WatchChanges(store=store, clock=clock, feed=store.feed),
        list_changes=ListChanges(store=store, feed=store.feed),
        put_session=PutSession(
            store=store,
            new_sessions=store.new_sessions,
            clock=clock,
            look_up=look_up,
            sessions_kept=SESSIONS_KEPT,
        ),
        cancel_session=CancelSession(store=store, clock=clock),
        get_session=GetSession(store=store),
        list_sessions=ListSessions(store=store),
        claim_sessions=ClaimSessions(store=store, clock=clock, ids=ids),
        write_session=WriteSession(
            store=store,
            clock=clock,
            ids=ids,
            providers=providers,
            alarms=alarms,
            report_lost=report_lost,
            refusals=LearnRefusals(store=store, clock=clock),
            outages=outages,
            jitter=lambda: 0.0,
        ),
        report_lost_access=report_lost,
        show_life=ShowLife(store=store, clock=clock, ids=ids),
        recover=Recover(store=store, clock=clock, outages=outages, jitter=lambda: 0.0),
        forget_ended=ForgetEnded(
            store=store,
            clock=clock,
            changes_kept=CHANGES_KEPT,
            audit_kept=AUDIT_KEPT,
            sessions_kept=SESSIONS_KEPT,
            moved_kept=timedelta(days=90),
        ),
    )
