"""The account that owns the data and runs the server, since root may not run PostgreSQL."""

from __future__ import annotations

import hashlib
import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path

from adapters.postgres.embedded.errors import PostgresUnavailable
from adapters.postgres.embedded.interruptions import uninterrupted

ROOTS_DATA = Path("/var/lib/calendarsync")


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Another account than ours; with neither id it is ours."""

    uid: int | None = None
    gid: int | None = None

    @property
    def groups(self) -> list[int] | None:
        """What `subprocess` takes as extra groups: none of root's for another account."""
        return None if self.uid is None else []

    def run(self, *command: str | Path, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Runs a program to its end, also when we are told to stop meanwhile: they are short, and write below the data.

        Raises CalledProcessError when it fails and `check` is set.
        """
        with uninterrupted():
            return subprocess.run(
                command,
                check=check,
                capture_output=True,
                text=True,
                cwd="/",
                env=environment(),
                start_new_session=True,  # Ctrl-C in the terminal is for us
                user=self.uid,
                group=self.gid,
                extra_groups=self.groups,
            )

    def receive(self, folder: Path) -> None:
        """Makes a folder of ours this account's."""
        if self.uid is not None and self.gid is not None:
            os.chown(folder, self.uid, self.gid)

    def reaches(self, path: Path) -> bool:
        """Whether it may pass every folder on the way there, and run or enter what is there."""
        return self.uid is None or self.run("test", "-x", path, check=False).returncode == 0


def server_account(data: Path) -> Account:
    """Ours; for root the owner of data that is there already, else `postgres` or `nobody`."""
    if os.geteuid() != 0:
        return Account()
    if (data / "PG_VERSION").exists():
        owner = data.stat()
        return Account(uid=owner.st_uid, gid=owner.st_gid)
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(uid=entry.pw_uid, gid=entry.pw_gid)
    raise PostgresUnavailable("root may not run PostgreSQL, and there is no account `postgres` or `nobody`")


def reachable_data_folder(preferred: Path) -> Path:
    """`preferred`, or a folder of the system's when we are root and the server's account can't get there.

    The usual case is a checkout in root's home, mode 700.
    """
    preferred = preferred.resolve()
    existing = next(folder for folder in preferred.parents if folder.exists())
    if server_account(preferred).reaches(existing):
        return preferred
    place = hashlib.sha256(str(preferred).encode()).hexdigest()[:12]
    return ROOTS_DATA / place / preferred.name


def environment() -> dict[str, str]:
    """Ours without the PG* variables, which would steer the server and its tools."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return ours | {"LC_ALL": "C", "TZ": "UTC"}
