"""Starts what the settings don't name: PostgreSQL, and a sandbox in the place of the providers and the mail server."""

import base64
import importlib.util
import json
import os
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Final

from adapters.postgres.embedded import DataInUse, embedded_postgres, reachable_data_folder
from adapters.postgres.embedded.data import LockedData
from adapters.postgres.embedded.interruptions import uninterrupted
from server.local.beside import end_beside, start_beside
from server.runtime.settings import CREDENTIALS, PREFIX, REGISTERED_BY, is_meant, variable

GOOGLE: Final = frozenset(
    {
        "google_client_id",
        "google_client_secret",
        "google_authorization_url",
        "google_token_url",
        "google_revocation_url",
        "google_keys_url",
        "google_calendar_url",
    }
)
"""What the sandbox calls as the settings do."""
REGISTRATIONS: Final = frozenset(REGISTERED_BY.values()) | frozenset(
    chain.from_iterable(CREDENTIALS.values())
)
"""What says that somebody means a real provider, also where a part of it is forgotten: then the settings say which."""
SANDBOX: Final = "calendarsync_sandbox"
"""Run as a program and never imported: the service knows nothing of it."""
OPTIONS: Final = ("--plain-sign-in",)
"""So that nobody's browser warns of a certificate it can't know."""
JUST_MADE = 60.0
"""Seconds for which a folder may be without its lock yet."""


class StandInFailed(Exception):
    """A stand-in did not come up; the text says which and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StandIns:
    """`settings` are fields of Settings that the environment leaves out; `sandbox` its addresses, if there is one."""

    settings: dict[str, Any]
    sandbox: dict[str, str] | None
    database: str
    """In words, for the person who started it."""


@contextmanager
def stand_ins(folder: Path, environment: Mapping[str, str]) -> Iterator[StandIns]:
    """Run what is missing, with its files below `folder`, until the block ends.

    Enter it on the main thread, before any event loop (see `embedded_postgres`). Given a client id or a credential of
    any provider, or Apple switched on, nothing of the sandbox starts; given a database URL, no PostgreSQL does. With
    the sandbox, which forgets everything at its end, the embedded database is forgotten too; without it, it is kept.
    Raises StandInFailed, DataInUse, PostgresUnavailable.
    """
    settings: dict[str, Any] = {}
    with ExitStack() as stack:
        folder.mkdir(parents=True, exist_ok=True)
        sandbox = None
        if not any(is_meant(environment.get(variable(name))) for name in REGISTRATIONS):
            _require_sandbox()
            sandbox = stack.enter_context(_sandbox())
            settings |= _settings_for(sandbox, environment)
        database = "as configured"
        if not environment.get(PREFIX + "DATABASE_URL"):
            data, durable, database = _data_folder(stack, folder, forget=sandbox is not None)
            settings["database_url"] = stack.enter_context(embedded_postgres(data, durable=durable))
        if not environment.get(PREFIX + "ENCRYPTION_KEYS"):
            settings["encryption_keys"] = _kept_keys(folder / "encryption-keys")
        yield StandIns(settings=settings, sandbox=sandbox, database=database)


def _require_sandbox() -> None:
    if importlib.util.find_spec(SANDBOX) is None:
        raise StandInFailed(
            "the stand-in for providers is a package of its own: pip install calendarsync-sandbox, or set"
            f" {' or '.join(map(variable, REGISTERED_BY.values()))} for a real one"
        )


def _data_folder(stack: ExitStack, folder: Path, *, forget: bool) -> tuple[Path, bool, str]:
    """Where the embedded database lives, whether it must survive a power cut, and what to print about it."""
    home = reachable_data_folder(folder / "postgres")
    if not forget:
        return home, True, f"embedded PostgreSQL, kept in {home}"
    home.parent.mkdir(parents=True, exist_ok=True)
    _remove_left_over(home.parent)
    run = Path(tempfile.mkdtemp(prefix="run-", dir=home.parent))
    run.chmod(0o755)  # the server's own account must get in when we are root
    stack.callback(shutil.rmtree, run, ignore_errors=True)
    return run / "postgres", False, "embedded PostgreSQL, forgotten when this ends"


def _remove_left_over(folder: Path) -> None:
    """The databases of runs that were killed. One that is in use, or just being made, is left alone."""
    for run in folder.glob("run-*"):
        if time.time() - run.stat().st_mtime < JUST_MADE:
            continue
        with suppress(DataInUse):
            LockedData.take(run / "postgres").release()
            shutil.rmtree(run, ignore_errors=True)


def _settings_for(sandbox: dict[str, str], environment: Mapping[str, str]) -> dict[str, Any]:
    settings: dict[str, Any] = {
        "microsoft_client_id": sandbox["client_id"],
        "microsoft_client_secret": sandbox["client_secret"],
        "microsoft_authority": sandbox["authority"],
        "microsoft_graph_url": sandbox["graph_url"],
        "microsoft_ca_file": sandbox["ca_file"],
        **{name: url for name, url in sandbox.items() if name in GOOGLE},
        "google_ca_file": sandbox["ca_file"],
        "apple_start_url": sandbox["icloud_url"],
        "apple_hosts": sandbox["icloud_hosts"],
        "apple_ca_file": sandbox["ca_file"],
    }
    if not environment.get(
        PREFIX + "APPLE_CALENDARS"
    ):  # or it is off: to be on, it would have to be meant for real
        settings["apple_calendars"] = "on"
    if not environment.get(PREFIX + "SMTP_URL"):
        settings["smtp_url"] = sandbox["smtp_url"]
    if not environment.get(PREFIX + "MAIL_FROM"):
        settings["mail_from"] = "CalendarSync <calendars@example.com>"
    if not environment.get(PREFIX + "RETURN_URLS"):
        settings["return_urls"] = ("http://localhost:3000",)
    return settings


def _kept_keys(file: Path) -> str:
    """The keys that seal this folder's database: made at the first start, readable by this user only."""
    if not file.exists():
        key = base64.b64encode(secrets.token_bytes(32)).decode()
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            out.write(f"local:{key}")
    return file.read_text()


@contextmanager
def _sandbox() -> Iterator[dict[str, str]]:
    """With a certificate authority of its own, so that a second run beside this one takes nothing away from it."""
    with (
        tempfile.TemporaryDirectory(prefix="calendarsync-sandbox-") as folder,
        _sandbox_process(Path(folder) / "ca.pem") as addresses,
    ):
        yield addresses


@contextmanager
def _sandbox_process(ca_file: Path) -> Iterator[dict[str, str]]:
    """The sandbox in a process of its own."""
    process: subprocess.Popen[str] | None = None
    try:
        with uninterrupted():
            process = start_beside(f"{SANDBOX}.stand_ins", [*OPTIONS, "--ca-file", str(ca_file)])
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise StandInFailed(f"the sandbox ended at once with exit code {process.wait()}")
        addresses: dict[str, str] = json.loads(line)
        yield addresses
    finally:
        if process is not None:
            end_beside(process)
