"""The service as programs of their own: started as an operator would, watched through their output, and stopped."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

from server.runtime.settings import PREFIX, Role, Settings

PATIENCE = 30.0
"""Seconds a program has to start or to stop."""


@dataclass(slots=True, kw_only=True)
class Program:
    """A running program. `errors` is what it has written to standard error so far."""

    process: Process
    errors: list[str] = field(default_factory=list)
    _reading: asyncio.Task[None] | None = None

    async def first_line(self) -> str:
        """The first line of its standard output; empty when it ended without one."""
        assert self.process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            return (await self.process.stdout.readline()).decode()

    async def logged(self, event: str) -> dict[str, Any]:
        """The first line of its log about this event, as soon as it is there."""
        async with asyncio.timeout(PATIENCE):
            while True:
                for line in self.errors:
                    with suppress(ValueError):
                        entry: dict[str, Any] = json.loads(line)
                        if entry.get("event") == event:
                            return entry
                assert self._reading is not None
                assert not self._reading.done(), f"it ended: {self.errors}"
                await asyncio.sleep(0.01)

    async def started_another(self) -> set[int]:
        """The processes that it has started, as soon as there is one."""
        async with asyncio.timeout(PATIENCE):
            while True:
                if found := self.descendants():
                    return found
                await asyncio.sleep(0.01)

    def tell(self, what: signal.Signals) -> None:
        self.process.send_signal(what)

    async def ended(self) -> int:
        """Its exit code."""
        async with asyncio.timeout(PATIENCE):
            code = await self.process.wait()
            assert self._reading is not None
            await self._reading
        return code

    async def read_errors(self) -> None:
        assert self.process.stderr is not None
        async for line in self.process.stderr:
            self.errors.append(line.decode())

    def descendants(self) -> set[int]:
        """The processes that it started, and theirs."""
        listed = subprocess.run(
            ["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True
        ).stdout
        parents = {int(pid): int(parent) for pid, parent in map(str.split, listed.splitlines())}
        found = {self.process.pid}
        while more := {pid for pid, parent in parents.items() if parent in found} - found:
            found |= more
        return {pid for pid in found - {self.process.pid} if _alive(pid)}


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def all_gone(pids: set[int]) -> set[int]:
    """Those that are still there after a moment."""
    for _ in range(200):
        if not (left := {pid for pid in pids if _alive(pid)}):
            return left
        await asyncio.sleep(0.01)
    return {pid for pid in pids if _alive(pid)}


@asynccontextmanager
async def program(
    *arguments: str, folder: Path, environment: Mapping[str, str] | None = None
) -> AsyncIterator[Program]:
    """`python -m server` with these arguments, in `folder`, and with no settings but those in `environment`.

    It is killed in the end if it still runs.
    """
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "server",
        *arguments,
        cwd=folder,
        env={**inherited, **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
        start_new_session=True,
    )
    running = Program(process=process)
    running._reading = asyncio.create_task(running.read_errors())
    try:
        yield running
    finally:
        if process.returncode is None:
            process.kill()
        await running.ended()


def environment_of(settings: Settings, *, only: Collection[str] | None = None) -> dict[str, str]:
    """The variables that make these settings, or some of them."""
    told = {}
    for name, value in settings:
        if value is None or (only is not None and name not in only):
            continue
        plain = value.get_secret_value() if hasattr(value, "get_secret_value") else value
        if isinstance(plain, Enum):
            plain = plain.value
        told[PREFIX + name.upper()] = ",".join(plain) if type(plain) is tuple else str(plain)
    return told


@asynccontextmanager
async def serving(settings: Settings, role: Role, *, folder: Path) -> AsyncIterator[Program]:
    """`python -m server serve`, once it is ready."""
    reached = settings.model_copy(update={"public_url": settings.public_url or "http://localhost"})
    async with program(
        "serve", "--role", role.value, folder=folder, environment=environment_of(reached)
    ) as started:
        await started.logged("ready")
        yield started
