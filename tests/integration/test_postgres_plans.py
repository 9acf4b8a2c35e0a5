"""Whether the questions asked all day long are answered from their indexes."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import pytest_asyncio
from psycopg import AsyncConnection
from psycopg.conninfo import make_conninfo

from adapters.postgres.pool import Connection, open_pool
from adapters.postgres.sessions import PostgresSessions
from application.ports.sessions import SessionFilter, SessionPosition, UpdatePosition
from domain.ids import AccountId, ExpertId, SessionId
from domain.session import WriteStatus
from tests.builders import ACCOUNT, EXPERT, MARK, NOW, after, an_interval
from tests.support.postgres import new_database

MANY_SESSIONS = """
    INSERT INTO session (expert_id, session_id, starts_at, ends_at, details, cancelled, revision, written_revision,
        status, failures, due_at, copies)
    SELECT expert_id, 'session-' || number, starts_at, starts_at + interval '1 hour', '', mod(number, 10) = 0, 1, 1,
        CASE WHEN mod(number, 1000) = 0 THEN 'WAITING' ELSE 'WRITTEN' END, 0,
        CASE WHEN mod(number, 1000) = 0 THEN starts_at END, 1
    FROM unnest(ARRAY['expert-1', 'other']) AS expert_id, generate_series(1, 10000) AS number,
        LATERAL (SELECT %(now)s + (number - 8000) * interval '2 hours') AS begin (starts_at)
    """


class SameDetails:
    """A cipher for rows that were made in masses: whatever is sealed, it opens as these details."""

    def seal(self, plaintext: bytes, *, context: str) -> bytes:
        return plaintext

    def open(self, sealed: bytes, *, context: str) -> bytes:
        return b'{"title": "Coaching"}'


@pytest_asyncio.fixture(scope="module")
async def crowded(
    postgres_server: str, postgres_admin: AsyncConnection, migrated_template: str
) -> AsyncIterator[Connection]:
    """A connection to a database with 20,000 sessions."""
    async with (
        new_database(postgres_admin, template=migrated_template) as name,
        open_pool(make_conninfo(postgres_server, dbname=name), min_size=1, max_size=1) as pool,
        pool.connection() as connection,
    ):
        await connection.execute(
            "INSERT INTO expert SELECT unnest(ARRAY['expert-1', 'other']), 'PRO', 'UTC', ''"
        )
        await connection.execute(MANY_SESSIONS, {"now": NOW})
        await connection.execute(
            "INSERT INTO session_mark SELECT expert_id, gen_random_uuid(), session_id FROM session"
        )
        await connection.execute("ANALYZE")
        yield connection


@pytest.mark.parametrize(
    ("ask", "index"),
    [
        (lambda sessions: sessions.booked(EXPERT, an_interval(hours=24 * 14)), "session_booked"),
        (lambda sessions: sessions.page(EXPERT, SessionFilter(), after=None, limit=50), "session_by_start"),
        (
            lambda sessions: sessions.page(
                EXPERT, SessionFilter(), after=SessionPosition(NOW, SessionId("x")), limit=50
            ),
            "session_by_start",
        ),
        (lambda sessions: sessions.get(EXPERT, SessionId("session-7")), "session_pkey"),
        (lambda sessions: sessions.whose_marks(EXPERT, [MARK]), "session_mark_pkey"),
        (lambda sessions: sessions.waiting(EXPERT), "session_waiting"),
        (
            lambda sessions: sessions.delayed_in(AccountId(ACCOUNT), later_than=after(days=-300), limit=100),
            "session_delayed",
        ),
    ],
    ids=[
        "booked times",
        "first page",
        "next page",
        "one session",
        "own marks",
        "waiting",
        "delayed",
    ],
)
async def test_is_answered_from_an_index(
    crowded: Connection, ask: Callable[[PostgresSessions], Awaitable[object]], index: str
) -> None:
    sessions = PostgresSessions(connection=crowded, cipher=SameDetails())
    before = await _scans(crowded)
    await ask(sessions)
    scans = {
        name: count - before[name] for name, count in (await _scans(crowded)).items() if count > before[name]
    }
    assert scans == {index: 1}


async def test_own_events_are_found_by_an_index_for_each_reason_to_ask_for_them(crowded: Connection) -> None:
    sessions = PostgresSessions(connection=crowded, cipher=SameDetails())
    before = await _scans(crowded)
    named = [SessionId("session-7"), SessionId("session-7000")]
    assert len(await sessions.own_events(EXPERT, an_interval(hours=24 * 14), sessions=named)) == 2
    scans = {name for name, count in (await _scans(crowded)).items() if count > before[name]}
    assert scans == {"session_booked", "session_under_way", "session_pkey"}


@pytest.mark.parametrize("after", [None, UpdatePosition(NOW, ExpertId("other"), SessionId("session-7"))])
@pytest.mark.parametrize("statuses", [frozenset(), frozenset({WriteStatus.WAITING})], ids=["all", "waiting"])
async def test_everybodys_sessions_are_listed_from_the_index_of_each_status(
    crowded: Connection, after: UpdatePosition | None, statuses: frozenset[WriteStatus]
) -> None:
    sessions = PostgresSessions(connection=crowded, cipher=SameDetails())
    before = await _scans(crowded)
    await sessions.page_of_all(SessionFilter(statuses=statuses), after=after, limit=50)
    scans = {
        name: count - before[name] for name, count in (await _scans(crowded)).items() if count > before[name]
    }
    assert scans == {"session_by_update": len(statuses or WriteStatus)}


async def test_moving_copies_reads_no_other_experts_sessions(crowded: Connection) -> None:
    sessions = PostgresSessions(connection=crowded, cipher=SameDetails())
    before = await _scans(crowded)
    await sessions.move_copies(ExpertId("expert-2"), {AccountId("former")}, AccountId("now"), now=NOW)
    assert (await _scans(crowded))["session as a whole"] == before["session as a whole"]


async def _scans(connection: Connection) -> dict[str, int]:
    """How often each index was used, and each table read as a whole."""
    await connection.execute("SELECT pg_stat_force_next_flush()")
    cursor = await connection.execute(
        """
        SELECT indexrelname AS name, idx_scan AS scans FROM pg_stat_user_indexes
        UNION ALL SELECT relname || ' as a whole', seq_scan FROM pg_stat_user_tables
        """
    )
    return {str(row["name"]): int(row["scans"]) async for row in cursor}
