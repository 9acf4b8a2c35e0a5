"""Several cells in one database: each by itself, whatever PostgreSQL keeps for the whole database."""

import ast
import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from psycopg import AsyncConnection, sql

from adapters.postgres.cells import DEFAULT_CELL, CellInvalid, channel, checked_cell
from adapters.postgres.migrate import migrate
from adapters.postgres.opened_cell import CellRefused
from adapters.postgres.pool import open_pool
from adapters.postgres.wake_ups import PostgresWakeUps
from application.ports.store import StoreUnavailable
from domain.change import CursorExpired
from domain.expert import ExpertNotFound
from domain.hold import TimeTaken
from domain.ids import ExpertId
from tests.builders import EXPERT, NOW, a_change, a_hold, a_session, an_interval
from tests.support.stores import KeptByPostgres, kept_by_postgres, put_expert

EAST, WEST = "east", "w" * 40
"""One with the longest name, whose channels have the longest, too."""
SOON = timedelta(milliseconds=200)
EXTENSION = """
    SELECT nspname FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace WHERE extname = 'btree_gist'
    """


@pytest_asyncio.fixture
async def cells(empty_dsn: str) -> AsyncIterator[tuple[KeptByPostgres, KeptByPostgres]]:
    """Stores of two cells of one database that were made at once, and by several."""
    await asyncio.gather(*(migrate(empty_dsn, cell=cell) for cell in (EAST, WEST, EAST, WEST)))
    async with AsyncExitStack() as stack:
        east, west = [
            await stack.enter_async_context(kept_by_postgres(empty_dsn, cell=cell)) for cell in (EAST, WEST)
        ]
        yield east, west


async def _rows(dsn: str, query: str) -> list[tuple[Any, ...]]:
    async with await AsyncConnection.connect(dsn, autocommit=True) as connection:
        return await (await connection.execute(query.encode())).fetchall()


@pytest.mark.parametrize("name", ["public", "a", "cell_2", "user", WEST])
def test_names_of_cells(name: str) -> None:
    assert checked_cell(name) == name


@pytest.mark.parametrize(
    "name",
    ["", "A", "2nd", "a-b", "a.b", "a b", "ä", 'a"', "a\n", "w" * 41, "pg_catalog", "information_schema"],
)
def test_names_that_no_cell_may_have(name: str) -> None:
    with pytest.raises(CellInvalid):
        checked_cell(name)


def test_the_schema_that_cells_share_is_no_cell() -> None:
    with pytest.raises(CellInvalid):
        checked_cell("calendarsync_shared")


async def test_each_has_its_own_experts_and_times(cells: tuple[KeptByPostgres, KeptByPostgres]) -> None:
    east, west = cells
    await put_expert(east)
    async with west.transaction() as tx:
        with pytest.raises(ExpertNotFound):
            await tx.experts.get(ExpertId(EXPERT))
    await put_expert(west)
    for cell in cells:
        assert await cell.new_sessions.accept(a_session(), a_change())
        async with cell.transaction() as tx:
            await tx.reserved.hold(a_hold(), now=NOW)
        with pytest.raises(TimeTaken):
            async with cell.transaction() as tx:
                await tx.reserved.hold(a_hold("other"), now=NOW)
    await east.rows("DELETE FROM session RETURNING 1")
    (known,) = (
        await west.kept_times.of([ExpertId(EXPERT)], an_interval(), now=a_session().interval.start)
    ).values()
    assert [one.session_id for one in known.booked] == [a_session().session_id]


async def test_the_extension_is_where_no_cell_takes_it_along(
    cells: tuple[KeptByPostgres, KeptByPostgres], empty_dsn: str
) -> None:
    """Which a cell that was made first in its own schema would."""
    assert await _rows(empty_dsn, EXTENSION) == [("calendarsync_shared",)]
    await migrate(empty_dsn)
    async with await AsyncConnection.connect(empty_dsn, autocommit=True) as connection:
        for one in (EAST, DEFAULT_CELL):
            await connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(one)))
    _, west = cells
    await put_expert(west)
    async with west.transaction() as tx:
        await tx.reserved.hold(a_hold(), now=NOW)


async def test_a_cell_beside_the_default_one_shares_its_extension(dsn: str) -> None:
    assert await migrate(dsn, cell=EAST) != []
    assert await migrate(dsn, cell=EAST) == []
    assert await _rows(dsn, EXTENSION) == [("public",)]
    async with kept_by_postgres(dsn, cell=EAST) as east, kept_by_postgres(dsn) as default:
        await put_expert(east)
        assert await default.rows("SELECT FROM expert") == []


async def test_nobody_can_put_anything_in_the_place_of_ours(dsn: str) -> None:
    """Whatever a schema holds that the user's own search path leads to, or the database's."""
    await migrate(dsn, cell=EAST)
    async with await AsyncConnection.connect(dsn, autocommit=True) as admin:
        await admin.execute(
            """
            CREATE FUNCTION public.pg_notify(text, text) RETURNS void LANGUAGE plpgsql AS $$
                BEGIN RAISE 'somebody else''s'; END $$;
            CREATE SCHEMA calendarsync;
            CREATE TABLE calendarsync.expert (expert_id text);
            CREATE TABLE public.known_version_of_others (expert_id text);
            """
        )
    async with kept_by_postgres(dsn, cell=EAST) as east:
        await put_expert(east)
        async with east.transaction() as tx:
            await tx.changes.add(a_change())
        assert await east.rows("SELECT current_setting('search_path') AS path") == [
            {"path": f"{EAST}, pg_temp"}
        ]
        assert await east.rows("SELECT to_regclass('known_version_of_others') AS found") == [{"found": None}]


async def test_notifications_reach_those_of_the_cell_only(
    cells: tuple[KeptByPostgres, KeptByPostgres], empty_dsn: str
) -> None:
    heard: dict[str, asyncio.Queue[str | None]] = {cell: asyncio.Queue() for cell in (EAST, WEST)}
    listening = [
        asyncio.create_task(PostgresWakeUps(dsn=empty_dsn, cell=cell).listen(queue.put_nowait))
        for cell, queue in heard.items()
    ]
    async with asyncio.timeout(10):
        assert [await queue.get() for queue in heard.values()] == [None, None]
        for cell, name in zip(cells, (EAST, WEST), strict=True):
            async with cell.transaction() as tx:
                await tx.jobs.write_session(ExpertId(EXPERT), a_session().session_id)
            assert await heard[name].get() == "write_session"
    assert [queue.empty() for queue in heard.values()] == [True, True]
    for task in listening:
        task.cancel()
    await asyncio.wait(listening)


async def test_the_feeds_are_apart(cells: tuple[KeptByPostgres, KeptByPostgres]) -> None:
    east, west = cells
    end = await east.feed.end()
    waiting = asyncio.create_task(west.feed.wait(await west.feed.end(), of=ExpertId(EXPERT), at_most=SOON))
    async with east.transaction() as tx:
        await tx.changes.add(a_change())
    assert len((await east.feed.after(end, of=None, limit=10)).changes) == 1
    with pytest.raises(CursorExpired):
        await west.feed.after(end, of=None, limit=10)
    await waiting
    assert (await west.feed.after(await west.feed.end(), of=None, limit=10)).changes == ()


@pytest.mark.parametrize("cell", [DEFAULT_CELL, EAST])
async def test_the_database_names_channels_as_the_program_does(dsn: str, cell: str) -> None:
    await migrate(dsn, cell=cell)
    async with open_pool(dsn, cell=cell) as pool, pool.connection() as connection:
        cursor = await connection.execute("SELECT notify_channel('calendarsync_due') AS name")
        assert await cursor.fetchone() == {"name": channel("calendarsync_due", cell)}


async def test_a_cell_that_is_migrated_waits_for_no_other(dsn: str) -> None:
    await migrate(dsn, cell=EAST)
    async with await AsyncConnection.connect(dsn, autocommit=True) as connection:
        await connection.execute("BEGIN; LOCK TABLE east.schema_migration")
        held_up = asyncio.create_task(migrate(dsn, cell=EAST))
        async with asyncio.timeout(10):
            while not await _rows(dsn, "SELECT FROM pg_locks WHERE NOT granted"):
                assert not held_up.done()
            assert await migrate(dsn) == []
            assert await migrate(dsn, cell=WEST) != []
        await connection.execute("COMMIT")
    assert await held_up == []


async def test_whoever_is_led_to_another_cells_database_begins_none_there(dsn: str) -> None:
    with pytest.raises(CellRefused, match="there is no cell east in this database, which has public"):
        await migrate(dsn, cell=EAST, beside_others=False)
    assert await _rows(dsn, "SELECT FROM pg_namespace WHERE nspname = 'east'") == []
    await migrate(dsn, cell=EAST)
    assert await migrate(dsn, cell=EAST, beside_others=False) == []


async def test_a_copy_under_another_name_is_refused_until_somebody_says_that_it_is_meant(dsn: str) -> None:
    await migrate(dsn, cell=EAST)
    async with await AsyncConnection.connect(dsn, autocommit=True) as admin:
        await admin.execute("ALTER SCHEMA east RENAME TO north")
        with pytest.raises(CellRefused, match="the schema north says that it is the cell east"):
            await migrate(dsn, cell="north")
        await admin.execute("UPDATE north.cell SET name = 'north'")
    assert await migrate(dsn, cell="north") == []


async def test_a_copied_feed_has_another_history(dsn: str) -> None:
    await migrate(dsn, cell=EAST)
    async with kept_by_postgres(dsn, cell=EAST) as east:
        before = await east.feed.end()
    async with await AsyncConnection.connect(dsn, autocommit=True) as admin:
        await admin.execute("ALTER SCHEMA east RENAME TO north; UPDATE north.cell SET name = 'north'")
    async with kept_by_postgres(dsn, cell="north") as north:
        with pytest.raises(CursorExpired):
            await north.feed.after(before, of=None, limit=10)


async def test_where_the_users_own_search_path_led_before_the_operator_says_which_cell_it_is(
    empty_dsn: str,
) -> None:
    await migrate(empty_dsn, cell=EAST)
    async with await AsyncConnection.connect(empty_dsn, autocommit=True) as admin:
        name = sql.Identifier(admin.info.dbname)
        await admin.execute(sql.SQL("ALTER DATABASE {} SET search_path = east, public").format(name))
    with pytest.raises(CellRefused, match="leads to the schema east, which is in use: set CALENDARSYNC_CELL"):
        await migrate(empty_dsn)
    assert await migrate(empty_dsn, cell=EAST) == []


async def test_a_standby_is_never_asked(standby: str) -> None:
    with pytest.raises(StoreUnavailable):
        async with open_pool(standby, patience=SOON):
            pass


async def test_a_cell_that_is_not_there_is_never_asked(dsn: str) -> None:
    with pytest.raises(StoreUnavailable):
        async with open_pool(dsn, patience=SOON, cell=EAST):
            pass


CONNECTING = {
    "PostgresWakeUps",
    "listening",
    "migrate",
    "open_change_feed",
    "open_known_times",
    "open_new_sessions",
    "open_pinned",
    "open_pool",
}


def test_whoever_connects_says_to_which_cell() -> None:
    """The default one is for tests: a command that left it out would work on the wrong cell."""
    silent = []
    for file in Path("src").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_bytes())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", None) in CONNECTING:
                told = any(keyword.arg == "cell" for keyword in node.keywords)
                silent += [] if told else [f"{file}:{node.lineno}"]
    assert silent == []
