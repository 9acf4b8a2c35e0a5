"""The data folder of an embedded server: one holder at a time, made whole or not at all."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import IO, Self

from adapters.postgres.embedded.account import Account
from adapters.postgres.embedded.errors import DataInUse, PostgresUnavailable
from adapters.postgres.embedded.programs import major_version

SUPERUSER = "calendarsync"
SOCKET_PREFIX = "calendarsync-pg-"
LOG_LIMIT = 10_000_000  # bytes; one older log is kept


class LockedData:
    """A data folder that this process holds until `release`. Its lock and log lie beside it."""

    def __init__(self, folder: Path, lock: IO[str]) -> None:
        self.folder = folder
        self.log = folder.with_name(f"{folder.name}.log")
        self._lock = lock
        self._sockets: Path | None = None

    @classmethod
    def take(cls, folder: Path) -> Self:
        """Holds the folder, which need not exist yet. Raises DataInUse when another process does."""
        folder.parent.mkdir(parents=True, exist_ok=True)
        lock = folder.with_name(f"{folder.name}.lock").open("a+")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            lock.close()
            raise DataInUse(f"another process runs PostgreSQL on {folder}") from exc
        return cls(folder, lock)

    def release(self) -> None:
        """Lets others have the folder; only after the server has ended."""
        if self._sockets is not None:
            shutil.rmtree(self._sockets, ignore_errors=True)
        self._lock.close()

    def prepare(self, account: Account, programs: Path, *, durable: bool) -> None:
        """Stops a server left on the data and makes the data when there is none.

        Raises PostgresUnavailable when it can't be made or was made by another major version.
        """
        self._stop_orphan(account, programs)
        if not (self.folder / "PG_VERSION").exists():
            self._make(account, programs, durable=durable)
        made_by, ours = (self.folder / "PG_VERSION").read_text().strip(), major_version(account, programs)
        if made_by != ours:
            raise PostgresUnavailable(
                f"{self.folder} was made by PostgreSQL {made_by} and this is PostgreSQL {ours}: move the "
                f"data with pg_dump of {made_by}, or delete the folder to begin anew"
            )

    def make_socket_folder(self, account: Account) -> Path:
        """A new folder with a short path (a Unix socket's has 107 bytes at most), known to the lock file.

        The one of a predecessor that was killed is removed.
        """
        self._lock.seek(0)
        left_over = Path(self._lock.read().strip())
        if left_over.name.startswith(SOCKET_PREFIX):
            shutil.rmtree(left_over, ignore_errors=True)
        self._sockets = Path(tempfile.mkdtemp(prefix=SOCKET_PREFIX))
        account.receive(self._sockets)
        self._lock.truncate(0)
        self._lock.write(str(self._sockets))
        self._lock.flush()
        return self._sockets

    def rotate_log(self) -> None:
        """Begins a new log when the last one has grown long."""
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT:
            self.log.replace(self.log.with_name(f"{self.log.name}.1"))

    def is_ready(self, pid: int) -> bool:
        """Whether this very server takes connections, by lines 1 (pid) and 8 (state) of postmaster.pid."""
        with suppress(OSError, IndexError, ValueError):
            lines = (self.folder / "postmaster.pid").read_text().splitlines()
            return int(lines[0]) == pid and lines[7].strip() == "ready"
        return False

    def _make(self, account: Account, programs: Path, *, durable: bool) -> None:
        """Runs initdb beside the final place: one that was killed leaves a folder that looks finished."""
        unfinished = self.folder.with_name(f"{self.folder.name}.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        account.receive(unfinished)
        locale = "C.UTF-8" if sys.platform == "linux" else "C"
        command: list[str | Path] = [
            programs / "initdb",
            "-D",
            unfinished,
            "-U",
            SUPERUSER,
            "-A",
            "trust",
            "-E",
            "UTF8",
        ]
        options = [f"--locale={locale}", "--data-checksums", *([] if durable else ["--no-sync"])]
        try:
            account.run(*command, *options)
        except subprocess.CalledProcessError as exc:
            raise PostgresUnavailable(f"initdb failed: {exc.stderr.strip()}") from exc
        unfinished.rename(self.folder)

    def _stop_orphan(self, account: Account, programs: Path) -> None:
        """Stops the server of a predecessor that was killed, if postmaster.pid still names it."""
        note = self.folder / "postmaster.pid"
        try:
            pid = int(note.read_text().split()[0])
        except (OSError, IndexError, ValueError):
            return
        if str(self.folder) in command_line(pid):
            stop: list[str | Path] = [
                programs / "pg_ctl",
                "-D",
                self.folder,
                "-m",
                "fast",
                "-w",
                "-t",
                "30",
                "stop",
            ]
            account.run(*stop, check=False)
        elif _exists(pid):
            # A stranger that was given the number, or a zombie: PostgreSQL would take it for a server.
            note.unlink(missing_ok=True)


def command_line(pid: int) -> str:
    """How the process was started; empty when there is none or it is a zombie."""
    if Path("/proc/self/cmdline").exists():
        with suppress(OSError):
            return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
        return ""
    listing = ["ps", "-o", "command=", "-p", str(pid)]
    return subprocess.run(listing, check=False, capture_output=True, text=True).stdout


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
