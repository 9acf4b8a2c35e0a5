"""The migration runner on a real server."""

from __future__ import annotations

import asyncio
import shutil
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from psycopg import AsyncConnection

from adapters.postgres.migrate import MIGRATIONS, MigrationRefused, migrate, read_migrations

FIRST = "CREATE TABLE first (id int PRIMARY KEY);"
SECOND = "CREATE TABLE second (id int PRIMARY KEY); INSERT INTO second VALUES (1), (2);"

MIGRATE = """
import asyncio, pathlib, sys
from adapters.postgres.migrate import migrate
asyncio.run(migrate(sys.argv[1], folder=pathlib.Path(sys.argv[2])))
"""
SLEEPING = """
SELECT pid FROM pg_stat_activity
WHERE datname = current_database() AND query LIKE 'SELECT pg_sleep%' AND state = 'active'
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "0001_first.sql").write_text(FIRST)
    (tmp_path / "0002_second.sql").write_text(SECOND)
    return tmp_path


async def fetch_all(dsn: str, query: str) -> list[tuple[Any, ...]]:
    async with await AsyncConnection.connect(dsn) as connection:
        return await (await connection.execute(query.encode())).fetchall()


async def has_table(dsn: str, name: str) -> bool:
    return (await fetch_all(dsn, f"SELECT to_regclass('{name}') IS NOT NULL")) == [(True,)]


async def test_applies_the_files_in_order(empty_dsn: str, folder: Path) -> None:
    assert await migrate(empty_dsn, folder=folder) == ["0001_first.sql", "0002_second.sql"]
    assert await fetch_all(empty_dsn, "SELECT id FROM second ORDER BY id") == [(1,), (2,)]


async def test_takes_the_time_it_needs_whatever_calls_are_allowed(empty_dsn: str, tmp_path: Path) -> None:
    async with await AsyncConnection.connect(empty_dsn, autocommit=True) as connection:
        for setting in ("statement_timeout", "lock_timeout", "transaction_timeout", "idle_session_timeout"):
            await connection.execute(
                f"ALTER DATABASE {connection.info.dbname} SET {setting} = '100ms'".encode()
            )
    (tmp_path / "0001_slow.sql").write_text("SELECT pg_sleep(0.2);")

    assert await migrate(empty_dsn, folder=tmp_path) == ["0001_slow.sql"]


async def test_applies_nothing_twice(empty_dsn: str, folder: Path) -> None:
    await migrate(empty_dsn, folder=folder)
    assert await migrate(empty_dsn, folder=folder) == []


async def test_applies_only_what_came_since(empty_dsn: str, folder: Path) -> None:
    await migrate(empty_dsn, folder=folder)
    (folder / "0003_third.sql").write_text("CREATE TABLE third (id int);")
    assert await migrate(empty_dsn, folder=folder) == ["0003_third.sql"]


async def test_five_at_once_apply_each_file_once(empty_dsn: str, folder: Path) -> None:
    applied = await asyncio.gather(*(migrate(empty_dsn, folder=folder) for _ in range(5)))
    assert sorted(applied) == [[], [], [], [], ["0001_first.sql", "0002_second.sql"]]


async def test_a_file_that_fails_in_the_middle_leaves_nothing_of_itself(empty_dsn: str, folder: Path) -> None:
    (folder / "0002_second.sql").write_text("CREATE TABLE half (id int); SELECT 1 / 0;")
    with pytest.raises(MigrationRefused, match=r"0002_second\.sql failed: 22012"):
        await migrate(empty_dsn, folder=folder)
    assert await has_table(empty_dsn, "first")
    assert not await has_table(empty_dsn, "half")


async def test_goes_on_where_a_mended_file_failed(empty_dsn: str, folder: Path) -> None:
    (folder / "0002_second.sql").write_text("SELECT 1 / 0;")
    with pytest.raises(MigrationRefused):
        await migrate(empty_dsn, folder=folder)
    (folder / "0002_second.sql").write_text(SECOND)
    assert await migrate(empty_dsn, folder=folder) == ["0002_second.sql"]


async def test_refuses_a_file_changed_after_it_was_applied(empty_dsn: str, folder: Path) -> None:
    await migrate(empty_dsn, folder=folder)
    (folder / "0001_first.sql").write_text(FIRST + "\n")
    with pytest.raises(MigrationRefused, match=r"0001_first\.sql was changed"):
        await migrate(empty_dsn, folder=folder)


async def test_starts_on_a_database_newer_than_the_program_and_leaves_it(
    empty_dsn: str, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await migrate(empty_dsn, folder=folder)
    (folder / "0002_second.sql").unlink()
    assert await migrate(empty_dsn, folder=folder) == []
    assert "newer than this program, which can work on it all the same: it has 0002" in caplog.text
    assert await has_table(empty_dsn, "second")


async def test_refuses_a_database_that_a_later_migration_has_broken_for_it(
    empty_dsn: str, folder: Path
) -> None:
    breaking = folder / "0002_second.sql"
    breaking.write_text(f"-- breaking: first is gone\n{SECOND}")
    (folder / "0003_third.sql").write_text("-- Not breaking: adds.\nCREATE TABLE third (id int);")
    await migrate(empty_dsn, folder=folder)
    assert await migrate(empty_dsn, folder=folder) == []  # whoever knows it can work on it

    (folder / "0003_third.sql").unlink()
    breaking.unlink()
    with pytest.raises(MigrationRefused, match=r"can't work on it any more since 0002 \(first is gone\)$"):
        await migrate(empty_dsn, folder=folder)


async def test_only_the_first_line_says_that_a_file_is_breaking(empty_dsn: str, folder: Path) -> None:
    (folder / "0002_second.sql").write_text(f"{SECOND}\n-- breaking: not said in the first line")
    await migrate(empty_dsn, folder=folder)
    assert await fetch_all(empty_dsn, "SELECT breaking FROM schema_migration ORDER BY version") == [
        (None,),
        (None,),
    ]


async def test_a_table_from_before_there_were_breaking_ones_is_brought_up_to_date_once(
    empty_dsn: str, folder: Path
) -> None:
    await migrate(empty_dsn, folder=folder)
    async with await AsyncConnection.connect(empty_dsn, autocommit=True) as connection:
        await connection.execute("ALTER TABLE schema_migration DROP COLUMN breaking")
    (folder / "0003_third.sql").write_text("-- breaking: why\nCREATE TABLE third (id int);")
    assert await migrate(empty_dsn, folder=folder) == ["0003_third.sql"]
    assert await fetch_all(empty_dsn, "SELECT version, breaking FROM schema_migration ORDER BY 1") == [
        ("0001", None),
        ("0002", None),
        ("0003", "why"),
    ]
    # As a backup does, for as long as it takes: a start that has nothing to do waits for no reader.
    async with await AsyncConnection.connect(empty_dsn) as reading, asyncio.timeout(10):
        await reading.execute("SELECT FROM schema_migration")
        assert await migrate(empty_dsn, folder=folder) == []


async def test_refuses_a_file_that_slipped_in_behind_an_applied_one(empty_dsn: str, folder: Path) -> None:
    (folder / "0001_first.sql").rename(folder / "0000_first.sql")
    await migrate(empty_dsn, folder=folder)
    (folder / "0001_late.sql").write_text("CREATE TABLE late (id int);")
    with pytest.raises(MigrationRefused, match=r"0001_late\.sql comes before 0002"):
        await migrate(empty_dsn, folder=folder)
    assert not await has_table(empty_dsn, "late")


def test_refuses_two_files_with_one_number(folder: Path) -> None:
    (folder / "0002_other.sql").write_text("SELECT 1;")
    with pytest.raises(MigrationRefused, match="same number"):
        read_migrations(folder)


def test_refuses_a_file_without_a_number(folder: Path) -> None:
    (folder / "second.sql").write_text("SELECT 1;")
    with pytest.raises(MigrationRefused, match=r"second\.sql"):
        read_migrations(folder)


async def test_a_killed_migrator_leaves_no_lock(empty_dsn: str, folder: Path) -> None:
    (folder / "0003_slow.sql").write_text("SELECT pg_sleep(60);")
    migrator = await asyncio.create_subprocess_exec(sys.executable, "-c", MIGRATE, empty_dsn, str(folder))
    async with await AsyncConnection.connect(empty_dsn, autocommit=True) as other:
        while not await (await other.execute(SLEEPING)).fetchall():
            assert migrator.returncode is None
    migrator.kill()
    await migrator.wait()
    (folder / "0003_slow.sql").write_text("SELECT 1;")
    async with asyncio.timeout(20):
        assert await migrate(empty_dsn, folder=folder) == ["0003_slow.sql"]


async def test_nobody_has_to_wait_behind_a_file_that_waits_for_a_backup(
    empty_dsn: str, folder: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.postgres.migrate.LOCK_PATIENCE", timedelta(milliseconds=50))
    monkeypatch.setattr("adapters.postgres.migrate.TRY_AGAIN_AFTER", timedelta(milliseconds=50))
    await migrate(empty_dsn, folder=folder)
    (folder / "0003_third.sql").write_text("ALTER TABLE first ADD COLUMN more int;")
    async with await AsyncConnection.connect(empty_dsn) as backup:
        await backup.execute("SELECT FROM first")
        migrating = asyncio.create_task(migrate(empty_dsn, folder=folder))
        async with asyncio.timeout(20):
            while caplog.text.count("0003_third.sql waits for somebody who holds a table") < 2:
                assert not migrating.done()
                await fetch_all(empty_dsn, "SELECT id FROM first")
    async with asyncio.timeout(20):
        assert await migrating == ["0003_third.sql"]


async def test_what_was_chosen_before_there_were_readings_gets_them(empty_dsn: str, tmp_path: Path) -> None:
    before = [path for path in MIGRATIONS.glob("*.sql") if path.name < "0003"]
    for path in before:
        shutil.copy(path, tmp_path)
    await migrate(empty_dsn, folder=tmp_path)
    async with await AsyncConnection.connect(empty_dsn, autocommit=True) as connection:
        await connection.execute(
            """
            INSERT INTO expert VALUES ('e1', 'PRO', 'UTC', ''), ('e2', 'PRO', 'UTC', ''), ('e3', 'PRO', 'UTC', '');
            INSERT INTO account SELECT 'a' || n, 'e' || n, 'MICROSOFT', 't', 'o', 'WORK', 'ACTIVE', '', now(), 1
                FROM generate_series(1, 2) AS n;
            INSERT INTO calendar SELECT name || n, 'a' || n, name, '', '', false, true, false, false
                FROM generate_series(1, 2) AS n, unnest(ARRAY['chosen', 'too', 'not']) AS name;
            INSERT INTO calendar_settings VALUES ('e1', '{chosen1,too1,gone,chosen2}', NULL, 3),
                ('e2', '{chosen2}', NULL, 1), ('e3', '{}', NULL, 1);
            """
        )
    assert (await migrate(empty_dsn))[0] == "0003_readings.sql"
    for table in ("reading", "subscription"):
        rows = await fetch_all(empty_dsn, f"SELECT calendar_id, due_at >= now() FROM {table} ORDER BY 1")
        assert rows == [("chosen1", True), ("chosen2", True), ("too1", True)]
    assert await fetch_all(empty_dsn, "SELECT calendar_id, expert_id FROM reading ORDER BY 1") == [
        ("chosen1", "e1"),
        ("chosen2", "e2"),
        ("too1", "e1"),
    ]
    assert await fetch_all(empty_dsn, "SELECT bool_and(list_due_at >= now()) FROM account") == [(True,)]


async def test_what_a_process_of_an_older_version_chooses_is_followed_too(dsn: str) -> None:
    async with await AsyncConnection.connect(dsn, autocommit=True) as connection:
        await connection.execute(
            """
            INSERT INTO expert VALUES ('e1', 'PRO', 'UTC', '');
            INSERT INTO account (account_id, expert_id, provider, tenant_id, object_id, kind, status, person,
                connected_at, grant_version) VALUES ('a1', 'e1', 'MICROSOFT', 't', 'o', 'WORK', 'ACTIVE', '', now(), 1);
            INSERT INTO calendar SELECT name, 'a1', name, '', '', false, true, false, false
                FROM unnest(ARRAY['one', 'other']) AS name;
            INSERT INTO calendar_settings VALUES ('e1', '{one}', NULL, 1);
            """
        )
        assert await fetch_all(dsn, "SELECT calendar_id FROM reading") == [("one",)]
        await connection.execute(
            "UPDATE calendar_settings SET conflict_calendar_ids = '{other}', version = 2"
        )
    for table in ("reading", "subscription"):
        assert await fetch_all(dsn, f"SELECT calendar_id FROM {table}") == [("other",)]


async def test_processes_of_the_version_before_find_their_job_queue(dsn: str) -> None:
    assert await has_table(dsn, "procrastinate_jobs")
    assert await migrate(dsn) == []
    applied = await fetch_all(dsn, "SELECT name FROM schema_migration ORDER BY version")
    assert [name for (name,) in applied] == [migration.name for migration in read_migrations(MIGRATIONS)]


async def test_accounts_lost_before_causes_were_told_had_to_sign_in_again(
    empty_dsn: str, tmp_path: Path
) -> None:
    for path in MIGRATIONS.glob("*.sql"):
        if path.name < "0009":
            shutil.copy(path, tmp_path)
    await migrate(empty_dsn, folder=tmp_path)
    async with await AsyncConnection.connect(empty_dsn, autocommit=True) as connection:
        await connection.execute(
            """
            INSERT INTO expert VALUES ('e1', 'PRO', 'UTC', '');
            INSERT INTO account (account_id, expert_id, provider, tenant_id, object_id, kind, status, person,
                connected_at, grant_version)
            VALUES ('lost', 'e1', 'MICROSOFT', 't', 'o1', 'WORK', 'RECONNECT_REQUIRED', '', now(), 1),
                ('works', 'e1', 'MICROSOFT', 't', 'o2', 'WORK', 'ACTIVE', '', now(), 1);
            INSERT INTO incident (incident_id, account_id, expert_id, token_hash, token, opened_at, notices,
                mail_failures)
            VALUES ('i1', 'lost', 'e1', 'h', '', now(), 1, 0);
            """
        )
    await migrate(empty_dsn)
    assert await fetch_all(empty_dsn, "SELECT account_id, loss_cause FROM account ORDER BY 1") == [
        ("lost", "SIGN_IN_REQUIRED"),
        ("works", None),
    ]
    assert await fetch_all(empty_dsn, "SELECT cause FROM incident") == [("SIGN_IN_REQUIRED",)]
