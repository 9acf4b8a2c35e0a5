"""Kills this process at a point that was ordered: before or after a call of a port, or a commit.

SIGKILL, so that nothing is cleaned up, as when a machine dies.
"""

import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import fields
from multiprocessing.connection import Connection
from threading import Thread
from typing import Any

from application.ports.provider import CalendarProvider
from application.ports.store import Store, Transaction
from chaos.points import AFTER, BEFORE, CommitPlace, commit_places, port_methods

Deadly = Callable[[str], None]
"""Called with the name of a point whenever it is passed; does not return where the process is to end."""


class Orders:
    """What the run orders over its line: points, and to die when any is passed for such a time; none to live on.

    The run is told each point the first time it is passed, and the one that the process dies at. Its line's end is the
    process's end: whoever ordered it is gone.
    """

    def __init__(self, line: Connection) -> None:
        self._line = line
        self.deadly: dict[str, int] = {}
        self._passed: set[str] = set()

    def listen(self) -> None:
        Thread(target=self._listen, name="orders", daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                self.deadly = self._line.recv()
            except (EOFError, OSError):
                os._exit(1)

    def passed(self, point: str) -> None:
        """This point was passed. Called in the loop's thread only."""
        if point not in self._passed:
            self._passed.add(point)
            self._line.send(("passed", point))
        deadly = self.deadly
        if point in deadly:
            deadly[point] -= 1
            if deadly[point] <= 0:
                self._line.send(("died", point))
                os.kill(os.getpid(), signal.SIGKILL)


class Watched:
    """A port, each awaited method of which passes its two points."""

    def __init__(self, name: str, port: Any, passed: Deadly) -> None:
        self._port = port
        for method in port_methods()[name]:
            setattr(self, method, _watched(f"{name}.{method}", getattr(port, method), passed))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._port, name)


def _watched(name: str, method: Callable[..., Any], passed: Deadly) -> Callable[..., Any]:
    async def call(*given: Any, **named: Any) -> Any:
        passed(f"{name} {BEFORE}")
        answer = await method(*given, **named)
        passed(f"{name} {AFTER}")
        return answer

    return call


class WatchedStore:
    """A store, each transaction of which passes a point before its commit and one after it.

    What is called inside has no points: until the commit nothing has happened, whichever statement was the last.
    """

    def __init__(self, store: Store, passed: Deadly) -> None:
        self._store = store
        self._passed = passed

    @asynccontextmanager
    async def _named(self, name: str) -> AsyncIterator[Transaction]:
        async with self._store.transaction() as tx:
            yield tx
            self._passed(f"commit {name} {BEFORE}")
        self._passed(f"commit {name} {AFTER}")

    def transaction(self) -> Any:
        caller = sys._getframe(1)
        name = commit_places().get(CommitPlace(caller.f_globals["__name__"], caller.f_lineno))
        return self._store.transaction() if name is None else self._named(name)


def watched(name: str, dependency: Any, passed: Deadly) -> Any:
    """What the container is given under this name, with points where it is a port."""
    if name == "store":
        return WatchedStore(dependency, passed)
    if name == "calendar_providers":
        return {provider: _watched_bundle(bundle, passed) for provider, bundle in dependency.items()}
    if name in port_methods() and dependency is not None:
        return Watched(name, dependency, passed)
    return dependency


def _watched_bundle(bundle: CalendarProvider, passed: Deadly) -> CalendarProvider:
    ports = {one.name: watched(one.name, getattr(bundle, one.name), passed) for one in fields(bundle)}
    return CalendarProvider(**ports)
