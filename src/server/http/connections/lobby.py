"""Where connections wait until the whole head of their first request has come, as mere sockets.

That costs a tenth of what the library's connection does. So those who never send a whole head can come by the thousand
a second before they keep anybody else waiting.
"""

import asyncio
import socket
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from typing import Final, TypeAlias

from server.http.connections.cut_offs import Why
from server.http.connections.edge import Edge
from server.http.connections.limits import LARGEST_HEAD
from server.http.connections.places import Place
from server.http.headers import as_bytes

AT_ONCE: Final = 64 * 1024
"""Bytes that are read in one go."""
HEAD_ENDS: Final = (b"\r\n\r\n", b"\n\n")
LetIn: TypeAlias = Callable[[socket.socket, Place, bytes], None]
"""With what has been read of it, which is a whole head or can't become one."""


class Lobby:
    def __init__(self, edge: Edge, let_in: LetIn) -> None:
        self._loop = asyncio.get_running_loop()
        self._edge = edge
        self._let_in = let_in
        self._guests: OrderedDict[Guest, None] = OrderedDict()
        """Who came first comes first, and must be through first."""
        self._timer: asyncio.TimerHandle | None = None

    def admit(self, line: socket.socket, place: Place) -> None:
        line.setblocking(False)
        guest = Guest(line, place, latest=self._loop.time() + self._edge.limits.head.total_seconds())
        place.give_up = lambda: self._make_room(guest)
        self._guests[guest] = None
        self._edge.places.waits(place)
        self._loop.add_reader(line, self._arrived, guest)
        self._watch()

    def close(self) -> None:
        """Whoever is still here is sent away."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for guest in list(self._guests):
            self._send_away(guest)

    def _arrived(self, guest: "Guest") -> None:
        with self._edge.share.counting():
            try:
                data = guest.line.recv(AT_ONCE)
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                data = b""
            if not data:
                self._send_away(guest)
                return
            guest.received += data
            if guest.is_whole:
                self._leave(guest)
                self._let_in(guest.line, guest.place, bytes(guest.received))
            elif len(guest.received) > LARGEST_HEAD:
                self._send_away(guest, HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, Why.LARGE_HEAD)

    def _leave(self, guest: "Guest") -> None:
        del self._guests[guest]
        self._loop.remove_reader(guest.line)

    def _send_away(self, guest: "Guest", status: HTTPStatus | None = None, why: Why | None = None) -> None:
        self._leave(guest)
        if why is not None:
            self._edge.cut_offs.add(why)
        if status is not None:
            with suppress(OSError):
                guest.line.send(as_bytes(status, self._edge.headers))
        guest.line.close()
        self._edge.places.free(guest.place)

    def _make_room(self, guest: "Guest") -> None:
        self._send_away(guest, why=Why.DISPLACED)

    def _watch(self) -> None:
        if self._timer is None and self._guests:
            self._timer = self._loop.call_at(next(iter(self._guests)).latest, self._look)

    def _look(self) -> None:
        self._timer = None
        now = self._loop.time()
        with self._edge.share.counting():
            while self._guests and (guest := next(iter(self._guests))).latest <= now:
                if guest.received:
                    self._send_away(guest, HTTPStatus.REQUEST_TIMEOUT, Why.SLOW_HEAD)
                else:
                    self._send_away(guest)  # browsers open connections that they may never need
        self._watch()


class Guest:
    __slots__ = ("latest", "line", "place", "received")

    def __init__(self, line: socket.socket, place: Place, latest: float) -> None:
        self.line = line
        self.place = place
        self.latest = latest
        self.received = bytearray()

    @property
    def is_whole(self) -> bool:
        """Also what can't become a head: it is refused at once."""
        return any(end in self.received for end in HEAD_ENDS) or not chr(self.received[0]).isupper()
