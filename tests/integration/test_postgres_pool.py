"""The connections: how each is set up, and what happens when PostgreSQL goes away and comes back."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from adapters.postgres.pool import open_pool
from application.ports.store import StoreUnavailable
from domain.account import AccountNotFound
from domain.expert import ExpertNotFound
from tests.builders import ACCOUNT, EXPERT, NOW, an_expert, an_interval
from tests.support.stores import KeptByPostgres, put_expert


async def _cut_all(dsn: str) -> None:
    """End every other connection to the database, as a restart of the server does."""
    async with await AsyncConnection.connect(dsn, autocommit=True) as admin:
        await admin.execute(
            """
            SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid()
            """
        )


async def test_connections_are_bounded_in_utc_and_name_themselves(kept: KeptByPostgres) -> None:
    for name, value in (
        ("TimeZone", "UTC"),
        ("statement_timeout", "10s"),
        ("idle_in_transaction_session_timeout", "30s"),
        ("idle_session_timeout", "0"),
        ("application_name", "calendarsync"),
        ("default_transaction_isolation", "read committed"),
    ):
        assert await kept.rows("SELECT current_setting(%(name)s) AS value", name=name) == [{"value": value}]


async def test_lost_connections_are_replaced(kept: KeptByPostgres, dsn: str) -> None:
    await put_expert(kept)
    await _cut_all(dsn)
    async with kept.transaction() as tx:
        assert await tx.experts.get(EXPERT) == an_expert()
    await _cut_all(dsn)
    with pytest.raises(AccountNotFound):
        await kept.vault.load(ACCOUNT)


async def test_a_connection_from_which_nothing_came_unasked_is_handed_out_unquestioned(
    dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    questioned: list[object] = []

    async def check_connection(connection: AsyncConnection) -> None:
        questioned.append(connection)

    monkeypatch.setattr(AsyncConnectionPool, "check_connection", check_connection)
    async with open_pool(dsn, min_size=1, max_size=1) as pool:
        for _ in range(3):
            async with pool.connection() as connection:
                await connection.execute("SELECT 1")
    assert questioned == []


async def test_questions_are_answered_right_after_a_restart(kept: KeptByPostgres, dsn: str) -> None:
    await put_expert(kept)
    for _ in range(2):
        assert set(await kept.known_times.of([EXPERT], an_interval(), now=NOW)) == {EXPERT}
        await _cut_all(dsn)
    assert set(await kept.known_times.of([EXPERT], an_interval(), now=NOW)) == {EXPERT}


async def test_a_connection_lost_in_a_transaction_is_unavailability_and_leaves_nothing(
    kept: KeptByPostgres, dsn: str
) -> None:
    with pytest.raises(StoreUnavailable):
        async with kept.transaction() as tx:
            await tx.experts.put(an_expert())
            await _cut_all(dsn)
            await tx.experts.get(EXPERT)
    with pytest.raises(StoreUnavailable):
        async with kept.transaction() as tx:
            await tx.experts.put(an_expert())
            await _cut_all(dsn)
    async with kept.transaction() as tx:
        with pytest.raises(ExpertNotFound):
            await tx.experts.get(EXPERT)


async def test_a_server_that_is_not_there_is_unavailability(tmp_path: Path) -> None:
    dsn = f"host={tmp_path} dbname=nowhere"
    with pytest.raises(StoreUnavailable):
        async with open_pool(dsn, min_size=1, patience=timedelta(seconds=0.2)):
            pass


async def test_waiting_too_long_for_a_connection_is_unavailability(kept: KeptByPostgres, dsn: str) -> None:
    async with open_pool(dsn, min_size=1, max_size=1, patience=timedelta(seconds=5)) as pool:
        pool.timeout = 0.05
        store = replace(kept.store, pool=pool)
        async with pool.connection():
            with pytest.raises(StoreUnavailable):
                async with store.transaction():
                    pass
