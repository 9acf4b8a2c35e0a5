"""The database of a run: a PostgreSQL that can be stopped at once, filled up, and be short of connections.

The service's own account is no superuser, and its tables lie on a file system of 256 MB where one can be mounted.
"""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from adapters.postgres.embedded import EmbeddedPostgres
from adapters.postgres.embedded.account import server_account

ACCOUNT: Final = "calendarsync_service"
DATABASE: Final = "calendarsync_chaos"
PASSWORD: Final = "Kanarienvogel-db-7f3a"  # noqa: S105 - looked for in logs
SMALL_MEGABYTES: Final = 256
CLONE_NEWNS: Final = 0x20000


@dataclass(slots=True, kw_only=True)
class Database:
    """`dsn` is the service's, `admin` the superuser's; both stay the same however often the server is restarted."""

    folder: Path
    small: Path | None = None
    _server: EmbeddedPostgres = field(init=False)
    _filler: Path | None = None

    def __post_init__(self) -> None:
        self._server = EmbeddedPostgres(self.folder / "data", durable=False)

    @property
    def dsn(self) -> str:
        return make_conninfo(host=str(self._door), user=ACCOUNT, password=PASSWORD, dbname=DATABASE)

    @property
    def admin(self) -> str:
        return make_conninfo(host=str(self._door), user="calendarsync", dbname=DATABASE)

    @property
    def log(self) -> Path:
        """The server's own."""
        return self.folder / "data.log"

    @property
    def _door(self) -> Path:
        """Leads to the server's socket, which is elsewhere after each start."""
        return self.folder / "door"

    def start(self) -> None:
        """Blocks until it takes connections, a second at most. On the main thread only: see `embedded_postgres`."""
        sockets = conninfo_to_dict(self._server.start())["host"]
        self._door.unlink(missing_ok=True)
        self._door.symlink_to(str(sockets))

    def make(self) -> None:
        """The service's account, and its empty database."""
        server = make_conninfo(self.admin, dbname="postgres")
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"CREATE ROLE {ACCOUNT} LOGIN PASSWORD '{PASSWORD}'")
            place = b""
            if self.small is not None:
                connection.execute(
                    sql.SQL("CREATE TABLESPACE small LOCATION {}").format(sql.Literal(str(self.small)))
                )
                place = b"TABLESPACE small"
            connection.execute(f"CREATE DATABASE {DATABASE} OWNER {ACCOUNT} ".encode() + place)
            # The server doesn't flush to disk, which only a power cut would tell; what it has confirmed it must keep
            # when it is stopped at once.
            connection.execute(f"ALTER DATABASE {DATABASE} SET synchronous_commit = on")
            # Of a deadlock the server's log says who waited for whom.
            connection.execute(f"ALTER ROLE {ACCOUNT} SET log_error_verbosity = default")

    def stop_at_once(self) -> None:
        """As a crash: what is open is lost, what was confirmed is recovered at the next start."""
        if (pid := self._server.pid) is not None:
            os.kill(pid, signal.SIGQUIT)
        self._server.stop()

    def fill(self) -> None:
        """Leave not a byte on the file system of the tables. Only where there is a small one."""
        assert self.small is not None
        self._filler = self.small / "filler"
        with self._filler.open("wb", buffering=0) as filler, suppress(OSError):
            while filler.write(bytes(65536)):
                pass

    def make_room(self) -> None:
        if self._filler is not None:
            self._filler.unlink(missing_ok=True)
            self._filler = None

    def stop(self) -> None:
        self.make_room()
        self._server.stop()


@contextmanager
def database(folder: Path) -> Iterator[Database]:
    """A running one, made anew in this folder. Enter it before any event loop."""
    with small_file_system(folder / "small") as small:
        made = Database(folder=folder, small=small)
        if small is not None:
            server_account(folder / "data").receive(small)
        try:
            made.start()
            made.make()
            yield made
        finally:
            made.stop()


@contextmanager
def small_file_system(at: Path) -> Iterator[Path | None]:
    """A folder on a file system of its own, which this process and its children alone see, and which goes with them.

    None where this account may mount nothing.
    """
    at.mkdir()
    options = f"size={SMALL_MEGABYTES}m,mode=755"
    if not (_in_mounts_of_our_own() and _ran("mount", "-t", "tmpfs", "-o", options, "chaos", str(at))):
        yield None
        return
    folder = at / "tables"
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        _ran("umount", "-l", str(at))


def _in_mounts_of_our_own() -> bool:
    """What is mounted from here on is nobody else's to see: unshare(2), and no propagation."""
    if not sys.platform.startswith("linux"):
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    return libc.unshare(CLONE_NEWNS) == 0 and _ran("mount", "--make-rprivate", "/")


def _ran(*command: str) -> bool:
    return subprocess.run(command, check=False, capture_output=True).returncode == 0
