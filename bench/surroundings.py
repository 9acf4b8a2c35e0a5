"""The processes of a run: a database, a sandbox, and the server. The load comes from the process that starts them."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adapters.postgres.embedded import embedded_postgres
from server.local.stand_ins import stand_ins
from server.settings import PREFIX

LOG = "service.log"


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Where everything is: `service` and `bare` are gRPC addresses, `sandbox` what the sandbox printed of itself."""

    dsn: str
    sandbox: Mapping[str, str]
    service: str
    bare: str


class ServerEnded(Exception):
    """The server's process ended before it was ready; the text is the end of its log."""


@contextmanager
def surroundings() -> Iterator[Surroundings]:
    """Everything on this machine and free ports, ended and deleted with the block. Enter it before any event loop.

    The database flushes to disk as a real one does. Raises ServerEnded, and what the stand-ins raise.
    """
    with tempfile.TemporaryDirectory(prefix="calendarsync-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL's own account must get in when we are root
        with (
            embedded_postgres(folder / "postgres", durable=True) as dsn,
            stand_ins(folder / "var", {PREFIX + "DATABASE_URL": dsn}) as started,
        ):
            assert started.sandbox is not None
            settings = {"database_url": dsn, **started.settings}
            with _server(_environment(settings), folder / LOG) as ports:
                yield Surroundings(
                    dsn=dsn,
                    sandbox=started.sandbox,
                    service=f"127.0.0.1:{ports['service']}",
                    bare=f"127.0.0.1:{ports['bare']}",
                )


def _environment(settings: Mapping[str, Any]) -> dict[str, str]:
    """This process's environment, with these settings of the service and no others."""
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith(PREFIX)}
    given = {
        PREFIX + name.upper(): ",".join(value) if isinstance(value, tuple) else str(value)
        for name, value in settings.items()
    }
    return kept | given


@contextmanager
def _server(environment: Mapping[str, str], log: Path) -> Iterator[dict[str, int]]:
    with log.open("w") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "bench.served"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env=dict(environment),
            start_new_session=True,
        )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        if not line:
            raise ServerEnded("\n".join(log.read_text().splitlines()[-20:]))
        ports: dict[str, int] = json.loads(line)
        yield ports
    finally:
        process.stdin.close()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()
