"""A connection that does nothing but ping: as much of HTTP/2 as that takes (RFC 9113)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
SETTINGS: Final = 4
PING: Final = 6
GOAWAY: Final = 7
ACK: Final = 1


@dataclass(slots=True)
class Pinging:
    """`answered` counts the pings that came back; `ended` is whether the server has had enough of them."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    answered: int = 0
    ended: bool = False

    def ping(self) -> None:
        self.writer.write(_frame(PING, b"\0" * 8))

    async def listen(self, *, seconds: float) -> None:
        """To what the server says in this time; less where it ends the connection."""
        try:
            async with asyncio.timeout(seconds):
                while not self.ended:
                    await self._frame()
        except TimeoutError:
            return
        except (asyncio.IncompleteReadError, ConnectionError):
            self.ended = True

    async def _frame(self) -> None:
        head = await self.reader.readexactly(9)
        await self.reader.readexactly(int.from_bytes(head[:3]))
        kind, acknowledges = head[3], head[4] & ACK
        if kind == SETTINGS and not acknowledges:
            self.writer.write(_frame(SETTINGS, b"", flags=ACK))
        self.answered += kind == PING and bool(acknowledges)
        self.ended = kind == GOAWAY


@asynccontextmanager
async def pinging(port: int) -> AsyncIterator[Pinging]:
    """Connected, with nothing asked yet."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(PREFACE + _frame(SETTINGS, b""))
        await writer.drain()
        yield Pinging(reader, writer)
    finally:
        writer.close()


def _frame(kind: int, payload: bytes, *, flags: int = 0) -> bytes:
    return len(payload).to_bytes(3) + bytes([kind, flags]) + b"\0" * 4 + payload
