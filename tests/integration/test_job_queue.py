"""Jobs from the transaction that queues them to the worker that runs them."""

import asyncio

from adapters.postgres.job_queue import (
    KINDS,
    QUEUES,
    REFRESH_CALENDARS,
    JobKind,
    job_app,
    register,
)
from adapters.postgres.store import PostgresStore
from domain.ids import AccountId
from tests.builders import ACCOUNT, CALENDAR
from tests.support.stores import KeptByPostgres


async def _work(kept: KeptByPostgres, kinds: tuple[JobKind, ...] = KINDS) -> list[tuple[str, dict[str, str]]]:
    """Run everything that is ready, as a worker of another process does; returns what was run."""
    done: list[tuple[str, dict[str, str]]] = []
    app = job_app()
    for kind in kinds:

        async def run(kind: JobKind = kind, /, **ids: str) -> None:
            done.append((kind.name, ids))

        register(app, kind, run)
    async with app.open_async(kept.pool):
        await app.run_worker_async(
            queues=QUEUES, wait=False, install_signal_handlers=False, listen_notify=False
        )
    return done


async def test_a_worker_is_given_the_ids(kept: KeptByPostgres) -> None:
    async with kept.transaction() as tx:
        await tx.jobs.refresh_calendars(ACCOUNT)
        await tx.jobs.read_calendar(CALENDAR)
        await tx.jobs.keep_subscription(CALENDAR)
    assert await _work(kept) == [
        ("refresh_calendars", {"account_id": ACCOUNT}),
        ("read_calendar", {"calendar_id": CALENDAR}),
        ("keep_subscription", {"calendar_id": CALENDAR}),
    ]
    assert await _work(kept) == []


async def test_jobs_take_no_lock_so_that_none_waits_behind_another(kept: KeptByPostgres) -> None:
    async with kept.transaction() as tx:
        for account_id in ("account-1", "account-2"):
            await tx.jobs.refresh_calendars(AccountId(account_id))
    assert await kept.rows("SELECT DISTINCT lock, queueing_lock FROM procrastinate_jobs") == [
        {"lock": None, "queueing_lock": None}
    ]


async def test_the_queueing_side_may_run_the_jobs_itself(kept: KeptByPostgres) -> None:
    """One process in all roles shares the application between store and worker."""
    app = job_app()
    done = asyncio.Event()

    async def refresh_calendars(account_id: str) -> None:
        assert account_id == ACCOUNT
        done.set()

    register(app, REFRESH_CALENDARS, refresh_calendars)
    store = PostgresStore(pool=kept.pool, cipher=kept.store.cipher, job_app=app)
    async with app.open_async(kept.pool):
        worker = asyncio.create_task(app.run_worker_async(queues=QUEUES, install_signal_handlers=False))
        async with store.transaction() as tx:
            await tx.jobs.refresh_calendars(ACCOUNT)
        async with asyncio.timeout(10):
            await done.wait()
        worker.cancel()
        await asyncio.wait([worker])
