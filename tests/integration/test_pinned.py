"""The connection that the loop keeps to itself: shared runs, failures, and what happens when the server goes away."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
import pytest_asyncio
from psycopg import AsyncConnection

from adapters.postgres.errors import StatementFailed, StatementFailedForNow
from adapters.postgres.line import Row, Statement
from adapters.postgres.pinned import PinnedConnection, open_pinned
from adapters.postgres.shared_statement import SharedStatement
from application.ports.store import StoreUnavailable
from domain.expert import ExpertNotFound
from tests.support.database_proxy import database_proxy

ECHO = Statement(
    name="echo",
    types=("text[]",),
    # Waits for whoever has the table locked.
    text="SELECT word, count(*) OVER () FROM unnest($1) AS word WHERE EXISTS (SELECT FROM gate)",
)
SETTING = Statement(
    name="setting", types=("text[]",), text="SELECT current_setting(name) FROM unnest($1) AS name"
)
ADD = Statement(
    name="add",
    types=("text[]",),
    text="""
    WITH word AS (SELECT * FROM unnest($1) AS word),
        added AS (INSERT INTO owned (expert_id) SELECT word FROM word RETURNING expert_id)
    SELECT expert_id FROM added
    """,
)
TABLES = """
    CREATE TABLE gate (open boolean);
    INSERT INTO gate VALUES (true);
    CREATE TABLE owned (expert_id text CONSTRAINT session_expert_fk REFERENCES expert);
    INSERT INTO expert VALUES ('ada', 'PRO', 'UTC', ''), ('bob', 'PRO', 'UTC', '');
    """
SOON = timedelta(milliseconds=300)


def _values(words: Sequence[str]) -> Sequence[object]:
    return (list(words),)


def _echoes(words: Sequence[str], rows: Sequence[Row]) -> Sequence[Row]:
    assert [row[0] for row in rows] == list(words)
    return rows


def _firsts(words: Sequence[str], rows: Sequence[Row]) -> Sequence[str]:
    return [row[0] for row in rows]


Echo = SharedStatement[str, Row]


def _echo(pinned: PinnedConnection, *, most: int = 100) -> Echo:
    return SharedStatement(pinned, ECHO, values=_values, answers=_echoes, weight=len, most=most)


def _add(pinned: PinnedConnection) -> SharedStatement[str, str]:
    return SharedStatement(pinned, ADD, values=_values, answers=_firsts)


@pytest_asyncio.fixture
async def tables(dsn: str) -> AsyncIterator[AsyncConnection]:
    """What the statements need is there."""
    async with await AsyncConnection.connect(dsn, autocommit=True) as connection:
        await connection.execute(TABLES)
        yield connection


@pytest_asyncio.fixture
async def pinned(dsn: str, tables: AsyncConnection) -> AsyncIterator[PinnedConnection]:
    async with open_pinned(dsn, [ECHO, SETTING, ADD]) as pinned:
        yield pinned


@asynccontextmanager
async def _closed_gate(tables: AsyncConnection, word: str, echo: Echo) -> AsyncIterator[asyncio.Task[Row]]:
    """With an echo under way that can't end before the block does."""
    async with tables.transaction():
        await tables.execute("LOCK TABLE gate")
        first = asyncio.create_task(echo.ask(word))
        await _reached(tables, "SELECT FROM pg_locks WHERE NOT granted AND relation = 'gate'::regclass")
        yield first


async def _reached(tables: AsyncConnection, question: str) -> None:
    async with asyncio.timeout(20):
        while not (await tables.execute(question.encode())).rowcount:
            pass


async def _cut_all(tables: AsyncConnection) -> None:
    await tables.execute(
        """
        SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()
        """
    )


async def test_is_set_up_as_the_pools_connections(pinned: PinnedConnection) -> None:
    setting = SharedStatement(pinned, SETTING, values=_values, answers=_firsts)
    for name, value in (
        ("TimeZone", "UTC"),
        ("statement_timeout", "10s"),
        ("idle_in_transaction_session_timeout", "30s"),
        ("idle_session_timeout", "0"),
        ("application_name", "calendarsync"),
        ("default_transaction_isolation", "read committed"),
        ("plan_cache_mode", "force_generic_plan"),
    ):
        assert await setting.ask(name) == value


async def test_settings_of_its_own_come_on_top(dsn: str) -> None:
    async with open_pinned(
        dsn, [SETTING], settings={"lock_timeout": "1s", "timezone": "Asia/Tokyo"}
    ) as pinned:
        setting = SharedStatement(pinned, SETTING, values=_values, answers=_firsts)
        names = ("lock_timeout", "TimeZone", "statement_timeout")
        assert [await setting.ask(name) for name in names] == ["1s", "Asia/Tokyo", "10s"]


async def test_those_who_ask_while_a_statement_runs_share_the_next(
    pinned: PinnedConnection, tables: AsyncConnection
) -> None:
    echo = _echo(pinned)
    async with _closed_gate(tables, "first", echo) as first:
        others = [asyncio.create_task(echo.ask(word)) for word in ("b", "a", "b")]
        await asyncio.sleep(0)
    assert await first == ("first", 1)
    assert await asyncio.gather(*others) == [("b", 3), ("a", 3), ("b", 3)]


async def test_a_run_is_no_larger_than_it_may_be_but_for_a_single_item(
    pinned: PinnedConnection, tables: AsyncConnection
) -> None:
    echo = _echo(pinned, most=4)
    async with _closed_gate(tables, "first", echo) as first:
        others = [asyncio.create_task(echo.ask(word)) for word in ("aa", "b", "cc", "d", "larger", "e")]
        await asyncio.sleep(0)
    await first
    assert [count for _, count in await asyncio.gather(*others)] == [2, 2, 2, 2, 1, 1]


async def test_whoever_is_cancelled_cancels_nobody_else(
    pinned: PinnedConnection, tables: AsyncConnection
) -> None:
    echo = _echo(pinned)
    async with _closed_gate(tables, "first", echo) as first:
        gone, stays = (asyncio.create_task(echo.ask(word)) for word in ("gone", "stays"))
        await asyncio.sleep(0)
        gone.cancel()
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
    # And was not asked for any more.
    assert await stays == ("stays", 1)


async def test_statements_of_several_kinds_take_turns(
    pinned: PinnedConnection, tables: AsyncConnection
) -> None:
    echo, add = _echo(pinned), _add(pinned)
    async with _closed_gate(tables, "first", echo) as first:
        others = [asyncio.create_task(one) for one in (add.ask("ada"), echo.ask("b"), add.ask("bob"))]
        await asyncio.sleep(0)
    await first
    assert await asyncio.gather(*others) == ["ada", ("b", 1), "bob"]


async def test_a_refused_statement_fails_all_who_share_it_and_says_nothing_of_its_values(
    pinned: PinnedConnection, tables: AsyncConnection
) -> None:
    echo, add = _echo(pinned), _add(pinned)
    async with _closed_gate(tables, "first", echo):
        adding = [asyncio.create_task(add.ask(word)) for word in ("ada", "nobody-we-know")]
        await asyncio.sleep(0)
    failures = await asyncio.gather(*adding, return_exceptions=True)
    for failed in failures:
        assert isinstance(failed, StatementFailed)
        assert not isinstance(failed, StoreUnavailable)
        assert (failed.sqlstate, failed.meaning, failed.sharers) == ("23503", ExpertNotFound, 2)
        assert str(failed) == "23503"
        assert (failed.__cause__, failed.__context__) == (None, None)
    assert failures[0] is not failures[1]
    assert await add.ask_alone("ada") == "ada"
    with pytest.raises(StatementFailed) as alone:
        await add.ask_alone("nobody-we-know")
    assert alone.value.sharers == 1


async def test_a_value_that_cannot_be_written_fails_its_run_and_no_other(pinned: PinnedConnection) -> None:
    echo = _echo(pinned)
    for word in ("\0", "\ud800"):
        with pytest.raises(StatementFailed) as caught:
            await echo.ask(word)
        assert (caught.value.__cause__, caught.value.__context__) == (None, None)
    assert await echo.ask("fine") == ("fine", 1)


async def test_a_statement_that_takes_too_long_is_unavailability(
    pinned: PinnedConnection, tables: AsyncConnection
) -> None:
    echo = _echo(pinned)
    async with _closed_gate(tables, "first", echo) as first:
        await tables.execute("SELECT pg_cancel_backend(pid) FROM pg_locks WHERE NOT granted")
        with pytest.raises(StatementFailedForNow) as caught:
            await first
    assert isinstance(caught.value, StoreUnavailable)
    assert caught.value.sqlstate == "57014"


async def test_much_is_sent_and_received_piece_by_piece(pinned: PinnedConnection) -> None:
    word = "much" * 4_000_000
    assert await _echo(pinned).ask(word) == (word, 1)


async def test_a_connection_that_ended_while_nobody_asked_is_made_anew(
    pinned: PinnedConnection, tables: AsyncConnection
) -> None:
    anew: list[str] = []
    pinned.when_made_anew(lambda: anew.append(pinned.server))
    echo, server = _echo(pinned), pinned.server
    for _ in range(2):
        await _cut_all(tables)
        assert await echo.ask("there") == ("there", 1)
    assert anew == [server, server]


async def test_what_was_on_its_way_fails_when_the_connection_goes_and_what_waits_is_answered_later(
    pinned: PinnedConnection, tables: AsyncConnection
) -> None:
    echo = _echo(pinned)
    async with _closed_gate(tables, "first", echo) as first:
        waiting = asyncio.create_task(echo.ask("waiting"))
        await asyncio.sleep(0)
        await _cut_all(tables)
        with pytest.raises(StoreUnavailable):
            await first
    assert await waiting == ("waiting", 1)


async def test_a_server_that_keeps_silent_fails_all_who_wait(dsn: str, tables: AsyncConnection) -> None:
    async with (
        database_proxy(dsn) as (proxy, through),
        open_pinned(through, [ECHO], answer_within=SOON) as pinned,
    ):
        echo = _echo(pinned)
        assert await echo.ask("before") == ("before", 1)
        proxy.block()
        silent = [asyncio.create_task(echo.ask("silent"))]
        await asyncio.sleep(0)
        silent.append(asyncio.create_task(echo.ask("waiting")))
        failures = await asyncio.gather(*silent, return_exceptions=True)
        assert [type(failed) for failed in failures] == [StoreUnavailable, StoreUnavailable]
        # Nor can a new one be made.
        with pytest.raises(StoreUnavailable):
            await echo.ask("later")
        proxy.unblock()
        assert await _answered(echo) == ("again", 1)


async def test_a_farewell_is_heeded_before_the_end_comes(dsn: str, tables: AsyncConnection) -> None:
    async with (
        database_proxy(dsn) as (proxy, through),
        open_pinned(through, [ECHO], answer_within=timedelta(seconds=5)) as pinned,
    ):
        echo = _echo(pinned)
        proxy.ends_late = True
        made_anew = asyncio.Event()
        pinned.when_made_anew(made_anew.set)
        await _cut_all(tables)
        async with asyncio.timeout(4):
            await made_anew.wait()
        assert await echo.ask("there") == ("there", 1)


async def _answered(echo: Echo) -> Row:
    async with asyncio.timeout(20):
        while True:
            try:
                return await echo.ask("again")
            except StoreUnavailable:
                continue


async def test_a_server_that_is_not_there_or_keeps_silent_is_unavailability(dsn: str) -> None:
    async with database_proxy(dsn) as (proxy, through):
        proxy.block()
        with pytest.raises(StoreUnavailable):
            async with open_pinned(through, [SETTING], answer_within=SOON):
                pass
    with pytest.raises(StoreUnavailable):
        async with open_pinned(through, [SETTING]):
            pass


async def test_a_standby_is_not_asked(standby: str) -> None:
    with pytest.raises(StoreUnavailable):
        async with open_pinned(standby, [SETTING]):
            pass


async def test_what_callers_do_wrong_is_raised_in_them_and_the_connection_goes_on(
    pinned: PinnedConnection,
) -> None:
    unwritten = SharedStatement[str, Row](pinned, ECHO, values=lambda words: words[7], answers=_echoes)
    unread = SharedStatement[str, Row](pinned, ECHO, values=_values, answers=lambda _, rows: [rows[7]])
    for wrong in (unwritten, unread):
        with pytest.raises(IndexError):
            await wrong.ask("word")
    assert await _echo(pinned).ask("fine") == ("fine", 1)


async def test_closing_fails_who_still_waits(dsn: str, tables: AsyncConnection) -> None:
    async with open_pinned(dsn, [ECHO]) as pinned:
        echo = _echo(pinned)
        async with tables.transaction():
            await tables.execute("LOCK TABLE gate")
            waiting = [asyncio.create_task(echo.ask(word)) for word in ("running", "waiting")]
            await _reached(tables, "SELECT FROM pg_locks WHERE NOT granted AND relation = 'gate'::regclass")
            pinned.close()
            failures = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(failed) for failed in failures] == [StoreUnavailable, StoreUnavailable]
