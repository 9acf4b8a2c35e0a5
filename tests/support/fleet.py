"""Two replicas of each role as programs of their own, which are replaced one after another as a deployment does it."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from signal import SIGTERM

from bench.builds import Build
from server.runtime.settings import Role, Settings
from tests.support.ports import spare_port
from tests.support.programs import Program, environment_of, program

REPLICAS = 2
ROLES = (Role.API, Role.WEB, Role.WORKER)


@dataclass(slots=True, kw_only=True)
class Replica:
    """One place of the fleet. It keeps its addresses, whichever program has it."""

    role: Role
    environment: Mapping[str, str]
    grpc_port: int
    http_port: int
    _running: AsyncExitStack | None = None
    _program: Program | None = None

    async def start(self, build: Build, folder: Path) -> None:
        """With the code of this build; returns when it is ready."""
        stack = AsyncExitStack()
        started = await stack.enter_async_context(
            program(
                *("serve", "--role", self.role.value),
                folder=folder,
                environment=build.environment(self.environment),
            )
        )
        self._running, self._program = stack, started
        await started.logged("ready")

    async def called(self) -> None:
        """Returns when it has answered a call."""
        assert self._program is not None
        await self._program.logged("call")

    async def stop(self) -> int:
        """As Kubernetes does: SIGTERM. Its exit code."""
        assert self._running is not None
        assert self._program is not None
        self._program.tell(SIGTERM)
        code = await self._program.ended()
        await self._running.aclose()
        self._running = None
        return code

    async def close(self) -> None:
        """Whatever still runs is killed."""
        if self._running is not None:
            await self._running.aclose()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    replicas: tuple[Replica, ...]
    folder: Path

    @property
    def grpc_target(self) -> str:
        """For a channel that takes turns between the replicas that answer calls."""
        ports = [one.grpc_port for one in self.replicas if one.role is Role.API]
        return "ipv4:" + ",".join(f"127.0.0.1:{port}" for port in ports)

    async def replace(self, number: int, build: Build) -> list[int]:
        """Stops and starts one replica of each role, at their places; the exit codes of those that were stopped."""
        places = [one for index, one in enumerate(self.replicas) if index % REPLICAS == number]
        codes = await asyncio.gather(*(one.stop() for one in places))
        await asyncio.gather(*(one.start(build, self.folder) for one in places))
        return codes

    async def found_again(self) -> None:
        """Returns when every program that answers calls has answered one, so that the next may go."""
        await asyncio.gather(*(one.called() for one in self.replicas if one.role is Role.API))


@asynccontextmanager
async def fleet(settings: Settings, build: Build) -> AsyncIterator[Fleet]:
    """All replicas, ready, with the code of this build and with nothing set that it does not know."""
    with tempfile.TemporaryDirectory(prefix="calendarsync-fleet-") as folder:
        replicas = [_replica(settings, role) for role in ROLES for _ in range(REPLICAS)]
        started = Fleet(replicas=tuple(replicas), folder=Path(folder))
        try:
            await asyncio.gather(*(one.start(build, started.folder) for one in replicas))
            yield started
        finally:
            for one in replicas:
                await one.close()


def _replica(settings: Settings, role: Role) -> Replica:
    grpc_port, http_port = spare_port(), spare_port()
    given = environment_of(settings, only=settings.model_fields_set)
    addresses = {
        "CALENDARSYNC_GRPC_ADDRESS": f"127.0.0.1:{grpc_port}",
        "CALENDARSYNC_HTTP_ADDRESS": f"127.0.0.1:{http_port}",
        "CALENDARSYNC_PUBLIC_URL": "http://localhost",
    }
    return Replica(role=role, environment={**given, **addresses}, grpc_port=grpc_port, http_port=http_port)
