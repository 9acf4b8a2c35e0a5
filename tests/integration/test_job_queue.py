"""Jobs from the transaction that queues them to the worker that runs them."""

import asyncio

from adapters.postgres.job_queue import (
    KINDS,
    QUEUES,
    WRITE_SESSION,
    JobKind,
    job_app,
    register,
)
from adapters.postgres.store import PostgresStore
from tests.builders import ACCOUNT, CALENDAR, EXPERT, INCIDENT, SESSION, after
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
        await tx.jobs.write_session(EXPERT, SESSION)
        await tx.jobs.notify_expert(INCIDENT)
        await tx.jobs.refresh_calendars(ACCOUNT)
        await tx.jobs.read_calendar(CALENDAR)
        await tx.jobs.keep_subscription(CALENDAR)
    assert await _work(kept) == [
        ("write_session", {"expert_id": EXPERT, "session_id": SESSION}),
        ("notify_expert", {"incident_id": INCIDENT}),
        ("refresh_calendars", {"account_id": ACCOUNT}),
        ("read_calendar", {"calendar_id": CALENDAR}),
        ("keep_subscription", {"calendar_id": CALENDAR}),
    ]
    assert await _work(kept) == []


async def test_a_job_for_later_is_not_run_now(kept: KeptByPostgres) -> None:
    async with kept.transaction() as tx:
        await tx.jobs.write_session(EXPERT, SESSION, at=after(days=36_500))
        await tx.jobs.notify_expert(INCIDENT, at=after(days=-36_500))
    assert [name for name, _ in await _work(kept)] == ["notify_expert"]
    assert len(await kept.rows("SELECT id FROM procrastinate_jobs WHERE status = 'todo'")) == 1


async def test_jobs_take_no_lock_so_that_none_waits_behind_another(kept: KeptByPostgres) -> None:
    async with kept.transaction() as tx:
        for _ in range(2):
            await tx.jobs.write_session(EXPERT, SESSION)
    assert await kept.rows("SELECT DISTINCT lock, queueing_lock FROM procrastinate_jobs") == [
        {"lock": None, "queueing_lock": None}
    ]


async def test_the_queueing_side_may_run_the_jobs_itself(kept: KeptByPostgres) -> None:
    """One process in all roles shares the application between store and worker."""
    app = job_app()
    done = asyncio.Event()

    async def write_session(expert_id: str, session_id: str) -> None:
        assert (expert_id, session_id) == (EXPERT, SESSION)
        done.set()

    register(app, WRITE_SESSION, write_session)
    store = PostgresStore(pool=kept.pool, cipher=kept.store.cipher, job_app=app)
    async with app.open_async(kept.pool):
        worker = asyncio.create_task(app.run_worker_async(queues=QUEUES, install_signal_handlers=False))
        async with store.transaction() as tx:
            await tx.jobs.write_session(EXPERT, SESSION)
        async with asyncio.timeout(10):
            await done.wait()
        worker.cancel()
        await asyncio.wait([worker])
