"""Opens what the process needs from outside, in order, and hands it to the container; closes it in reverse."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

import psycopg
from psycopg import AsyncCursor

from adapters.collation.name_order import UnicodeNameOrder
from adapters.crypto import KeyRing
from adapters.mailer import Signature, SmtpMailer, SmtpSettings, load_catalogue, parse_sender, trusting
from adapters.postgres.census import PostgresCensus
from adapters.postgres.change_feed import PostgresChangeFeed, open_change_feed
from adapters.postgres.clock import PostgresClock, open_clock
from adapters.postgres.dsn import refusal_in
from adapters.postgres.grant_vault import PostgresGrantVault
from adapters.postgres.kept_times import KeptTimes, open_known_times
from adapters.postgres.keys.key_holders import KeysUnfit, hold_keys
from adapters.postgres.migrate import migrate, needed_version
from adapters.postgres.new_sessions import open_new_sessions
from adapters.postgres.opened_cell import CellRefused
from adapters.postgres.pool import Pool, open_pool
from adapters.postgres.reachable import DatabaseUnreachable, require_reachable
from adapters.postgres.store import PostgresStore
from adapters.postgres.timed_cursor import timed_cursor
from adapters.postgres.unchanged_looks import PostgresUnchangedLooks
from adapters.postgres.wake_ups import PostgresWakeUps
from application.ports.clock import Clock
from application.ports.meters import ProviderMeter
from application.ports.provider import CalendarProviders
from application.ports.store import StoreUnavailable
from domain.account import Provider
from domain.doubt import REFUSALS
from domain.reading import Pace
from server.acting import who_acts
from server.alarms import OperatorAlarms
from server.build import build_version
from server.http.pages import Product
from server.metrics.database import DatabaseUse
from server.metrics.metrics import Metrics
from server.runtime.calendar_providers import open_providers
from server.runtime.container import Container
from server.runtime.feed_tail import open_feed_tail
from server.runtime.id_source import RandomIds
from server.runtime.process_failed import ProcessFailed
from server.runtime.settings import Mail, Settings
from server.runtime.traced import TracedKnownTimes, TracedNewSessions
from server.tasks import task_for_good
from server.traces import TracedProvider, Traces, TracesUnavailable, open_traces, spans_of

UNREACHABLE = "the database of CALENDARSYNC_DATABASE_URL can't be reached"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    container: Container
    pool: Pool
    wake_ups: PostgresWakeUps
    traces: Traces | None


@asynccontextmanager
async def open_resources(settings: Settings, *, public_url: str) -> AsyncIterator[Resources]:
    """Raises ProcessFailed when the database can't be reached or doesn't fit this program."""
    dsn = settings.database_url.get_secret_value()
    cell = settings.cell
    default_max_age = timedelta(seconds=settings.default_max_age_seconds)
    metrics = Metrics(bound=default_max_age)
    cipher = KeyRing.parse(settings.encryption_keys.get_secret_value())
    async with AsyncExitStack() as stack:
        traces = await stack.enter_async_context(_open_traces(settings))
        pool, clock = await stack.enter_async_context(_open_database(settings, traces=traces))
        vault = PostgresGrantVault(pool=pool, cipher=cipher, who_acts=who_acts)
        await _hold_keys(stack, pool, cipher)
        try:
            new_sessions = await stack.enter_async_context(open_new_sessions(dsn, cipher, cell=cell))
            changes = await stack.enter_async_context(open_change_feed(dsn, pool, cell=cell))
            known_times = await stack.enter_async_context(_open_known_times(settings, changes))
            feed = await stack.enter_async_context(open_feed_tail(changes, seen=metrics.changes.seen))
        except StoreUnavailable:
            raise ProcessFailed(UNREACHABLE) from None
        alarms = OperatorAlarms()
        configured = await stack.enter_async_context(
            open_providers(
                settings,
                public_url=public_url,
                vault=vault,
                clock=clock,
                alarms=alarms,
                meter_of=partial(_meter_of, metrics, traces),
            )
        )
        container = Container(
            alarms=alarms,
            metrics=metrics,
            store=PostgresStore(pool=pool, cipher=cipher, who_acts=who_acts),
            census=PostgresCensus(pool=pool),
            needed_schema=needed_version(),
            known_times=TracedKnownTimes(known_times=known_times, traces=traces) if traces else known_times,
            new_sessions=TracedNewSessions(sessions=new_sessions, traces=traces) if traces else new_sessions,
            span=spans_of(traces),
            unchanged_looks=PostgresUnchangedLooks(pool=pool),
            name_order=await asyncio.to_thread(UnicodeNameOrder),
            feed=feed,
            clock=clock,
            ids=RandomIds(),
            calendar_providers=configured,
            mailer=_mailer(settings, clock),
            public_url=public_url,
            product=Product(
                name=settings.product_name, url=settings.product_url, language=settings.default_language
            ),
            error_domain=settings.error_domain,
            return_urls=settings.return_urls,
            confirming=settings.confirm_connections,
            read_budget=timedelta(seconds=settings.read_budget_seconds),
            default_max_age=default_max_age,
            pace=_pace(settings, configured),
            changes_kept=timedelta(days=settings.changes_kept_days),
            audit_kept=timedelta(days=settings.audit_kept_days),
            sessions_kept=timedelta(days=settings.sessions_kept_days),
            doubts_apart=timedelta(seconds=settings.apple_doubt_seconds) / (REFUSALS - 1),
            moved_kept=timedelta(days=settings.moved_kept_days),
            jitter=random.random,
        )
        container.check_dependencies()
        metrics.registry.register(
            DatabaseUse(
                pool=pool.get_stats,
                known=known_times.statistics,
                reconnects=lambda: {**known_times.reconnects, "new_sessions": new_sessions.reconnects},
                feed_held_up_seconds=lambda: changes.held_up_seconds,
            )
        )
        wake_ups = PostgresWakeUps(dsn=dsn, cell=cell)
        yield Resources(container=container, pool=pool, wake_ups=wake_ups, traces=traces)


async def _hold_keys(stack: AsyncExitStack, pool: Pool, ring: KeyRing) -> None:
    """As long as the stack is open. Raises ProcessFailed when they are not what the database's contents take."""
    try:
        held = await hold_keys(pool, ring)
    except KeysUnfit as unfit:
        raise ProcessFailed(f"CALENDARSYNC_ENCRYPTION_KEYS: {unfit}") from None
    except StoreUnavailable:
        raise ProcessFailed(UNREACHABLE) from None
    stack.push_async_callback(held.release)
    await stack.enter_async_context(task_for_good(held.keep(), name="keys"))


@asynccontextmanager
async def _open_known_times(settings: Settings, changes: PostgresChangeFeed) -> AsyncIterator[KeptTimes]:
    """Whoever is erased is forgotten here as well."""
    window = Pace(days_ahead=settings.read_ahead_days).window
    most = settings.known_times_mb * 1_000_000
    dsn = settings.database_url.get_secret_value()
    async with open_known_times(dsn, window=window, most_bytes=most, cell=settings.cell) as known_times:
        changes.tell_of_erasures(known_times.forget)
        yield known_times


@asynccontextmanager
async def _open_traces(settings: Settings) -> AsyncIterator[Traces | None]:
    """None where no setting asks for any. Raises ProcessFailed when the packages are missing."""
    if settings.traces_url is None:
        yield None
        return
    try:
        traces = open_traces(settings.traces_url, share=settings.traces_share, version=build_version())
    except TracesUnavailable:
        raise ProcessFailed(
            "CALENDARSYNC_TRACES_URL needs packages that come with an extra:"
            " pip install 'calendarsync-service[traces]'"
        ) from None
    try:
        yield traces
    finally:
        await asyncio.to_thread(traces.close)


def _meter_of(metrics: Metrics, traces: Traces | None, provider: Provider) -> ProviderMeter:
    meter = metrics.providers.of(provider)
    return meter if traces is None else TracedProvider(meter, traces, provider.value.lower())


@asynccontextmanager
async def _open_database(
    settings: Settings, *, traces: Traces | None
) -> AsyncIterator[tuple[Pool, PostgresClock]]:
    """Its schema is up to date, and the clock follows it. Raises ProcessFailed."""
    # A process that is led to the wrong database must not begin an empty cell there.
    await migrated(settings, beside_others=False)
    opening = open_pool(
        settings.database_url.get_secret_value(),
        max_size=settings.database_pool_size,
        cursor_factory=AsyncCursor if traces is None else timed_cursor(traces.done),
        cell=settings.cell,
    )
    async with AsyncExitStack() as stack:
        try:
            pool = await stack.enter_async_context(opening)
            clock = await open_clock(pool)
        except StoreUnavailable:
            raise ProcessFailed(UNREACHABLE) from None
        await stack.enter_async_context(task_for_good(clock.keep(pool), name="clock"))
        yield pool, clock


async def migrated(settings: Settings, *, beside_others: bool = True) -> list[str]:
    """Bring the cell's schema up to date and name what was applied. Raises ProcessFailed.

    Unless `beside_others`, a new cell is made in a database without cells only.
    """
    dsn = settings.database_url.get_secret_value()
    await require_database(dsn)
    try:
        return await migrate(dsn, cell=settings.cell, beside_others=beside_others)
    except psycopg.OperationalError as error:
        raise ProcessFailed(f"{UNREACHABLE}: {refusal_in(error).value}") from None
    except CellRefused as refused:
        raise ProcessFailed(f"the database's schema can't be brought up to date: {refused}") from None


async def require_database(dsn: str, *, cell: str | None = None) -> None:
    """Raises ProcessFailed, and says why there is no connection."""
    try:
        await require_reachable(dsn, cell=cell)
    except DatabaseUnreachable as unreachable:
        raise ProcessFailed(f"{UNREACHABLE}: {unreachable.refusal.value}") from None


def _pace(settings: Settings, configured: CalendarProviders) -> Pace:
    # A subscription left from when notifications were on brings none now: where no provider has any, everything is
    # polled. Beside one that has, it counts until it ends; the slower pace, too, is within what answers allow.
    push_on = any(one.push is not None for one in configured.values())
    with_push = settings.poll_with_push_seconds if push_on else settings.poll_seconds
    return Pace(
        days_ahead=settings.read_ahead_days,
        polled_every=timedelta(seconds=settings.poll_seconds),
        polled_with_push_every=timedelta(seconds=with_push),
        saving_every=timedelta(seconds=settings.poll_with_push_seconds),
    )


def _mailer(settings: Settings, clock: Clock) -> SmtpMailer | None:
    """None where the caller mails."""
    if settings.mail is Mail.OFF:
        return None
    assert settings.smtp_url is not None
    assert settings.mail_from is not None
    return SmtpMailer(
        smtp=SmtpSettings.parse(settings.smtp_url.get_secret_value()),
        sender=parse_sender(settings.mail_from),
        signature=Signature(name=settings.product_name, url=settings.product_url),
        catalogue=replace(
            load_catalogue(settings.mail_templates), default_language=settings.default_language
        ),
        tls=trusting(settings.smtp_ca_file),
        clock=clock,
    )
