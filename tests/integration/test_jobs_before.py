"""Processes of the version before beside those of this one: what either makes due, the other finds at once.

The statements here are those of the version before.
"""

from datetime import UTC, datetime, timedelta

from domain.change import ChangeType, change_of_booking
from domain.ids import SessionId, WorkerId
from domain.session import WriteStatus
from tests.builders import EXPERT, INCIDENT, NOW, SESSION, a_grant, a_session, after, an_account, an_incident
from tests.support.stores import KeptByPostgres, claim_incidents, claim_sessions, put_expert

BOOK = """
    INSERT INTO session (expert_id, session_id, starts_at, ends_at, details, cancelled, revision,
        written_revision, status, failures, due_at, copies)
    VALUES (%(expert_id)s, %(session_id)s, %(now)s, %(now)s + interval '1 hour',
        (SELECT details FROM session LIMIT 1), false, 1, 0, 'PENDING', 0, %(now)s, 0)
    """
DELAY = """
    UPDATE session SET status = 'WAITING', hindrance = 'PROVIDER_UNAVAILABLE', failures = 1, due_at = %(due_at)s,
        claimed_by = NULL, claimed_until = NULL
    WHERE expert_id = %(expert_id)s AND session_id = %(session_id)s
    """
DEFER = """
    SELECT procrastinate_defer_jobs_v1(ARRAY[ROW(
        'writes', 'write_session', 0, NULL, NULL,
        jsonb_build_object('expert_id', %(expert_id)s::text, 'session_id', %(session_id)s::text), NULL
    )::procrastinate_job_to_defer_v1])
    """
FETCH = (
    "SELECT task_name, args FROM procrastinate_fetch_job_v2(ARRAY['writes', 'mails']::varchar[], %(worker)s)"
)
SHOW_LIFE = """
    INSERT INTO worker (worker_id, seen_at) VALUES (%(worker_id)s, %(now)s)
    ON CONFLICT (worker_id) DO UPDATE SET seen_at = excluded.seen_at
    """
CLAIM = """
    UPDATE session SET claimed_by = %(token)s, claimed_until = %(until)s
    WHERE expert_id = %(expert_id)s AND session_id = %(session_id)s AND due_at <= %(now)s
        AND (claimed_until IS NULL OR claimed_until <= %(now)s OR claimed_by = %(token)s)
    RETURNING session_id
    """
THE_SESSION = {"expert_id": EXPERT, "session_id": SESSION}


async def an_old_worker(kept: KeptByPostgres, *, seen_at: datetime | None = None) -> object:
    """Shows life as it did, and is registered with its queue."""
    await executed(kept, SHOW_LIFE, worker_id="old-1", now=seen_at or datetime.now(UTC))
    (row,) = await kept.rows("SELECT worker_id FROM procrastinate_register_worker_v1()")
    return row["worker_id"]


async def fetched(kept: KeptByPostgres, worker: object) -> list[tuple[object, object]]:
    """All jobs that the old worker gets now."""
    jobs: list[tuple[object, object]] = []
    while True:
        (row,) = await kept.rows(FETCH, worker=worker)
        if row["task_name"] is None:
            return jobs
        jobs.append((row["task_name"], row["args"]))


async def executed(kept: KeptByPostgres, statement: str, **arguments: object) -> None:
    async with kept.pool.connection() as connection:
        await connection.execute(statement.encode(), {**THE_SESSION, **arguments})


async def booked(kept: KeptByPostgres, *, at: datetime | None = None) -> None:
    """By a process of this version, due then or at once."""
    async with kept.transaction() as tx:
        session = a_session(due_at=at or NOW, status=WriteStatus.WAITING if at else WriteStatus.PENDING)
        await tx.sessions.add(session)
        await tx.jobs.write_session(EXPERT, SESSION, at=at)


async def test_what_the_version_before_books_is_claimed_without_its_job(kept: KeptByPostgres) -> None:
    await put_expert(kept)
    async with kept.transaction() as tx:
        await tx.sessions.add(a_session("any", due_at=None))
    await executed(kept, BOOK, now=NOW)
    await executed(kept, DEFER)
    async with kept.transaction() as tx:
        assert await claim_sessions(tx) == [(EXPERT, SESSION)]


async def test_what_the_version_before_puts_off_is_claimed_when_it_is_due(kept: KeptByPostgres) -> None:
    """Also where it was ripe before: that version knows nothing of it."""
    await put_expert(kept)
    await booked(kept, at=NOW)
    async with kept.transaction() as tx:
        assert await claim_sessions(tx) == [(EXPERT, SESSION)]
    await executed(kept, DELAY, due_at=after(minutes=1))
    async with kept.transaction() as tx:
        assert await claim_sessions(tx, now=after(seconds=59)) == []
        assert await claim_sessions(tx, now=after(minutes=1)) == [(EXPERT, SESSION)]


async def test_a_worker_of_the_version_before_gets_a_job_and_the_claim(kept: KeptByPostgres) -> None:
    worker = await an_old_worker(kept)
    await put_expert(kept)
    await booked(kept)
    async with kept.transaction() as tx:
        await tx.accounts.add(an_account(), a_grant())
        await tx.incidents.add(an_incident())
        await tx.jobs.notify_expert(INCIDENT)

    assert await fetched(kept, worker) == [
        ("write_session", THE_SESSION),
        ("notify_expert", {"incident_id": INCIDENT}),
    ]
    asked = {**THE_SESSION, "token": "old.1", "now": NOW, "until": NOW + timedelta(minutes=2)}
    assert await kept.rows(CLAIM, **asked) == [{"session_id": SESSION}]
    async with kept.transaction() as tx:
        assert await claim_sessions(tx) == []
        assert await claim_incidents(tx) == [INCIDENT]


async def test_one_that_is_accepted_by_one_statement_is_told_as_well(kept: KeptByPostgres) -> None:
    worker = await an_old_worker(kept)
    await put_expert(kept)
    session = a_session()
    await kept.new_sessions.accept(session, change_of_booking(ChangeType.SESSION_ACCEPTED, session, at=NOW))
    assert await fetched(kept, worker) == [("write_session", THE_SESSION)]


async def test_a_job_for_later_is_fetched_later_and_there_is_one_of_each(kept: KeptByPostgres) -> None:
    worker = await an_old_worker(kept)
    await put_expert(kept)
    await booked(kept, at=after(days=36_500))
    for _ in range(2):
        async with kept.transaction() as tx:
            await tx.jobs.write_session(EXPERT, SESSION, at=after(days=36_500))
            await tx.jobs.write_session(EXPERT, SessionId("other"))
    assert await fetched(kept, worker) == [("write_session", {**THE_SESSION, "session_id": "other"})]
    assert len(await kept.rows("SELECT id FROM procrastinate_jobs WHERE status = 'todo'")) == 1


async def test_nothing_is_queued_where_no_such_worker_lives(kept: KeptByPostgres) -> None:
    now = datetime.now(UTC)
    await an_old_worker(kept, seen_at=now - timedelta(minutes=2))
    async with kept.transaction() as tx:
        await tx.workers.show_life(WorkerId("worker-1"), now)
    await put_expert(kept)
    await booked(kept)
    assert await kept.rows("SELECT id FROM procrastinate_jobs") == []
