"""The worker on real rows, with use-cases that only write down that they were called."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from psycopg import AsyncConnection, sql
from psycopg.conninfo import conninfo_to_dict

from adapters.postgres.clock import open_clock
from adapters.postgres.wake_ups import PostgresWakeUps
from application.accounts.claim_incidents import ClaimIncidents
from application.calendars.claim_lists import ClaimLists
from application.notifications.claim_subscriptions import ClaimSubscriptions
from application.notifications.tell_ended import TellEnded
from application.readings.claim_readings import ClaimReadings
from application.readings.single_flight import SingleFlight
from application.readings.under_way import UnderWay
from application.sessions.claim_sessions import ClaimSessions
from domain.account import Provider
from domain.reading import Pace
from domain.subscription import EndedSubscription
from server.runtime import worker as module
from server.runtime.work import Work
from server.runtime.worker import Worker
from tests.builders import (
    ACCOUNT,
    CALENDAR,
    EXPERT,
    INCIDENT,
    SESSION,
    a_calendar,
    a_grant,
    a_session,
    an_account,
    an_expert,
    an_identity,
    an_incident,
    some_settings,
)
from tests.fakes.alarms import RecordingAlarms
from tests.fakes.id_source import CountingIds
from tests.server.served import Logs
from tests.support.stores import KeptByPostgres, kept_by_postgres

WORKER = "worker-1"


@dataclass(eq=False)
class Recorder:
    """Stands for any use-case. `fails` calls raise; `gate` holds calls open."""

    calls: list[tuple[Any, ...]] = field(default_factory=list)
    fails: int = 0
    gate: asyncio.Event | None = None
    finished: int = 0
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, *ids: Any, token: str = "") -> None:
        assert token.startswith(WORKER) or not token
        self.calls.append(ids)
        self._changed.set()
        if self.gate is not None:
            await self.gate.wait()
        if self.fails:
            self.fails -= 1
            raise RuntimeError("gotcha")
        self.finished += 1
        self._changed.set()

    async def go_on(self, row: Any) -> None:
        await self(row.task.calendar_id if isinstance(row, UnderWay) else row)

    async def leave(self) -> None:
        self.calls.append(("leave",))

    async def until(self, condition: Callable[["Recorder"], bool]) -> None:
        async with asyncio.timeout(30):
            while not condition(self):
                self._changed.clear()
                await self._changed.wait()


@dataclass(frozen=True, kw_only=True)
class Works:
    kept: KeptByPostgres
    write: Recorder
    notify: Recorder
    refresh: Recorder
    read: Recorder
    keep: Recorder
    end: Recorder
    sweep: Recorder
    life: Recorder
    recover: Recorder


async def book(works: Works, *experts: str) -> None:
    """A session of each expert, due now, and the wake-up for it."""
    async with works.kept.transaction() as tx:
        for expert_id in experts or (EXPERT,):
            await tx.experts.put(an_expert(expert_id))
            session = a_session(expert_id=expert_id, due_at=datetime.now(UTC))
            await tx.sessions.add(session)
            await tx.jobs.write_session(session.expert_id, session.session_id)


async def lose(works: Works) -> None:
    """An account with a mail that is due."""
    async with works.kept.transaction() as tx:
        await tx.experts.put(an_expert())
        await tx.accounts.add(an_account(), a_grant())
        await tx.incidents.add(an_incident(mail_due_at=datetime.now(UTC)))
        await tx.jobs.notify_expert(INCIDENT)


async def choose(works: Works, *calendar_ids: str) -> None:
    """An account of each of these calendars, which is chosen: list, reading and subscription are due."""
    async with works.kept.transaction() as tx:
        await tx.experts.put(an_expert())
        for calendar_id in calendar_ids:
            account = an_account(f"account-of-{calendar_id}", identity=an_identity(object_id=calendar_id))
            await tx.accounts.add(account, a_grant())
            await tx.calendars.save([a_calendar(calendar_id, account_id=account.account_id)])
        await tx.calendars.save_settings(some_settings(conflict=calendar_ids))


@asynccontextmanager
async def working(dsn: str, *, grace: float = 5, sweep_every: float = 60) -> AsyncIterator[Works]:
    async with kept_by_postgres(dsn) as kept:
        recorders = {
            one: Recorder()
            for one in ("write", "notify", "refresh", "read", "keep", "end", "sweep", "life", "recover")
        }
        works = Works(kept=kept, **recorders)
        clock = await open_clock(kept.pool)
        ids = CountingIds(WORKER)
        work = Work(
            claim_sessions=ClaimSessions(store=kept.store, clock=clock, ids=ids),
            write=works.write,  # type: ignore[arg-type]
            claim_incidents=ClaimIncidents(store=kept.store, clock=clock, ids=ids),
            notify=works.notify,  # type: ignore[arg-type]
            claim_readings=ClaimReadings(
                store=kept.store,
                clock=clock,
                providers={},
                alarms=RecordingAlarms(),
                pace=Pace(),
                jitter=lambda: 0.0,
            ),
            read=works.read,
            reads=SingleFlight(works.read, clock=clock, alarms=RecordingAlarms(), failed=lambda _: None),
            claim_subscriptions=ClaimSubscriptions(store=kept.store, clock=clock),
            keep=works.keep,  # type: ignore[arg-type]
            tell_ended=TellEnded(store=kept.store, clock=clock, end=works.end),  # type: ignore[arg-type]
            claim_lists=ClaimLists(store=kept.store, clock=clock),
            refresh=works.refresh,  # type: ignore[arg-type]
            clock=clock,
        )
        worker = Worker(
            lanes=work.lanes(4, reading_places=4),
            wake_ups=PostgresWakeUps(dsn=dsn),
            show_life=works.life,  # type: ignore[arg-type]
            forget_ended=works.sweep,  # type: ignore[arg-type]
            recover=works.recover,  # type: ignore[arg-type]
            sweep_every=timedelta(seconds=sweep_every),
            grace=timedelta(seconds=grace),
            hurry=asyncio.Event(),
        )
        running = asyncio.create_task(worker.run())
        try:
            yield works
        finally:
            running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await running


async def test_each_kind_of_work_reaches_its_use_case_with_its_ids(dsn: str) -> None:
    async with working(dsn) as works:
        await choose(works, CALENDAR)
        await lose(works)
        await book(works)
        async with works.kept.transaction() as tx:
            await tx.jobs.end_subscription(ACCOUNT, "subscription-1")
        for recorder in (works.write, works.notify, works.read, works.keep, works.end):
            await recorder.until(lambda one: one.finished >= 1)
        await works.refresh.until(lambda one: one.finished >= 2)

    assert works.write.calls == [(EXPERT, SESSION)]
    assert works.notify.calls == [(INCIDENT,)]
    assert set(works.refresh.calls) == {(ACCOUNT,), (f"account-of-{CALENDAR}",)}
    assert works.read.calls == works.keep.calls == [(CALENDAR,)]
    ended = EndedSubscription(provider=Provider.MICROSOFT, account_id=ACCOUNT, remote_id="subscription-1")
    assert works.end.calls == [([ended],)]


async def test_what_fails_is_logged_and_left_for_later(dsn: str, logs: Logs) -> None:
    async with working(dsn) as works:
        works.write.fails = 1
        await book(works)
        await logs.until("job failed")

    (line,) = logs.of("job failed")
    assert (line["job"], line["error"]) == ("write_session", "builtins.RuntimeError")
    assert "gotcha" not in logs.text
    assert len(works.write.calls) == 1


async def test_running_jobs_get_the_grace_time(dsn: str) -> None:
    async with working(dsn) as works:
        works.write.gate = asyncio.Event()
        await book(works)
        await works.write.until(lambda one: len(one.calls) == 1)
        asyncio.get_running_loop().call_later(0.2, works.write.gate.set)

    assert works.write.finished == 1


async def test_a_worker_that_is_stopped_as_soon_as_it_starts_stops(dsn: str) -> None:
    async with asyncio.timeout(60):
        for yields in range(20):
            async with working(dsn):
                for _ in range(yields * 3):
                    await asyncio.sleep(0)


async def test_no_session_waits_for_readings(dsn: str) -> None:
    async with working(dsn) as works:
        works.read.gate = asyncio.Event()
        await choose(works, *(f"calendar-{number}" for number in range(20)))
        await works.read.until(lambda one: len(one.calls) == 3)  # one place is kept for what is noticed

        await book(works)
        await works.write.until(lambda one: one.finished == 1)
        works.read.gate.set()
        await works.read.until(lambda one: one.finished == 20)


async def test_a_calendar_is_read_soon_after_somebody_wishes_for_it(dsn: str) -> None:
    async with working(dsn) as works:
        await choose(works, CALENDAR)
        await works.read.until(lambda one: one.finished == 1)
        async with works.kept.transaction() as tx:
            await tx.jobs.read_calendar(CALENDAR)
        await works.read.until(lambda one: one.finished == 2)


async def test_jobs_that_outlast_the_grace_time_are_cut_off(dsn: str) -> None:
    async with working(dsn, grace=0.1) as works:
        works.write.gate = asyncio.Event()
        await book(works)
        await works.write.until(lambda one: len(one.calls) == 1)

    assert works.write.finished == 0


async def test_the_sweep_runs_by_the_clock_and_outlives_its_own_failures(dsn: str, logs: Logs) -> None:
    async with working(dsn, sweep_every=0.05) as works:
        works.sweep.fails = 2
        await works.sweep.until(lambda one: one.finished >= 3)

    assert len(logs.of("upkeep failed, and is tried again")) == 2


async def test_an_outage_of_the_database_is_outlived(dsn: str, postgres_admin: AsyncConnection) -> None:
    name = sql.Identifier(str(conninfo_to_dict(dsn)["dbname"]))
    async with working(dsn, sweep_every=0.05) as works:
        await choose(works, CALENDAR)
        await works.read.until(lambda one: one.finished == 1)

        await postgres_admin.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(name))
        await _cut_all(postgres_admin, dsn)
        await postgres_admin.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(name))

        async with works.kept.transaction() as tx:
            await tx.jobs.read_calendar(CALENDAR)
        await works.read.until(lambda one: one.finished >= 2)
        await _listens_again(postgres_admin, dsn)


async def _cut_all(admin: AsyncConnection, dsn: str) -> None:
    """Returns once they have ended: one that is about to end would still be handed out as sound."""
    await admin.execute(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %(name)s",
        {"name": conninfo_to_dict(dsn)["dbname"]},
    )


async def _listens_again(admin: AsyncConnection, dsn: str) -> None:
    async with asyncio.timeout(20):
        while True:
            cursor = await admin.execute(
                """
                SELECT count(*) FROM pg_stat_activity
                WHERE datname = %(name)s AND application_name = 'calendarsync wake-ups'
                """,
                {"name": conninfo_to_dict(dsn)["dbname"]},
            )
            row = await cursor.fetchone()
            if row is not None and row[0]:
                return
            await asyncio.sleep(0)


async def test_shows_life_before_it_runs_a_job_and_takes_leave_after_the_last(dsn: str) -> None:
    async with working(dsn) as works:
        works.write.gate = asyncio.Event()
        await book(works)
        await works.write.until(lambda one: bool(one.calls))
        assert works.life.calls == [()]
        asyncio.get_running_loop().call_later(0.1, works.write.gate.set)
    assert works.write.finished == 1
    assert works.life.calls == [(), ("leave",)]


async def test_outlives_that_it_cannot_show_life(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SHOWN_EVERY", timedelta(seconds=0.05))
    async with working(dsn) as works:
        works.life.fails = 2
        await works.life.until(lambda one: one.finished >= 2)
