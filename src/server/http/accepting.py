"""Takes connections in, few at a time, and none while requests from outside have used up their part of the loop.

What is not taken in yet waits in the kernel. asyncio's own server takes in a hundred at once, whoever else waits.
"""

import asyncio
import socket
from collections.abc import Callable
from typing import Final

import structlog

from server.http.loop_share import LoopShare
from server.logs import described

AT_ONCE: Final = 4
WAITING: Final = 1024
"""Connections that the kernel keeps for us, if it allows as many; what comes then must come again."""
RESPITE_SECONDS: Final = 1.0
"""After the system had no room for one more, as when too many files are open."""
log = structlog.stdlib.get_logger("server.http")


class Accepting:
    """Listens from the start until it is stopped. `protocol` makes what serves one connection."""

    def __init__(
        self, listening: socket.socket, protocol: Callable[[], asyncio.BaseProtocol], share: LoopShare
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._listening = listening
        self._protocol = protocol
        self._share = share
        self._resuming: asyncio.TimerHandle | None = None
        self._letting_in: set[asyncio.Task[None]] = set()
        listening.setblocking(False)
        listening.listen(WAITING)
        self._loop.add_reader(listening, self._accept)

    async def stop(self) -> None:
        """Newcomers are refused, and everybody who was taken in is being served."""
        self._loop.remove_reader(self._listening)
        if self._resuming is not None:
            self._resuming.cancel()
        self._listening.close()
        if self._letting_in:
            await asyncio.wait(self._letting_in)

    def _accept(self) -> None:
        if (debt := self._share.debt_seconds) > 0:
            self._pause(debt)
            return
        with self._share.counting():
            for _ in range(AT_ONCE):
                try:
                    connection, _ = self._listening.accept()
                except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                    return
                except OSError as error:
                    log.error("no connection can be accepted", **described(error))
                    self._pause(RESPITE_SECONDS)
                    return
                self._let_in(connection)

    def _let_in(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        task = self._loop.create_task(self._connect(connection), name="lets a connection in")
        self._letting_in.add(task)
        task.add_done_callback(self._let_in_or_not)

    async def _connect(self, connection: socket.socket) -> None:
        await self._share.counted(self._loop.connect_accepted_socket(self._protocol, connection))

    def _let_in_or_not(self, task: asyncio.Task[None]) -> None:
        self._letting_in.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("unexpected fault", **described(error))

    def _pause(self, seconds: float) -> None:
        self._loop.remove_reader(self._listening)
        self._resuming = self._loop.call_later(seconds, self._resume)

    def _resume(self) -> None:
        self._resuming = None
        self._loop.add_reader(self._listening, self._accept)
