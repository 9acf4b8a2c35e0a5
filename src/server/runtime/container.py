"""The wiring, and the only place that does any: use-cases get their ports, the servers their use-cases.

What must be opened is opened elsewhere and comes in ready, as a Dependency. Nothing here does IO.
"""

from collections.abc import Callable
from datetime import timedelta

from aiohttp import web
from dependency_injector import containers, providers

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
from application.cells.find_address import FindAddress
from application.cells.find_moved import FindMoved
from application.changes.list_changes import ListChanges
from application.changes.watch_changes import WatchChanges
from application.experts.delete_expert import DeleteExpert
from application.experts.export_expert import ExportExpert
from application.experts.get_expert import GetExpert
from application.experts.list_experts import ListExperts
from application.experts.put_expert import PutExpert
from application.give_back_grants import GiveBackGrants
from application.notifications.claim_subscriptions import ClaimSubscriptions
from application.notifications.end_subscriptions import EndSubscriptions
from application.notifications.keep_subscription import KeepSubscription
from application.notifications.sift_notifications import SiftNotifications
from application.notifications.take_notifications import TakeNotifications
from application.notifications.tell_ended import TellEnded
from application.outages import Outages
from application.ports.census import Census
from application.ports.changes import ChangeFeed
from application.ports.clock import Clock
from application.ports.id_source import IdSource
from application.ports.known_times import KnownTimes
from application.ports.mailer import Mailer
from application.ports.name_order import NameOrder
from application.ports.new_sessions import NewSessions
from application.ports.provider import CalendarProviders
from application.ports.store import Store
from application.ports.unchanged_looks import UnchangedLooks
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
from domain.availability import ReadFailure, UnreadReason
from domain.connection import Confirming
from domain.password_sign_in import ADDRESS_WINDOW, EXPERTS_WINDOW, TRIES_OF_ADDRESS, TRIES_OF_EXPERT
from domain.reading import Pace
from server.alarms import OperatorAlarms
from server.http.app import Pages, http_app
from server.http.detailed_health import DetailedHealth
from server.http.elsewhere import Elsewhere
from server.http.health import PublicHealth, Readiness
from server.http.links import CallbackUrls, ReconnectLinks
from server.http.notifications.addresses import Notifications
from server.http.notifications.deliveries import Deliveries
from server.http.notifications.forged_deliveries import ForgedDeliveries
from server.http.notifications.intake import Intake
from server.http.oauth import Callbacks
from server.http.operations import MetricsPage, operations_app
from server.http.pages import Product
from server.http.password_page import PasswordPages
from server.http.reconnect import Reconnect
from server.metrics.census import CensusTaker
from server.metrics.metrics import Metrics
from server.rpc.errors import ErrorAnswers
from server.rpc.server import Servicers
from server.rpc.servicers.accounts import Accounts
from server.rpc.servicers.availability import Availability
from server.rpc.servicers.batches import Batches
from server.rpc.servicers.budget import ReadBudget
from server.rpc.servicers.calendars import Calendars
from server.rpc.servicers.changes import Changes
from server.rpc.servicers.experts import Experts
from server.rpc.servicers.sessions import Sessions
from server.runtime.given_back import log_given_back
from server.runtime.metered import MeteredLiveReads, MeteredReads, metered_mailer
from server.runtime.work import Work
from server.traces import Spans


class Container(containers.DeclarativeContainer):
    """All Dependency providers must be given, by name; `check_dependencies()` says when one was not."""

    store: providers.Dependency[Store] = providers.Dependency()
    span: providers.Dependency[Spans] = providers.Dependency()
    metrics: providers.Dependency[Metrics] = providers.Dependency(instance_of=Metrics)
    census: providers.Dependency[Census] = providers.Dependency()
    needed_schema: providers.Dependency[str] = providers.Dependency(instance_of=str)
    known_times: providers.Dependency[KnownTimes] = providers.Dependency()
    new_sessions: providers.Dependency[NewSessions] = providers.Dependency()
    name_order: providers.Dependency[NameOrder] = providers.Dependency()
    feed: providers.Dependency[ChangeFeed] = providers.Dependency()
    clock: providers.Dependency[Clock] = providers.Dependency()
    ids: providers.Dependency[IdSource] = providers.Dependency()
    calendar_providers: providers.Dependency[CalendarProviders] = providers.Dependency()
    unchanged_looks: providers.Dependency[UnchangedLooks] = providers.Dependency()
    mailer: providers.Dependency[Mailer | None] = providers.Dependency()
    public_url: providers.Dependency[str] = providers.Dependency(instance_of=str)
    product: providers.Dependency[Product] = providers.Dependency(instance_of=Product)
    error_domain: providers.Dependency[str] = providers.Dependency(instance_of=str)
    return_urls: providers.Dependency[tuple[str, ...]] = providers.Dependency(instance_of=tuple)
    confirming: providers.Dependency[Confirming] = providers.Dependency(instance_of=Confirming)
    read_budget: providers.Dependency[timedelta] = providers.Dependency(instance_of=timedelta)
    default_max_age: providers.Dependency[timedelta] = providers.Dependency(instance_of=timedelta)
    pace: providers.Dependency[Pace] = providers.Dependency(instance_of=Pace)
    changes_kept: providers.Dependency[timedelta] = providers.Dependency(instance_of=timedelta)
    audit_kept: providers.Dependency[timedelta] = providers.Dependency(instance_of=timedelta)
    sessions_kept: providers.Dependency[timedelta] = providers.Dependency(instance_of=timedelta)
    doubts_apart: providers.Dependency[timedelta] = providers.Dependency(instance_of=timedelta)
    moved_kept: providers.Dependency[timedelta] = providers.Dependency(instance_of=timedelta)
    jitter: providers.Dependency[Callable[[], float]] = providers.Dependency()

    alarms: providers.Dependency[OperatorAlarms] = providers.Dependency(instance_of=OperatorAlarms)
    census_taker = providers.Singleton(CensusTaker, census, clock, bound=default_max_age)
    readiness = providers.Singleton(Readiness, census, needs=needed_schema)
    outages = providers.Singleton(Outages, clock)
    callback_urls = providers.Factory(CallbackUrls, public_url)
    reconnect_links = providers.Factory(ReconnectLinks, public_url)
    allowed_urls = providers.Factory(AllowedUrls, return_urls)
    budget = providers.Factory(ReadBudget, read_budget)

    blame = providers.Singleton(
        FindBlame, store=store, clock=clock, providers=calendar_providers, alarms=alarms
    )
    weigh_refusal = providers.Factory(
        WeighRefusal, store=store, clock=clock, providers=calendar_providers, apart=doubts_apart
    )
    report_lost = providers.Factory(
        ReportLostAccess, store=store, clock=clock, ids=ids, blame=blame, weigh=weigh_refusal
    )
    show_life = providers.Factory(ShowLife, store=store, clock=clock, ids=ids)
    forget_ended = providers.Factory(
        ForgetEnded,
        store=store,
        clock=clock,
        changes_kept=changes_kept,
        audit_kept=audit_kept,
        sessions_kept=sessions_kept,
        moved_kept=moved_kept,
    )

    end_subscriptions = providers.Factory(EndSubscriptions, providers=calendar_providers)
    give_back = providers.Singleton(
        GiveBackGrants,
        store=store,
        clock=clock,
        providers=calendar_providers,
        report=providers.Object(log_given_back),
    )

    put_expert = providers.Factory(PutExpert, store=store, clock=clock)
    get_expert = providers.Factory(GetExpert, store=store)
    export_expert = providers.Factory(ExportExpert, store=store, clock=clock)
    delete_expert = providers.Factory(
        DeleteExpert, store=store, clock=clock, end_subscriptions=end_subscriptions, give_back=give_back
    )

    start_connection = providers.Factory(
        StartConnection,
        store=store,
        clock=clock,
        providers=calendar_providers,
        return_urls=allowed_urls,
        callback_url=callback_urls,
        confirming=confirming,
    )
    connect_account = providers.Factory(ConnectAccount, clock=clock, ids=ids)
    complete_connection = providers.Factory(
        CompleteConnection,
        store=store,
        clock=clock,
        ids=ids,
        providers=calendar_providers,
        alarms=alarms,
        connect=connect_account,
        confirming=confirming,
    )
    confirm_connection = providers.Factory(
        ConfirmConnection, store=store, clock=clock, connect=connect_account
    )
    start_reconnect = providers.Factory(
        StartReconnect, store=store, clock=clock, providers=calendar_providers, callback_url=callback_urls
    )
    look_at_page = providers.Factory(LookAtPage, store=store, clock=clock)
    prove_password = providers.Factory(
        ProvePassword,
        store=store,
        clock=clock,
        ids=ids,
        providers=calendar_providers,
        alarms=alarms,
        of_experts=providers.Singleton(TryLimits, clock=clock, most=TRIES_OF_EXPERT, within=EXPERTS_WINDOW),
        of_addresses=providers.Singleton(
            TryLimits, clock=clock, most=TRIES_OF_ADDRESS, within=ADDRESS_WINDOW
        ),
    )
    get_account = providers.Factory(GetAccount, store=store)
    list_accounts = providers.Factory(ListAccounts, store=store)
    disconnect_account = providers.Factory(
        DisconnectAccount, store=store, clock=clock, end_subscriptions=end_subscriptions, give_back=give_back
    )
    notify_expert = providers.Factory(
        NotifyExpert,
        store=store,
        clock=clock,
        ids=ids,
        providers=calendar_providers,
        mailer=providers.Factory(metered_mailer, mailer, metrics.provided.work),
        alarms=alarms,
        blame=blame,
        reconnect_url=reconnect_links,
    )

    record_bounce = providers.Factory(RecordBounce, store=store, clock=clock)
    list_incidents = providers.Factory(ListIncidents, store=store, clock=clock, reconnect_url=reconnect_links)

    refresh_calendars = providers.Factory(
        RefreshCalendars,
        store=store,
        clock=clock,
        ids=ids,
        providers=calendar_providers,
        alarms=alarms,
        report_lost=report_lost,
    )
    list_calendars = providers.Factory(
        ListCalendars, store=store, refresh=refresh_calendars, name_order=name_order
    )
    get_calendar_settings = providers.Factory(GetCalendarSettings, store=store)
    update_calendar_settings = providers.Factory(UpdateCalendarSettings, store=store, clock=clock)

    read_calendar = providers.Factory(
        ReadCalendar,
        store=store,
        clock=clock,
        providers=calendar_providers,
        alarms=alarms,
        report_lost=report_lost,
        unchanged_looks=unchanged_looks,
        pace=pace,
        jitter=jitter,
    )
    metered_reads = providers.Factory(MeteredReads, read=read_calendar, meter=metrics.provided.looks)
    reads = providers.Singleton(
        SingleFlight,
        metered_reads,
        clock=clock,
        alarms=alarms,
        failed=lambda _: ReadFailure(reason=UnreadReason.SERVICE_FAILED),
        together=metered_reads.provided.together,
    )
    """Shared by questions and jobs; to be closed when both have ended."""
    read_live = providers.Factory(
        ReadLive,
        store=store,
        clock=clock,
        providers=calendar_providers,
        alarms=alarms,
        report_lost=report_lost,
    )
    metered_live_reads = providers.Factory(MeteredLiveReads, read=read_live, meter=metrics.provided.looks)
    single_live_reads = providers.Singleton(
        SingleFlight,
        metered_live_reads,
        clock=clock,
        alarms=alarms,
        failed=lambda stretch: stretch.unread(UnreadReason.SERVICE_FAILED),
        together=metered_live_reads.provided.together,
    )
    look_up_availability = providers.Factory(
        LookUpAvailability,
        known_times=known_times,
        clock=clock,
        providers=calendar_providers,
        reads=reads,
        live_reads=providers.Factory(
            LiveReads, reads=single_live_reads, providers=calendar_providers, pace=pace
        ),
        large=providers.Singleton(LargeQuestions),
        default_max_age=default_max_age,
        meter=metrics.provided.answers,
    )
    check_times = providers.Factory(CheckTimes, look_up=look_up_availability)
    find_times = providers.Factory(FindTimes, look_up=look_up_availability, clock=clock)
    hold_time = providers.Factory(HoldTime, store=store, clock=clock, look_up=look_up_availability)
    release_hold = providers.Factory(ReleaseHold, store=store, clock=clock)
    list_holds = providers.Factory(ListHolds, store=store, clock=clock)

    keep_subscription = providers.Factory(
        KeepSubscription,
        store=store,
        clock=clock,
        ids=ids,
        providers=calendar_providers,
        alarms=alarms,
        report_lost=report_lost,
        jitter=jitter,
    )
    take_notifications = providers.Factory(TakeNotifications, store=store, clock=clock)
    sift_notifications = providers.Factory(SiftNotifications, store)
    deliveries = providers.Singleton(Deliveries, sift_notifications, take_notifications)
    """Closed with the web app."""
    watch_changes = providers.Factory(WatchChanges, store=store, clock=clock, feed=feed)
    list_changes = providers.Factory(ListChanges, store=store, feed=feed)

    find_moved = providers.Factory(FindMoved, store=store)
    elsewhere = providers.Factory(Elsewhere, find_address=providers.Factory(FindAddress, store=store))
    put_session = providers.Factory(
        PutSession,
        store=store,
        new_sessions=new_sessions,
        clock=clock,
        look_up=look_up_availability,
        sessions_kept=sessions_kept,
    )
    cancel_session = providers.Factory(CancelSession, store=store, clock=clock)
    get_session = providers.Factory(GetSession, store=store)
    list_sessions = providers.Factory(ListSessions, store=store)
    write_session = providers.Factory(
        WriteSession,
        store=store,
        clock=clock,
        ids=ids,
        providers=calendar_providers,
        alarms=alarms,
        report_lost=report_lost,
        refusals=providers.Factory(LearnRefusals, store=store, clock=clock),
        outages=outages,
        jitter=jitter,
    )
    recover = providers.Factory(Recover, store=store, clock=clock, outages=outages, jitter=jitter)

    answer_to = providers.Factory(ErrorAnswers, domain=error_domain)
    batches = providers.Factory(Batches, find_moved=find_moved, answer_to=answer_to)
    servicers = providers.Factory(
        Servicers,
        experts=providers.Factory(
            Experts,
            put_expert=put_expert,
            get_expert=get_expert,
            list_experts=providers.Factory(ListExperts, store=store),
            export_expert=export_expert,
            delete_expert=delete_expert,
            batches=batches,
        ),
        accounts=providers.Factory(
            Accounts,
            start_connection=start_connection,
            complete_connection=complete_connection,
            confirm_connection=confirm_connection,
            get_account=get_account,
            list_accounts=list_accounts,
            disconnect_account=disconnect_account,
            list_incidents=list_incidents,
            record_bounce=record_bounce,
        ),
        calendars=providers.Factory(
            Calendars,
            list_calendars=list_calendars,
            get_calendar_settings=get_calendar_settings,
            update_calendar_settings=update_calendar_settings,
        ),
        availability=providers.Factory(
            Availability,
            look_up=look_up_availability,
            check_times=check_times,
            find_times=find_times,
            hold_time=hold_time,
            release_hold=release_hold,
            list_holds=list_holds,
            find_moved=find_moved,
            budget=budget,
            answer_to=answer_to,
        ),
        sessions=providers.Factory(
            Sessions,
            put_session=put_session,
            cancel_session=cancel_session,
            get_session=get_session,
            list_sessions=list_sessions,
            budget=budget,
            batches=batches,
        ),
        changes=providers.Factory(Changes, watch_changes=watch_changes, list_changes=list_changes),
        find_moved=find_moved,
        answer_to=answer_to,
    )

    health = providers.Factory(PublicHealth, readiness=readiness)
    pages = providers.Factory(
        Pages,
        providers=calendar_providers,
        callback=providers.Factory(Callbacks, complete_connection=complete_connection, elsewhere=elsewhere),
        password=providers.Factory(
            PasswordPages,
            look_at=look_at_page,
            prove=prove_password,
            elsewhere=elsewhere,
            public_url=public_url,
        ),
        reconnect=providers.Factory(Reconnect, start_reconnect=start_reconnect, elsewhere=elsewhere),
        notifications=providers.Factory(
            Notifications,
            intake=providers.Factory(
                Intake,
                deliveries=deliveries,
                forged=providers.Factory(ForgedDeliveries),
                meter=metrics.provided.work,
            ),
        ),
    )
    web_app: providers.Factory[web.Application] = providers.Factory(
        http_app, health, pages, product, metrics.provided.http
    )
    """With what is called from outside."""
    health_app: providers.Factory[web.Application] = providers.Factory(
        http_app, health, None, product, metrics.provided.http
    )
    """Without it."""
    operations_app: providers.Factory[web.Application] = providers.Factory(
        operations_app,
        providers.Factory(
            DetailedHealth,
            alarms=alarms,
            providers=calendar_providers,
            readiness=readiness,
            census=census_taker,
            work=metrics.provided.work,
        ),
        providers.Factory(MetricsPage, metrics, census_taker),
    )
    """For those who operate the service, and nobody else."""

    work = providers.Factory(
        Work,
        claim_sessions=providers.Factory(ClaimSessions, store=store, clock=clock, ids=ids),
        write=write_session,
        claim_incidents=providers.Factory(ClaimIncidents, store=store, clock=clock, ids=ids),
        notify=notify_expert,
        claim_readings=providers.Factory(
            ClaimReadings,
            store=store,
            clock=clock,
            providers=calendar_providers,
            alarms=alarms,
            pace=pace,
            jitter=jitter,
        ),
        read=metered_reads,
        reads=reads,
        claim_subscriptions=providers.Factory(ClaimSubscriptions, store=store, clock=clock),
        keep=keep_subscription,
        tell_ended=providers.Factory(TellEnded, store=store, clock=clock, end=end_subscriptions),
        claim_lists=providers.Factory(ClaimLists, store=store, clock=clock),
        refresh=refresh_calendars,
        clock=clock,
        worked=metrics.provided.work.worked,
        span=span,
    )
