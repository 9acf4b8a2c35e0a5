"""The feed of changes in databases that are not the one it was written in, or that lost its end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta

import pytest
import pytest_asyncio
from psycopg import AsyncConnection
from psycopg.conninfo import make_conninfo

from adapters.postgres import change_feed
from adapters.postgres.change_feed import PostgresChangeFeed, open_change_feed
from adapters.postgres.feed_history import whereabouts
from adapters.postgres.feed_pages import Look, look_after
from adapters.postgres.pool import Connection
from domain.change import CursorExpired, FeedPosition
from domain.ids import ExpertId
from server.runtime import feed_tail
from server.runtime.feed_tail import open_feed_tail
from tests.builders import EXPERT, a_change, an_expert
from tests.support.postgres import new_database
from tests.support.stores import KeptByPostgres, kept_by_postgres, put_expert

PATIENCE = timedelta(seconds=10)
OTHER = ExpertId("other")
FAR = 5_000_000_000
"""A transaction's number that no cluster of the tests comes to."""


async def _add(kept: KeptByPostgres, *session_ids: str, expert_id: str = EXPERT) -> None:
    async with kept.transaction() as tx:
        for one in session_ids:
            await tx.changes.add(a_change(session_id=one, expert_id=expert_id))


async def _copied(source: str, target: str) -> None:
    """The feed's tables, as a dump brings them into a database made anew."""
    async with (
        await AsyncConnection.connect(source) as old,
        await AsyncConnection.connect(target) as new,
    ):
        for table in ("change", "change_feed"):
            await new.execute(f"DELETE FROM {table}".encode())
            async with (
                old.cursor().copy(f"COPY {table} TO STDOUT".encode()) as dump,
                new.cursor().copy(f"COPY {table} FROM STDIN".encode()) as restore,
            ):
                async for part in dump:
                    await restore.write(part)


@pytest_asyncio.fixture
async def elsewhere(
    postgres_server: str, postgres_admin: AsyncConnection, migrated_template: str
) -> AsyncIterator[str]:
    """The DSN of another database."""
    async with new_database(postgres_admin, template=migrated_template) as name:
        yield make_conninfo(postgres_server, dbname=name)


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[FeedPosition]:
    """From where the watching connections look, one after the other."""
    looks: list[FeedPosition] = []

    async def noted(
        connection: Connection, position: FeedPosition, *, of: ExpertId | None, limit: int
    ) -> Look:
        if limit == change_feed.AT_ONCE:
            looks.append(position)
        return await look_after(connection, position, of=of, limit=limit)

    monkeypatch.setattr(change_feed, "look_after", noted)
    return looks


@pytest.mark.parametrize("number", [0, FAR], ids=["behind", "ahead"])
async def test_the_feed_starts_anew_in_a_database_restored_from_a_dump(
    dsn: str, elsewhere: str, looks: list[FeedPosition], number: int
) -> None:
    async with kept_by_postgres(dsn) as kept:
        before = await kept.feed.end()
        await _add(kept, "before the dump")
        await kept.rows("UPDATE change SET transaction = %(far)s::text::xid8 RETURNING 1", far=FAR)
        await kept.rows(
            "UPDATE change_feed SET removed_transaction = %(number)s::text::xid8 RETURNING 1", number=number
        )
    await _copied(dsn, elsewhere)
    looks.clear()
    async with kept_by_postgres(elsewhere) as restored:
        with pytest.raises(CursorExpired):
            await restored.feed.after(before, of=None, limit=10)
        end = await restored.feed.end()
        assert (await restored.feed.after(end, of=None, limit=10)).changes == ()
        assert await restored.rows("SELECT * FROM change") == []
        waiting = asyncio.create_task(restored.feed.wait(end, of=EXPERT, at_most=PATIENCE))
        await _add(restored, "after it")
        async with asyncio.timeout(PATIENCE.total_seconds() / 2):
            await waiting
        page = await restored.feed.after(end, of=None, limit=10)
        assert [change.session_id for _, change in page.changes] == ["after it"]
        assert len(looks) < 10, "it rests where there is nothing to look for"
    async with kept_by_postgres(elsewhere) as again:
        page = await again.feed.after(end, of=None, limit=10)
        assert [change.session_id for _, change in page.changes] == ["after it"]


async def test_processes_that_start_at_once_start_the_feed_anew_once(dsn: str, elsewhere: str) -> None:
    async with kept_by_postgres(dsn) as kept:
        await _add(kept, "before the dump")
    await _copied(dsn, elsewhere)
    async with kept_by_postgres(elsewhere, at_once=6) as restored, AsyncExitStack() as opened:
        await restored.rows("UPDATE change_feed SET database = 'another' RETURNING 1")
        feeds = await asyncio.gather(
            *(opened.enter_async_context(open_change_feed(elsewhere, restored.pool)) for _ in range(6))
        )
        assert len({(await feed.end()).history for feed in feeds}) == 1


async def test_those_who_watch_hear_when_the_database_behind_them_becomes_another(
    dsn: str, elsewhere: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_tail, "PAUSE_SECONDS", 0.05)
    async with kept_by_postgres(dsn) as other:
        await _add(other, "in the dump")
    async with kept_by_postgres(elsewhere) as kept, open_feed_tail(kept.feed) as tail:
        place = await tail.end()
        waiting = asyncio.create_task(tail.wait(place, of=EXPERT, at_most=PATIENCE))
        await asyncio.sleep(0)
        await _copied(dsn, elsewhere)
        async with asyncio.timeout(PATIENCE.total_seconds() / 2):
            await waiting
        with pytest.raises(CursorExpired):
            await tail.after(place, of=EXPERT, limit=10)
        async with asyncio.timeout(PATIENCE.total_seconds() / 2):
            place = await _settled(kept)
        await _add(kept, "afterwards")
        await tail.wait(place, of=EXPERT, at_most=PATIENCE)
        page = await tail.after(place, of=EXPERT, limit=10)
        assert [change.session_id for _, change in page.changes] == ["afterwards"]


async def _settled(kept: KeptByPostgres) -> FeedPosition:
    """The end of the feed, once it has started anew."""
    while await kept.rows("SELECT FROM change"):
        pass
    return await kept.feed.end()


async def test_the_feed_starts_anew_where_a_cluster_takes_over_that_lost_the_end(
    kept: KeptByPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Smaller than the one before: what is remembered of that would seem to be still to come.
    monkeypatch.setattr("secrets.randbits", lambda _: 1)
    start = await kept.feed.end()
    lost = FeedPosition(start.history, FAR, 3)
    feed = PostgresChangeFeed(kept.pool, end=lost)
    feed._last[None] = feed._last[ExpertId(EXPERT)] = lost
    waiting = asyncio.create_task(feed.wait(lost, of=EXPERT, at_most=PATIENCE))
    await asyncio.sleep(0)
    async with kept.pool.connection() as connection:
        assert await feed.catch_up(connection), "to be looked at again"
        async with asyncio.timeout(PATIENCE.total_seconds() / 2):
            await waiting
        for place in (start, lost):
            with pytest.raises(CursorExpired):
                await feed.after(place, of=None, limit=10)
        end = await feed.end()
        assert not await feed.catch_up(connection)
    for of in (None, ExpertId(EXPERT)):
        woken = asyncio.create_task(feed.wait(end, of=of, at_most=PATIENCE))
        await asyncio.wait([woken], timeout=0.05)
        assert not woken.done(), "nothing came"
        woken.cancel()


async def test_a_feed_in_which_no_place_holds_is_looked_at_once_and_then_again_soon(
    kept: KeptByPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = 0

    async def expired(*_: object, **__: object) -> Look:
        nonlocal looks
        looks += 1
        assert looks == 1
        raise CursorExpired

    async with kept.pool.connection() as connection:
        monkeypatch.setattr(change_feed, "look_after", expired)
        assert await kept.feed.catch_up(connection)
        monkeypatch.undo()


async def test_whose_database_this_is_is_asked_again_when_the_connection_was_lost(
    kept: KeptByPostgres,
) -> None:
    start = await kept.feed.end()
    await _add(kept, "in the dump")
    await kept.rows("UPDATE change_feed SET database = 'another' RETURNING 1")
    await kept.rows(
        """
        SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'calendarsync changes'
        """
    )
    async with asyncio.timeout(PATIENCE.total_seconds()):
        assert (await _settled(kept)).history != start.history


async def test_every_role_may_ask_which_cluster_this_is(kept: KeptByPostgres) -> None:
    (row,) = await kept.rows(
        "SELECT has_function_privilege('public', 'pg_control_system()', 'EXECUTE') AS may"
    )
    assert row["may"]


async def test_an_erased_expert_is_forgotten_by_every_process(kept: KeptByPostgres, dsn: str) -> None:
    await put_expert(kept, an_expert(), an_expert(OTHER))
    async with (
        open_change_feed(dsn, kept.pool) as elsewhere,
        open_feed_tail(elsewhere) as there,
        open_feed_tail(kept.feed) as here,
    ):
        start = await there.end()
        await _add(kept, "theirs")
        await _add(kept, "another's", expert_id=OTHER)
        for tail in (here, there):
            await _until_remembered(tail, "another's")
            assert EXPERT in repr(tail._recent)
        waiting = [
            asyncio.create_task(tail.wait(tail._upto, of=ExpertId(EXPERT), at_most=PATIENCE))
            for tail in (here, there)
        ]
        await asyncio.sleep(0)
        async with kept.transaction() as tx:
            await tx.experts.remove(ExpertId(EXPERT))
        async with asyncio.timeout(PATIENCE.total_seconds() / 2):
            await asyncio.gather(*waiting)
        for tail in (here, there):
            page = await tail.after(start, of=None, limit=10)
            assert [change.session_id for _, change in page.changes] == ["another's"]
            assert EXPERT not in repr(tail._recent)


async def test_an_erasure_while_the_connection_was_lost_leaves_nothing_in_memory(
    kept: KeptByPostgres,
) -> None:
    await put_expert(kept, an_expert())
    async with open_feed_tail(kept.feed) as tail:
        start = await tail.end()
        await _add(kept, "theirs")
        await _until_remembered(tail, "theirs")
        # The connection breaks in the erasing transaction, so it hears nothing of it.
        async with kept.transaction() as tx:
            await tx.experts.remove(ExpertId(EXPERT))
            await kept.rows(
                """
                SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
                WHERE datname = current_database() AND application_name = 'calendarsync changes'
                """
            )
        async with asyncio.timeout(PATIENCE.total_seconds()):
            while tail._recent or kept.feed._last:
                await kept.feed.end()
        assert (await tail.after(start, of=None, limit=10)).changes == ()


async def _until_remembered(tail: feed_tail.FeedTail, session_id: str) -> None:
    async with asyncio.timeout(PATIENCE.total_seconds()):
        while session_id not in [change.session_id for _, change in tail._recent]:
            await tail.wait(tail._upto, of=None, at_most=PATIENCE)


async def test_where_the_cluster_may_not_be_asked_for_the_database_has_to_do(kept: KeptByPostgres) -> None:
    async with kept.pool.connection() as connection:
        allowed = await whereabouts(connection)
        await connection.execute("REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC")
        await connection.execute("SET ROLE pg_read_all_data")
        try:
            forbidden = await whereabouts(connection)
        finally:
            await connection.execute("RESET ROLE")
    assert forbidden == f"unknown/{allowed.partition('/')[2]}" != allowed
