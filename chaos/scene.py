"""Everything a run takes place in: database, sandbox, the ways between them, and the fleet."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import grpc.aio

from adapters.postgres.migrate import migrate
from chaos.cast import Expert, invite
from chaos.database import Database
from chaos.fleet import Fleet
from sandbox import Sandbox
from tests.support.calls import Calls
from tests.support.database_proxy import DatabaseProxy, database_proxy
from tests.support.ports import spare_port
from tests.support.programs import environment_of
from tests.support.running_service import settings_for

RETURN_URL: Final = "http://localhost:3000/calendars"
CHANNEL_OPTIONS: Final = (
    ("grpc.initial_reconnect_backoff_ms", 50),
    ("grpc.min_reconnect_backoff_ms", 50),
    ("grpc.max_reconnect_backoff_ms", 500),
    ("grpc.use_local_subchannel_pool", 1),
)
"""Clients that come back soon, since servers do."""


@dataclass(slots=True, kw_only=True)
class Scene:
    """`proxy` is the way to the database of every process but the even ones: it can be cut off for a part of them."""

    database: Database
    sandbox: Sandbox
    proxy: DatabaseProxy
    fleet: Fleet
    cast: tuple[Expert, ...]
    folder: Path
    web_port: int
    proxied_dsn: str
    channels: dict[str, grpc.aio.Channel]

    def callers(self) -> list[Calls]:
        """One for each process that answers calls."""
        return [Calls(channel=channel) for channel in self.channels.values()]

    @property
    def public_url(self) -> str:
        return f"http://localhost:{self.web_port}"

    def add(self, role: str, number: int) -> str:
        """A further place in the fleet; its name."""
        name = f"{role}-{number}"
        port = spare_port() if role == "api" else 0
        changes: dict[str, Any] = {}
        if role == "web":
            changes["http_address"] = f"127.0.0.1:{self.web_port}"
        dsn = self.database.dsn if number % 2 == 0 else self.proxied_dsn
        self.fleet.add(name, role, self.environment(dsn, grpc_address=f"127.0.0.1:{port}", **changes))
        if role == "api":
            self.channels[name] = grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=CHANNEL_OPTIONS)
        return name

    async def remove(self, name: str) -> None:
        """A place that is no longer in the fleet; its process has ended."""
        self.fleet.left_after[name] = self.fleet.replicas.pop(name).starts
        if (channel := self.channels.pop(name, None)) is not None:
            await channel.close()

    def environment(self, dsn: str, **changes: Any) -> Mapping[str, str]:
        settings = settings_for(
            self.sandbox,
            dsn,
            public_url=self.public_url,
            database_pool_size=4,
            poll_seconds=20,
            poll_with_push_seconds=40,
            default_max_age_seconds=60,
            sweep_seconds=0.5,
            shutdown_grace_seconds=5,
            read_budget_seconds=10,
            **changes,
        )
        return environment_of(settings)


@asynccontextmanager
async def scene(database: Database, folder: Path) -> AsyncIterator[Scene]:
    """With two processes that answer calls, one for browsers and notifications, and two workers, all ready."""
    async with AsyncExitStack() as stack:
        await migrate(database.dsn)
        proxy, proxied = await stack.enter_async_context(database_proxy(database.dsn))
        sandbox = await stack.enter_async_context(Sandbox.start())
        stack.push_async_callback(sandbox.delivery.forget)
        here = Scene(
            database=database,
            sandbox=sandbox,
            proxy=proxy,
            fleet=Fleet(folder=folder / "logs"),
            cast=invite(sandbox.world),
            folder=folder,
            web_port=spare_port(),
            proxied_dsn=proxied,
            channels={},
        )
        here.fleet.folder.mkdir()
        names = [here.add(role, number) for role, number in PLACES]
        stack.push_async_callback(_close, here)
        stack.push_async_callback(here.fleet.stop)
        await here.fleet.start(*names)
        yield here


PLACES: Final = (("api", 1), ("api", 2), ("web", 1), ("worker", 1), ("worker", 2))


async def _close(here: Scene) -> None:
    await asyncio.gather(*(channel.close() for channel in here.channels.values()))
