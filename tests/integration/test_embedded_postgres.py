"""The embedded server: kept data, crashes, orphans, and what it refuses."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from adapters.postgres.embedded import (
    DataInUse,
    EmbeddedPostgres,
    PostgresUnavailable,
    embedded_postgres,
    reachable_data_folder,
)
from adapters.postgres.embedded.account import Account, server_account
from adapters.postgres.embedded.data import command_line
from adapters.postgres.embedded.programs import major_version, programs_for
from tests.support.postgres import home_of_server

SERVE = """
import pathlib, signal, sys
from adapters.postgres.embedded import EmbeddedPostgres
server = EmbeddedPostgres(pathlib.Path(sys.argv[1]), durable=False)
print(server.start(), server.pid, sep="|", flush=True)
signal.pause()
"""


@pytest.fixture(scope="module")
def made() -> Iterator[Path]:
    """A stopped cluster with one row in it; tests copy it, which is faster than making one."""
    with home_of_server() as home:
        with embedded_postgres(home / "data", durable=False) as dsn, psycopg.connect(dsn) as connection:
            connection.execute("CREATE TABLE kept (id int)")
            connection.execute("INSERT INTO kept VALUES (1)")
        yield home / "data"


@pytest.fixture
def data(made: Path) -> Iterator[Path]:
    with home_of_server() as home:
        subprocess.run(["cp", "-a", made, home / "data"], check=True)
        yield home / "data"


@dataclass(frozen=True, slots=True)
class Confined(Account):
    """An account that can reach one folder only, as another one than root can't reach root's home."""

    folder: Path

    def reaches(self, path: Path) -> bool:
        return path.is_relative_to(self.folder)


def kept(dsn: str) -> list[int]:
    with psycopg.connect(dsn) as connection:
        return [row[0] for row in connection.execute("SELECT id FROM kept ORDER BY id").fetchall()]


def has_ended(pid: int) -> bool:
    """Gone, or a zombie that nobody has collected yet."""
    return not command_line(pid)


def test_keeps_its_data_between_starts(data: Path) -> None:
    for _ in range(2):
        with embedded_postgres(data, durable=False) as dsn:
            assert kept(dsn) == [1]


def test_listens_on_no_network_address(data: Path) -> None:
    with embedded_postgres(data, durable=False) as dsn, psycopg.connect(dsn) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)


def test_is_durable_unless_told_otherwise(data: Path) -> None:
    with embedded_postgres(data) as dsn, psycopg.connect(dsn) as connection:
        assert connection.execute("SHOW fsync").fetchone() == ("on",)


def test_refuses_a_second_server_on_the_same_data(data: Path) -> None:
    with embedded_postgres(data, durable=False) as dsn:
        with pytest.raises(DataInUse):
            EmbeddedPostgres(data).start()
        assert kept(dsn) == [1]


def test_leaves_no_socket_folder_behind(data: Path) -> None:
    with embedded_postgres(data, durable=False) as dsn:
        sockets = Path(str(psycopg.conninfo.conninfo_to_dict(dsn)["host"]))
        assert sockets.exists()
    assert not sockets.exists()


def test_stopping_twice_is_harmless(data: Path) -> None:
    server = EmbeddedPostgres(data, durable=False)
    server.start()
    server.stop()
    server.stop()
    assert server.pid is None


def test_recovers_from_a_crash_with_what_was_committed(data: Path) -> None:
    server = EmbeddedPostgres(data)
    dsn = server.start()
    assert server.pid is not None
    with closing(psycopg.connect(dsn)) as connection:
        connection.execute("INSERT INTO kept VALUES (2)")
        connection.commit()
        connection.execute("INSERT INTO kept VALUES (3)")
        os.kill(server.pid, signal.SIGKILL)
    with pytest.raises(DataInUse):
        EmbeddedPostgres(data).start()
    server.stop()
    with embedded_postgres(data) as again:
        assert kept(again) == [1, 2]


def test_ends_when_the_service_is_killed(data: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", SERVE, data], stdout=subprocess.PIPE, text=True) as service:
        assert service.stdout is not None
        dsn, _, pid = service.stdout.readline().strip().partition("|")
        assert kept(dsn) == [1]
        service.kill()
    while sys.platform == "linux" and not has_ended(int(pid)):
        pass
    with embedded_postgres(data, durable=False) as again:
        assert has_ended(int(pid))
        assert kept(again) == [1]


def test_stops_the_server_a_killed_service_left_behind(data: Path) -> None:
    """As it happens where the kernel tells children nothing."""
    account = server_account(data)
    programs = programs_for(account, data.with_name("postgres-programs"))
    options = f"-c listen_addresses= -c unix_socket_directories={data}"
    account.run(programs / "pg_ctl", "-D", data, "-o", options, "-w", "-l", data / "log", "start")
    orphan = int((data / "postmaster.pid").read_text().split()[0])
    with embedded_postgres(data, durable=False) as dsn:
        assert has_ended(orphan)
        assert kept(dsn) == [1]


def test_spares_a_stranger_who_was_given_a_dead_servers_number(data: Path) -> None:
    with subprocess.Popen(["sleep", "60"]) as stranger:
        note = data / "postmaster.pid"
        note.write_text(f"{stranger.pid}\n{data}\n0\n5432\n/tmp\n\n  0  0\nready\n")
        try:
            with embedded_postgres(data, durable=False) as dsn:
                assert kept(dsn) == [1]
            assert stranger.poll() is None
        finally:
            stranger.kill()


def test_removes_the_socket_folder_a_killed_service_left(data: Path) -> None:
    left = Path(tempfile.mkdtemp(prefix="calendarsync-pg-"))
    data.with_name("data.lock").write_text(str(left))
    with embedded_postgres(data, durable=False):
        assert not left.exists()


def test_removes_nothing_else_a_lock_file_names(data: Path, tmp_path: Path) -> None:
    data.with_name("data.lock").write_text(str(tmp_path))
    with embedded_postgres(data, durable=False):
        assert tmp_path.exists()


def test_says_plainly_that_the_data_is_of_another_major_version(data: Path) -> None:
    (data / "PG_VERSION").write_text("12\n")
    with pytest.raises(PostgresUnavailable, match="made by PostgreSQL 12 and this is PostgreSQL"):
        EmbeddedPostgres(data).start()


@pytest.mark.parametrize("ended", [1, 2])
def test_asks_a_server_that_a_signal_ended_for_its_version_once_more(ended: int, tmp_path: Path) -> None:
    asked = tmp_path / "asked"
    postgres = tmp_path / "postgres"
    postgres.write_text(
        f"#!/bin/sh\necho >> {asked}\n"
        f"[ $(wc -l < {asked}) -le {ended} ] && kill -SEGV $$\necho 'postgres (PostgreSQL) 18.1'\n"
    )
    postgres.chmod(0o755)
    if ended == 1:
        assert major_version(Account(), tmp_path) == "18"
    else:
        with pytest.raises(PostgresUnavailable, match="does not tell its version"):
            major_version(Account(), tmp_path)


def test_a_refused_start_lets_go_of_the_data(data: Path) -> None:
    (data / "PG_VERSION").write_text("12\n")
    for _ in range(2):
        with pytest.raises(PostgresUnavailable, match="made by PostgreSQL 12"):
            EmbeddedPostgres(data).start()


def test_names_the_log_when_the_server_ends_at_once(data: Path) -> None:
    (data / "postgresql.conf").write_text("no_such_setting = on\n")
    with pytest.raises(PostgresUnavailable, match=r"ended at once: see .*data\.log"):
        EmbeddedPostgres(data).start()


def test_begins_anew_where_a_first_start_was_cut_off(data: Path) -> None:
    shutil.rmtree(data)
    unfinished = data.with_name("data.unfinished")
    unfinished.mkdir()
    (unfinished / "PG_VERSION").write_text("18\n")
    with embedded_postgres(data, durable=False) as dsn, psycopg.connect(dsn) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert not unfinished.exists()


def test_keeps_what_failing_statements_carried_out_of_its_log(data: Path) -> None:
    with embedded_postgres(data, durable=False) as dsn, psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("CREATE UNIQUE INDEX ON kept (id)")
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("INSERT INTO kept SELECT 1 WHERE 'secret@example.com' <> ''")
    log = data.with_name("data.log").read_text()
    assert "duplicate key" in log
    assert "secret@example.com" not in log


def test_keeps_one_older_log(data: Path) -> None:
    log = data.with_name("data.log")
    log.write_bytes(b"x" * 10_000_001)
    with embedded_postgres(data, durable=False):
        assert log.stat().st_size < 10_000
    assert data.with_name("data.log.1").stat().st_size == 10_000_001


def test_copies_programs_its_account_can_not_reach(data: Path) -> None:
    account = Confined(data.parent)
    programs = programs_for(account, data.with_name("copies"))
    assert programs.is_relative_to(data.parent)
    assert "PostgreSQL" in server_account(data).run(programs / "postgres", "--version").stdout
    assert programs_for(account, data.with_name("copies")) == programs


def test_moves_data_its_account_can_not_reach(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.postgres.embedded.account.server_account", lambda _: Confined(data.parent))
    assert reachable_data_folder(data.with_name("new")) == data.with_name("new")
    moved = reachable_data_folder(Path("/elsewhere/var/data"))
    assert moved.is_relative_to("/var/lib/calendarsync")
    assert moved != reachable_data_folder(Path("/elsewhere/too/var/data"))
