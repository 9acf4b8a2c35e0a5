"""Whether claims of what is due stay small, however much is due, and of however few experts."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from psycopg import AsyncConnection
from psycopg.conninfo import make_conninfo

from adapters.postgres.due_sessions import CLAIM, RIPEN, claim_arguments
from adapters.postgres.pool import Connection, open_pool
from application.ports.lanes import Room
from application.ports.sessions import Turn
from tests.builders import NOW
from tests.support.postgres import new_database

EVERYTHING = """
    INSERT INTO expert SELECT 'e' || e, 'PRO', 'UTC', '' FROM generate_series(1, 1000) AS e;
    INSERT INTO account
        SELECT 'a' || e || '-' || a, 'e' || e, 'MICROSOFT', 't', 'o' || e || '-' || a, 'WORK', 'ACTIVE', '', now(), 1,
            now()
        FROM generate_series(1, 1000) AS e, generate_series(1, 2) AS a;
    INSERT INTO calendar SELECT account_id || '-' || c, account_id, 'remote' || c, '', '', c = 1, true, false, false
        FROM account, generate_series(1, 4) AS c;
    INSERT INTO session (expert_id, session_id, starts_at, ends_at, details, cancelled, revision, written_revision,
            status, failures, copies)
        SELECT expert_id, 's' || s, begins, begins + interval '1 hour', '', false, 1, 1, 'WRITTEN', 0, 1
        FROM expert, generate_series(1, 50) AS s,
            LATERAL (SELECT timestamptz '2027-03-01 12:00Z' + s * interval '3 hours') AS begin (begins);
    """
NEW = "UPDATE session SET status = 'PENDING', due_at = '2027-03-01 12:00Z' "
WAITING = """
    UPDATE session SET status = 'WAITING', hindrance = 'PROVIDER_UNAVAILABLE',
        due_at = timestamptz '2027-03-01 12:00Z' {} interval '1 minute' * random()
    """
RIPE = WAITING.format("-") + "{}; UPDATE session SET ripe_at = due_at WHERE due_at <= '2027-03-01 12:00Z' "
MANY_OF_ONE = """
    INSERT INTO session (expert_id, session_id, starts_at, ends_at, details, cancelled, revision, written_revision,
            status, due_at, failures, copies)
        SELECT 'e500', 'many' || s, '2027-03-01 12:00Z', '2027-03-01 13:00Z', '', false, 1, 0, 'PENDING',
            '2027-03-01 11:00Z', 0, 0
        FROM generate_series(1, 5000) AS s;
    """
STATES = {
    "nothing due": "SELECT",
    "few due": NEW + "WHERE session_id = 's7' AND expert_id < 'e11'",
    "thousands due of one expert": MANY_OF_ONE,
    "thousands tried again of one expert": MANY_OF_ONE + RIPE.format("WHERE expert_id = 'e500'"),
    "everything due": NEW,
    "everything tried again": RIPE.format(""),
    "everything waiting": WAITING.format("+"),
}
MOST_PAGES = 2500
"""Of 32 experts of each kind a few probes of indexes each, some 3 pages every time."""


@pytest_asyncio.fixture(scope="module")
async def crowded(
    postgres_server: str, postgres_admin: AsyncConnection, migrated_template: str
) -> AsyncIterator[str]:
    """The name of a database with 50,000 sessions of 1,000 experts, none of them due."""
    async with new_database(postgres_admin, template=migrated_template) as name:
        async with await AsyncConnection.connect(
            make_conninfo(postgres_server, dbname=name), autocommit=True
        ) as connection:
            await connection.execute(EVERYTHING)
            await connection.execute("VACUUM ANALYZE")
        yield name


@pytest_asyncio.fixture(scope="module", params=STATES)
async def in_state(
    request: pytest.FixtureRequest, postgres_server: str, postgres_admin: AsyncConnection, crowded: str
) -> AsyncIterator[tuple[str, Connection]]:
    """A connection to a copy of it in some state; its statistics are those of before."""
    async with (
        new_database(postgres_admin, template=crowded) as name,
        open_pool(make_conninfo(postgres_server, dbname=name), min_size=1, max_size=1) as pool,
        pool.connection() as connection,
    ):
        await connection.execute(STATES[request.param].encode())
        await connection.execute("VACUUM")
        yield request.param, connection


async def explain(connection: Connection, statement: str, arguments: dict[str, Any]) -> dict[str, Any]:
    cursor = await connection.execute(
        f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}".encode(), arguments
    )
    row = await cursor.fetchone()
    assert row is not None
    plan: dict[str, Any] = row["QUERY PLAN"][0]["Plan"]
    return plan


def nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(node for one in plan.get("Plans", ()) for node in nodes(one))]


def pages(plan: dict[str, Any]) -> int:
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


def whole_tables(plan: dict[str, Any]) -> set[str]:
    return {node["Relation Name"] for node in nodes(plan) if node["Node Type"] == "Seq Scan"}


def left_out(plan: dict[str, Any]) -> int:
    """Rows that were looked at in vain."""
    return sum(node.get("Rows Removed by Filter", 0) * node["Actual Loops"] for node in nodes(plan))


@pytest.mark.parametrize("full", [True, False], ids=["one expert's places taken", "idle"])
async def test_a_claim_of_sessions_is_small(in_state: tuple[str, Connection], full: bool) -> None:
    state, connection = in_state
    held = {"expert/e500": 2, "mailbox/MICROSOFT/t/o500-1": 2} if full else {}
    room = Room(places=8, again=6, held=held)
    asked = claim_arguments(room, Turn(), "w.1", NOW, NOW + timedelta(minutes=2))
    async with connection.transaction(force_rollback=True):
        plan = await explain(connection, CLAIM, asked)
        cursor = await connection.execute(
            "SELECT count(*) AS claimed FROM session WHERE claimed_by = 'w.1.appearance'"
        )
        row = await cursor.fetchone()
    assert whole_tables(plan) <= {"calendar_settings"}  # there are none
    assert pages(plan) <= MOST_PAGES
    assert left_out(plan) <= 100
    assert row is not None
    assert (
        row["claimed"]
        == {
            "nothing due": 0,
            "few due": 8,
            "thousands due of one expert": 0 if full else 2,
            "thousands tried again of one expert": 0 if full else 2,
            "everything due": 8,
            "everything tried again": 6,
            "everything waiting": 0,
        }[state]
    )


async def test_ripening_is_small(in_state: tuple[str, Connection]) -> None:
    _, connection = in_state
    async with connection.transaction(force_rollback=True):
        plan = await explain(connection, RIPEN, {"now": NOW})
    assert whole_tables(plan) == set()
    assert pages(plan) <= MOST_PAGES


async def test_so_they_are_with_the_statistics_of_that_state(in_state: tuple[str, Connection]) -> None:
    _, connection = in_state
    await connection.execute("ANALYZE")
    await test_a_claim_of_sessions_is_small(in_state, full=True)
    await test_a_claim_of_sessions_is_small(in_state, full=False)
    await test_ripening_is_small(in_state)


async def test_so_they_are_with_one_plan_for_all_arguments(in_state: tuple[str, Connection]) -> None:
    _, connection = in_state
    asked = claim_arguments(Room(places=8, again=6), Turn(), "w.1", NOW, NOW + timedelta(minutes=2))
    await connection.execute("SET plan_cache_mode = force_generic_plan")
    async with connection.transaction(force_rollback=True):
        before = await _used(connection)
        await connection.execute(CLAIM, asked, prepare=True)
        await connection.execute(RIPEN, {"now": NOW}, prepare=True)
        used = {table: count - before.get(table, 0) for table, count in (await _used(connection)).items()}
    await connection.execute("RESET plan_cache_mode")
    assert {name for name, count in used.items() if count and "as a whole" in name} <= {
        "calendar_settings as a whole"
    }
    assert sum(used.values()) <= MOST_PAGES


async def _used(connection: Connection) -> dict[str, int]:
    """How many rows this connection has read by indexes, and how often whole tables."""
    cursor = await connection.execute(
        """
        SELECT relname AS name, idx_tup_fetch AS count FROM pg_stat_xact_user_tables WHERE idx_tup_fetch > 0
        UNION ALL SELECT relname || ' as a whole', seq_scan FROM pg_stat_xact_user_tables WHERE seq_scan > 0
        """
    )
    return {row["name"]: row["count"] async for row in cursor}
