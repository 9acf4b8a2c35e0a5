"""That a feed which stands still is seen."""

import asyncio
import logging
from datetime import timedelta

import pytest
from psycopg import AsyncConnection
from psycopg.conninfo import make_conninfo

from adapters.postgres import feed_holdup
from adapters.postgres.feed_holdup import Holdup
from adapters.postgres.feed_pages import Look
from application.ports.changes import FeedPage
from domain.change import FeedPosition
from tests.builders import a_change
from tests.support.stores import KeptByPostgres

PATIENCE = 10.0


def a_look(upto: int, waiting: int | None) -> Look:
    return Look(page=FeedPage(changes=(), upto=FeedPosition(1, upto, 0)), waiting=waiting)


def told(log: pytest.LogCaptureFixture) -> list[str]:
    return [one.getMessage() for one in log.records if one.name == feed_holdup.__name__]


def test_a_change_that_waits_for_long_is_told_of_once_and_once_when_it_is_over(
    caplog: pytest.LogCaptureFixture,
) -> None:
    holdup = Holdup()
    for second in range(40):
        holdup.look(a_look(100, 105), now=second)
    (begun,) = told(caplog)
    assert "is held up, for 11 seconds" in begun
    holdup.look(a_look(110, None), now=40)
    assert told(caplog)[1:] == ["the feed of changes goes on, after 40 seconds"]
    for second in range(41, 80):
        holdup.look(a_look(110, None), now=second)
    assert len(told(caplog)) == 2


def test_changes_that_wait_a_little_each_are_nothing_to_tell_of(caplog: pytest.LogCaptureFixture) -> None:
    holdup = Holdup()
    for second in range(60):
        holdup.look(a_look(100 + second, 102 + second), now=second)
    assert told(caplog) == []


def test_older_transactions_that_overlap_hold_up_as_one(caplog: pytest.LogCaptureFixture) -> None:
    holdup = Holdup()
    for second in range(20):
        holdup.look(a_look(100 + second // 8, 105), now=second)
    assert len(told(caplog)) == 1


async def test_a_transaction_in_another_database_of_the_server_is_seen_to_hold_the_feed_up(
    kept: KeptByPostgres, dsn: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(feed_holdup, "TOLD_AFTER", timedelta())
    start = await kept.feed.end()
    async with await AsyncConnection.connect(make_conninfo(dsn, dbname="postgres")) as other:
        await other.execute("SELECT pg_current_xact_id()")
        async with kept.transaction() as tx:
            await tx.changes.add(a_change())
        async with asyncio.timeout(PATIENCE):
            while not told(caplog):
                await kept.feed.end()
        assert (await kept.feed.after(start, of=None, limit=10)).changes == ()
        await other.rollback()
        await kept.feed.wait(start, of=None, at_most=timedelta(seconds=PATIENCE))
    assert (await kept.feed.after(start, of=None, limit=10)).changes
    async with asyncio.timeout(PATIENCE):
        while len(told(caplog)) < 2:
            await kept.feed.end()
    assert {one.levelno for one in caplog.records} == {logging.WARNING}
