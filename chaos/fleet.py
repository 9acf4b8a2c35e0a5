"""The processes of the service: started, ordered to die at points, killed, stopped, and started again."""

import asyncio
import json
import multiprocessing
import os
import shutil
import signal
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from typing import Final

from chaos.program import run

PATIENCE_SECONDS: Final = 60.0
"""For one process to be ready, or to end."""


MOST_STARTS: Final = 30


class NeverReady(Exception):
    """A process ended before it was ready, or was not ready in time; the text is the end of its log."""


@dataclass(slots=True, kw_only=True, eq=False)
class Replica:
    """One place in the fleet. Its ports stay the same however often its process is started again."""

    name: str
    role: str
    environment: Mapping[str, str]
    folder: Path
    on_passed: Callable[[str], None]
    on_deserted: Callable[[str], None]
    process: ForkServerProcess | None = None
    died_at: str | None = None
    starts: int = 0
    told_to_end: bool = False
    served: bool = False
    _line: Connection | None = None
    _ended: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def log(self) -> Path:
        """Of the process that runs, or ran last."""
        return self.folder / f"{self.name}-{self.starts}.log"

    @property
    def runs(self) -> bool:
        return self.process is not None and not self._ended.is_set()

    def start(self, context: ForkServerContext) -> None:
        self.starts += 1
        self.died_at, self.told_to_end, self.served = None, False, False
        self._ended = asyncio.Event()
        self._line, theirs = context.Pipe()
        arguments = (self.role, dict(self.environment), self.log, theirs)
        self.process = context.Process(target=run, args=arguments, daemon=True)
        self.process.start()
        theirs.close()
        loop = asyncio.get_running_loop()
        loop.add_reader(self._line.fileno(), self._heard)
        loop.add_reader(self.process.sentinel, self._gone)

    async def ready(self) -> None:
        """Until it serves. Raises NeverReady."""
        end = asyncio.get_running_loop().time() + PATIENCE_SECONDS
        while not self._logged("ready"):
            if self._ended.is_set() or asyncio.get_running_loop().time() > end:
                raise NeverReady(f"{self.name}: {self._last_words()}")
            await asyncio.sleep(0.02)
        self.served = True

    async def ended(self) -> int | None:
        """Its exit code."""
        assert self.process is not None
        async with asyncio.timeout(PATIENCE_SECONDS):
            await self._ended.wait()
        return self.process.exitcode

    def order(self, deadly: Mapping[str, int]) -> None:
        if self.runs and self._line is not None:
            with suppress(OSError):
                self._line.send(deadly)

    @property
    def ended_by_itself(self) -> bool:
        """Nobody wanted it to, and it had been serving."""
        return self.served and not self.runs and not self.told_to_end and self.died_at is None

    def signal(self, what: signal.Signals) -> None:
        self.told_to_end = True
        if self.runs and self.process is not None and self.process.pid is not None:
            with suppress(ProcessLookupError):
                os.kill(self.process.pid, what)

    def _heard(self) -> None:
        assert self._line is not None
        try:
            while self._line.poll():
                what, point = self._line.recv()
                if what == "died":
                    self.died_at = point
                self.on_passed(point)
        except (EOFError, OSError):
            asyncio.get_running_loop().remove_reader(self._line.fileno())

    def _gone(self) -> None:
        assert self.process is not None
        assert self._line is not None
        loop = asyncio.get_running_loop()
        loop.remove_reader(self.process.sentinel)
        self._heard()
        loop.remove_reader(self._line.fileno())
        self._line.close()
        self.process.join()
        self._ended.set()
        if self.ended_by_itself:
            self.on_deserted(f"{self.name} (exit code {self.process.exitcode})")

    def _logged(self, event: str) -> bool:
        if not self.log.exists():
            return False
        with self.log.open(encoding="utf-8", errors="replace") as lines:
            return any(_event_of(line) == event for line in lines)

    def _last_words(self) -> str:
        return self.log.read_text(errors="replace")[-2000:] if self.log.exists() else "no log"


def _event_of(line: str) -> str:
    with suppress(ValueError):
        entry = json.loads(line)
        if isinstance(entry, dict):
            return str(entry.get("event", ""))
    return ""


@dataclass(slots=True, kw_only=True)
class Fleet:
    """All processes, by name. `passed` are the points that any has passed, with how often one died there."""

    folder: Path
    passed: dict[str, int] = field(default_factory=dict)
    replicas: dict[str, Replica] = field(default_factory=dict)
    left_after: dict[str, int] = field(default_factory=dict)
    """How often a place had been started when it was taken away: its logs are there, and say that it was ready."""
    deserters: list[str] = field(default_factory=list)
    """Those that ended and should not have."""
    _context: ForkServerContext = field(default_factory=lambda: _prepared())  # noqa: PLW0108 - it is below

    def add(self, name: str, role: str, environment: Mapping[str, str]) -> Replica:
        replica = Replica(
            name=name,
            role=role,
            environment=environment,
            folder=self.folder,
            on_passed=self._passed,
            on_deserted=self.deserters.append,
            starts=self.left_after.get(name, 0),
        )
        self.replicas[name] = replica
        return replica

    def of_role(self, role: str) -> list[Replica]:
        return [one for one in self.replicas.values() if one.role == role]

    async def start(self, *names: str) -> None:
        """Start those that don't run, and wait until they serve. Raises NeverReady."""
        await asyncio.gather(*(self._start(self.replicas[name]) for name in names))

    async def _start(self, replica: Replica) -> None:
        """As whatever looks after processes does: one that could not start, for its database was away, is started
        again."""
        for tries in range(MOST_STARTS):
            if not replica.runs:
                replica.start(self._context)
            try:
                await replica.ready()
                break
            except NeverReady:
                if tries + 1 == MOST_STARTS:
                    raise
                await asyncio.sleep(0.2)

    @property
    def works(self) -> bool:
        """Whether of each role there is one that serves: else nothing happens that a fault could meet."""
        roles = {one.role for one in self.replicas.values()}
        return roles == {one.role for one in self.replicas.values() if one.runs and one.served}

    async def stop(self) -> None:
        """End all, at once."""
        running = [one for one in self.replicas.values() if one.runs]
        for one in running:
            one.signal(signal.SIGKILL)
        await asyncio.gather(*(one.ended() for one in running))

    def keep_logs(self, at: Path, beside: Path) -> Path:
        """Copy them there, and the one `beside` them, in the place of any that are there."""
        shutil.rmtree(at, ignore_errors=True)
        shutil.copytree(self.folder, at)
        shutil.copy(beside, at)
        return at

    def _passed(self, point: str) -> None:
        self.passed.setdefault(point, 0)


def _prepared() -> ForkServerContext:
    """Forks from a process that has the service imported."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["chaos.program"])
    return context
