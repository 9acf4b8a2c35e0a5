"""The processes of a run: a database, a sandbox, and the server. The load comes from the process that starts them."""

import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adapters.postgres.embedded import embedded_postgres
from bench.builds import NOW, Build
from bench.children import child
from server.local.stand_ins import stand_ins
from server.runtime.settings import PREFIX, Role

FILES = "BENCH_FILES"
"""How many files a server may have open, as a variable of its environment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Where everything is: `sandbox` is what the sandbox printed of itself."""

    dsn: str
    sandbox: Mapping[str, str]
    server: "Served"
    environment: Mapping[str, str]
    """Of the server, and for further ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """One server's process, its gRPC addresses, its port for HTTP and what it has logged so far; nothing is at
    `service` where the role serves no gRPC, and older builds don't tell the port."""

    pid: int
    service: str
    bare: str
    http_port: int | None
    log: Callable[[], str]


@contextmanager
def surroundings() -> Iterator[Surroundings]:
    """Everything on this machine and free ports, ended and deleted with the block. Enter it before any event loop.

    The database flushes to disk as a real one does. Raises ChildEnded, and what the stand-ins raise.
    """
    with tempfile.TemporaryDirectory(prefix="calendarsync-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL's own account must get in when we are root
        with (
            embedded_postgres(folder / "postgres", durable=True) as dsn,
            stand_ins(folder / "var", {PREFIX + "DATABASE_URL": dsn}) as started,
        ):
            assert started.sandbox is not None
            environment = settings_environment({"database_url": dsn, **started.settings})
            with server(Role.API, environment) as served:
                yield Surroundings(dsn=dsn, sandbox=started.sandbox, server=served, environment=environment)


def settings_environment(settings: Mapping[str, Any]) -> dict[str, str]:
    """This process's environment, with these settings of the service and no others."""
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith(PREFIX)}
    given = {
        PREFIX + name.upper(): ",".join(value) if isinstance(value, tuple) else str(value)
        for name, value in settings.items()
    }
    return kept | given


@contextmanager
def server(
    role: Role, environment: Mapping[str, str], *, build: Build = NOW, files: int | None = None
) -> Iterator[Served]:
    """A server's process of this role that may have so many files open, until the block ends. Raises ChildEnded."""
    command = [sys.executable, "-m", "bench.served", role.value]
    given = build.environment(environment) | ({} if files is None else {FILES: str(files)})
    with child(command, folder=build.folder, environment=given) as started:
        ports = started.told
        yield Served(
            pid=started.pid,
            service=f"127.0.0.1:{ports['service']}",
            bare=f"127.0.0.1:{ports['bare']}",
            http_port=ports.get("http"),
            log=started.log,
        )
