"""Starts the embedded server, watches over it and stops it.

It listens on a Unix socket that only its own account and root can reach, and keeps its data between starts.
It ends with us however we end: on Linux the kernel tells it when we are killed, elsewhere the next start
finds and stops it.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo

from adapters.postgres.embedded.account import Account, environment, server_account
from adapters.postgres.embedded.data import SUPERUSER, LockedData
from adapters.postgres.embedded.errors import PostgresUnavailable
from adapters.postgres.embedded.interruptions import uninterrupted
from adapters.postgres.embedded.programs import programs_for

DATABASE = "calendarsync"
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # What a failing statement carried (addresses, names) stays out of the log.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@contextmanager
def embedded_postgres(data: Path, *, durable: bool = True) -> Iterator[str]:
    """Runs a server on the folder `data` (made when missing) and gives the DSN of its database.

    Enter it on the main thread, before any event loop: the server ends when the thread that started it does,
    and starting blocks for 0.05 to 1 second. `durable=False` is for tests: a power cut may lose everything.
    Raises DataInUse, or PostgresUnavailable with the reason.
    """
    server = EmbeddedPostgres(data, durable=durable)
    try:
        yield server.start()
    finally:
        server.stop()


class EmbeddedPostgres:
    """One server on one data folder. A copy of the programs lies beside the folder where one is needed."""

    def __init__(self, data: Path, *, durable: bool = True) -> None:
        self._folder = data.resolve()
        self._durable = durable
        self._data: LockedData | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The server's process id while it runs."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def start(self, *, within: float = 60) -> str:
        """Starts the server and waits until it takes connections, `within` seconds at most; gives a DSN."""
        try:
            data = self._data = LockedData.take(self._folder)
            account = server_account(data.folder)
            if not account.reaches(data.folder.parent):
                raise PostgresUnavailable(f"the server's account can't enter {data.folder.parent}")
            programs = programs_for(account, data.folder.with_name("postgres-programs"))
            data.prepare(account, programs, durable=self._durable)
            data.rotate_log()
            sockets = data.make_socket_folder(account)
            with uninterrupted():
                self._process = self._launch(account, programs, data, sockets)
            _wait_until_ready(self._process, data, time.monotonic() + within)
            return _database(sockets)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stops the server: what is committed is kept, the rest rolled back. Harmless when it doesn't run."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)  # PostgreSQL's "fast" shutdown
            try:
                self._process.wait(30)
            except subprocess.TimeoutExpired:
                self._process.send_signal(signal.SIGQUIT)  # "immediate": the next start recovers from its log
                self._process.wait(10)
        if self._data is not None:
            self._data.release()
        self._process = self._data = None

    def _launch(
        self, account: Account, programs: Path, data: LockedData, sockets: Path
    ) -> subprocess.Popen[bytes]:
        settings = (
            SETTINGS | {"unix_socket_directories": str(sockets)} | ({} if self._durable else NOT_DURABLE)
        )
        command: list[str | Path] = [programs / "postgres", "-D", data.folder]
        arguments = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with data.log.open("ab") as log:
            return subprocess.Popen(
                [*command, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=environment(),
                start_new_session=True,  # Ctrl-C in the terminal is for us; the server is stopped last
                preexec_fn=_end_with(os.getpid()),  # noqa: PLW1509 - makes two system calls, takes no lock
                user=account.uid,
                group=account.gid,
                extra_groups=account.groups,
            )


def _wait_until_ready(process: subprocess.Popen[bytes], data: LockedData, deadline: float) -> None:
    while not data.is_ready(process.pid):
        if process.poll() is not None:
            raise PostgresUnavailable(f"PostgreSQL ended at once: see {data.log}")
        if time.monotonic() > deadline:
            raise PostgresUnavailable(f"PostgreSQL did not become ready in time: see {data.log}")
        time.sleep(0.02)


def _database(sockets: Path) -> str:
    server = make_conninfo(host=str(sockets), user=SUPERUSER, dbname="postgres")
    with psycopg.connect(server, autocommit=True) as connection:
        query = "SELECT 1 FROM pg_database WHERE datname = %(name)s"
        if connection.execute(query, {"name": DATABASE}).fetchone() is None:
            connection.execute(f"CREATE DATABASE {DATABASE}")
    return make_conninfo(server, dbname=DATABASE)


def _end_with(parent: int) -> Callable[[], None] | None:
    """What the child does before it becomes the server: ask for SIGINT when we die (prctl(2), Linux only)."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def ask() -> None:
        prctl(1, int(signal.SIGINT), 0, 0, 0)  # 1 is PR_SET_PDEATHSIG; it is kept over exec
        if os.getppid() != parent:
            os._exit(1)  # we died before the request was made

    return ask
