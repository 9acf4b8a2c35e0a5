"""The feed of changes on a real server: its order among writers at once, and how it lives through lost connections."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from psycopg import AsyncConnection

from adapters.postgres import change_feed, feed_pages
from adapters.postgres.change_feed import PostgresChangeFeed, open_change_feed
from adapters.postgres.feed_pages import Look
from adapters.postgres.pool import Connection
from domain.change import Change, ChangeType, CursorExpired, FeedPosition
from tests.builders import EXPERT, a_change
from tests.support.stores import KeptByPostgres

PATIENCE = timedelta(seconds=10)
A_LOT = 60


async def _add(kept: KeptByPostgres, session_id: str, *more: str) -> None:
    async with kept.transaction() as tx:
        for one in (session_id, *more):
            await tx.changes.add(a_change(session_id=one))


async def _sessions(kept: KeptByPostgres, position: FeedPosition) -> list[str | None]:
    """What can be read beyond `position` now."""
    page = await kept.feed.after(position, of=None, limit=10)
    return [change.session_id for _, change in page.changes]


async def _follow(feed: PostgresChangeFeed, position: FeedPosition, number: int) -> list[Change]:
    """The next `number` changes, as a watcher reads them."""
    found: list[Change] = []
    async with asyncio.timeout(A_LOT):
        while len(found) < number:
            await feed.wait(position, of=None, at_most=PATIENCE)
            page = await feed.after(position, of=None, limit=3)
            position = page.upto
            found += [change for _, change in page.changes]
    return found


async def test_a_change_waits_for_the_transaction_that_began_before_its_own(kept: KeptByPostgres) -> None:
    start = await kept.feed.end()
    async with kept.transaction() as first:
        await first.changes.add(a_change(session_id="first"))
        await _add(kept, "second")
        assert await _sessions(kept, start) == []
        between = await kept.feed.end()
    await _add(kept, "third")
    assert await _sessions(kept, start) == ["first", "second", "third"]
    assert await _sessions(kept, between) == ["first", "second", "third"]


async def test_waiters_wake_when_the_older_transaction_ends_without_a_word(kept: KeptByPostgres) -> None:
    start = await kept.feed.end()
    async with kept.pool.connection() as connection, connection.transaction():
        await connection.execute("SELECT pg_current_xact_id()")
        await _add(kept, "done")
        waiting = asyncio.create_task(kept.feed.wait(start, of=EXPERT, at_most=PATIENCE))
        assert await _sessions(kept, start) == []
    async with asyncio.timeout(PATIENCE.total_seconds() / 2):
        await waiting
    assert await _sessions(kept, start) == ["done"]


async def test_of_many_writers_at_once_a_watcher_misses_nothing_and_sees_nothing_twice(
    kept: KeptByPostgres,
) -> None:
    start = await kept.feed.end()

    async def write(writer: int) -> None:
        for number in range(10):
            await _add(kept, f"{writer}-{number}-a", f"{writer}-{number}-b")

    async with asyncio.TaskGroup() as tasks:
        followed = [tasks.create_task(_follow(kept.feed, start, 120)) for _ in range(2)]
        for writer in range(6):
            tasks.create_task(write(writer))
    seen = [change.session_id for change in followed[0].result()]
    assert len(set(seen)) == len(seen) == 120
    assert seen == [change.session_id for change in followed[1].result()]
    for writer in range(6):
        mine = [one for one in seen if one and one.startswith(f"{writer}-")]
        assert mine == [f"{writer}-{number}-{half}" for number in range(10) for half in "ab"]


async def _listeners(kept: KeptByPostgres) -> list[dict[str, object]]:
    return await kept.rows(
        """
        SELECT pid FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'calendarsync changes'
        """
    )


async def _until(true: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(A_LOT):
        while not await true():
            pass


async def test_there_is_one_listener_however_many_watch(kept: KeptByPostgres) -> None:
    start = await kept.feed.end()
    watchers = [asyncio.create_task(kept.feed.wait(start, of=EXPERT, at_most=PATIENCE)) for _ in range(100)]
    await _until(lambda: _has_listener(kept))
    await _add(kept, "one")
    await asyncio.gather(*watchers)
    assert len(await _listeners(kept)) == 1


async def test_the_feed_outlives_its_connection(kept: KeptByPostgres) -> None:
    start = await kept.feed.end()
    await _until(lambda: _has_listener(kept))
    for session_id in ("first", "second"):
        (listener,) = await _listeners(kept)
        waiting = asyncio.create_task(kept.feed.wait(start, of=None, at_most=PATIENCE))
        await kept.rows("SELECT pg_terminate_backend(%(pid)s, 5000)", pid=listener["pid"])
        await _add(kept, session_id)
        async with asyncio.timeout(PATIENCE.total_seconds() / 2):
            await waiting
        start = await kept.feed.end()
        await _until(lambda: _has_listener(kept))


async def _has_listener(kept: KeptByPostgres) -> bool:
    return len(await _listeners(kept)) == 1


async def test_changes_written_while_the_whole_database_was_cut_off_are_told(
    kept: KeptByPostgres, dsn: str
) -> None:
    start = await kept.feed.end()
    waiting = asyncio.create_task(kept.feed.wait(start, of=EXPERT, at_most=PATIENCE))
    async with await AsyncConnection.connect(dsn, autocommit=True) as admin:
        await admin.execute(
            """
            SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid()
            """
        )
        await admin.execute(
            "INSERT INTO change (expert_id, type, at) VALUES (%(of)s, 'CALENDARS_CHANGED', now())",
            {"of": EXPERT},
        )
    async with asyncio.timeout(PATIENCE.total_seconds() / 2):
        await waiting
    assert len((await kept.feed.after(start, of=EXPERT, limit=10)).changes) == 1


async def test_a_change_nobody_was_notified_of_is_only_late(kept: KeptByPostgres) -> None:
    beginning = await kept.feed.end()
    await _add(kept, "the feed is at work")
    await _follow(kept.feed, beginning, 1)
    start = await kept.feed.end()
    waiting = asyncio.create_task(kept.feed.wait(start, of=EXPERT, at_most=PATIENCE))
    await kept.rows(
        """
        INSERT INTO change (expert_id, type, at) VALUES (%(of)s, 'CALENDARS_CHANGED', now()) RETURNING number
        """,
        of=EXPERT,
    )
    async with asyncio.timeout(PATIENCE.total_seconds() / 2):
        await waiting


async def test_a_change_is_told_of_without_being_looked_for(
    kept: KeptByPostgres, dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(change_feed, "LOOK_AGAIN", timedelta(hours=1))
    async with open_change_feed(dsn, kept.pool) as feed:
        for session_id in ("found by the first look, maybe", "told of"):
            start = await feed.end()
            await _add(kept, session_id)
            async with asyncio.timeout(PATIENCE.total_seconds() / 2):
                await feed.wait(start, of=EXPERT, at_most=PATIENCE)


async def test_many_commits_in_a_row_are_looked_at_together(
    kept: KeptByPostgres, dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(change_feed, "GATHER", timedelta(hours=1))
    looked = asyncio.Event()
    looks: Counter[Connection] = Counter()

    async def look_after(connection: Connection, *args: Any, **how: Any) -> Look:
        looks[connection] += 1
        looked.set()
        return await feed_pages.look_after(connection, *args, **how)

    monkeypatch.setattr(change_feed, "look_after", look_after)
    async with open_change_feed(dsn, kept.pool):
        await looked.wait()
        for number in range(30):
            await _add(kept, f"{number}")
        assert set(looks.values()) == {1}  # also of other feeds in this process: each has a connection


async def test_another_process_wakes_the_watchers_of_this_one(kept: KeptByPostgres, dsn: str) -> None:
    start = await kept.feed.end()
    async with open_change_feed(dsn, kept.pool) as other:
        waiting = asyncio.create_task(other.wait(start, of=EXPERT, at_most=PATIENCE))
        await _add(kept, "one")
        async with asyncio.timeout(PATIENCE.total_seconds() / 2):
            await waiting
        assert (await other.after(start, of=EXPERT, limit=1)).changes[0][1].session_id == "one"


async def test_what_is_no_longer_remembered_is_looked_up(
    kept: KeptByPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(change_feed, "MOST_REMEMBERED", 1)
    start = await kept.feed.end()
    await _add(kept, "one")
    await _follow(kept.feed, start, 1)
    async with asyncio.timeout(PATIENCE.total_seconds() / 2):
        await kept.feed.wait(start, of=EXPERT, at_most=PATIENCE)


async def test_a_feed_that_was_away_for_too_long_sends_its_watchers_to_look(kept: KeptByPostgres) -> None:
    start = await kept.feed.end()
    waiting = asyncio.create_task(kept.feed.wait(start, of=EXPERT, at_most=PATIENCE))
    await asyncio.sleep(0)
    async with kept.pool.connection() as connection, connection.transaction():
        await connection.execute(
            "UPDATE change_feed SET removed_transaction = pg_current_xact_id(), removed_number = 1"
        )
    async with asyncio.timeout(PATIENCE.total_seconds() / 2):
        await waiting
    with pytest.raises(CursorExpired):
        await kept.feed.after(start, of=EXPERT, limit=1)
    await _add(kept, "afterwards")
    assert await _sessions(kept, await _shifted(kept)) == ["afterwards"]


async def _shifted(kept: KeptByPostgres) -> FeedPosition:
    """The place of what was removed last."""
    (row,) = await kept.rows(
        "SELECT history, removed_transaction::text::bigint AS transaction, removed_number FROM change_feed"
    )
    return FeedPosition(*(int(str(one)) for one in row.values()))


async def test_a_type_that_only_a_later_version_knows_stops_nothing(kept: KeptByPostgres) -> None:
    start = await kept.feed.end()
    await kept.rows(
        """
        INSERT INTO change (expert_id, type, at, session_id) VALUES (%(of)s, 'NOT_THOUGHT_OF_YET', now(), 'one')
        RETURNING number
        """,
        of=EXPERT,
    )
    await _add(kept, "two")
    first, second = await _follow(kept.feed, start, 2)
    assert (first.type, first.session_id) == (ChangeType.UNSPECIFIED, "one")
    assert second == a_change(session_id="two")
