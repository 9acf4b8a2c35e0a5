"""Takes connections in, few at a time, and none while requests from outside have used up their part of the loop.

What is not taken in yet waits in the kernel. asyncio's own server takes in a hundred at once, whoever else waits.
"""

import asyncio
import socket
from collections.abc import Callable
from functools import partial
from typing import Final

import structlog

from server.http.connections.cut_offs import Why
from server.http.connections.edge import Edge
from server.http.connections.lobby import Lobby
from server.http.connections.places import Place
from server.logs import described

AT_ONCE: Final = 8
WAITING: Final = 1024
"""Connections that the kernel keeps for us, if it allows as many; what comes then must come again."""
RESPITE_SECONDS: Final = 1.0
"""After the system had no room for one more, as when too many files are open."""
log = structlog.stdlib.get_logger("server.http")


class Accepting:
    """Listens from the start until it is stopped. `protocol` makes what serves a connection from
    what has been read of it on, and frees its place."""

    def __init__(
        self,
        listening: socket.socket,
        protocol: Callable[[Place, bytes], asyncio.BaseProtocol],
        edge: Edge,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._listening = listening
        self._protocol = protocol
        self._edge = edge
        self._lobby = Lobby(edge, self._let_in)
        self._resuming: asyncio.TimerHandle | None = None
        self._letting_in: set[asyncio.Task[None]] = set()
        listening.setblocking(False)
        listening.listen(WAITING)
        self._loop.add_reader(listening, self._accept)

    async def stop(self) -> None:
        """Newcomers are refused, those without a whole request sent away, and all others are being served."""
        self._loop.remove_reader(self._listening)
        if self._resuming is not None:
            self._resuming.cancel()
        self._listening.close()
        self._lobby.close()
        if self._letting_in:
            await asyncio.wait(self._letting_in)

    def _accept(self) -> None:
        if (debt := self._edge.share.debt_seconds) > 0:
            self._pause(debt)
            return
        with self._edge.share.counting():
            for _ in range(AT_ONCE):
                try:
                    connection, peer = self._listening.accept()
                except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                    return
                except OSError:
                    self._edge.cut_offs.add(Why.NO_FILES)
                    self._pause(RESPITE_SECONDS)
                    return
                if (place := self._edge.places.take(peer)) is None:
                    connection.close()
                else:
                    self._lobby.admit(connection, place)

    def _let_in(self, connection: socket.socket, place: Place, received: bytes) -> None:
        self._edge.places.works(place)
        task = self._loop.create_task(self._connect(connection, place, received), name="lets a connection in")
        self._letting_in.add(task)
        task.add_done_callback(partial(self._let_in_or_not, place))

    async def _connect(self, connection: socket.socket, place: Place, received: bytes) -> None:
        protocol = partial(self._protocol, place, received)
        await self._edge.share.counted(self._loop.connect_accepted_socket(protocol, connection))

    def _let_in_or_not(self, place: Place, task: asyncio.Task[None]) -> None:
        self._letting_in.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._edge.places.free(place)
            log.error("unexpected fault", **described(error))

    def _pause(self, seconds: float) -> None:
        self._loop.remove_reader(self._listening)
        self._resuming = self._loop.call_later(seconds, self._resume)

    def _resume(self) -> None:
        self._resuming = None
        self._loop.add_reader(self._listening, self._accept)
