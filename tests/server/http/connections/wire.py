"""A caller who sends bytes as they please, from any of this machine's addresses."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from tests.server.http.browser import Browser

PATIENCE = 5
HERE = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Wire:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, raw: bytes) -> None:
        self.writer.write(raw)
        await self.writer.drain()

    async def answer(self) -> bytes:
        """The next answer's head and body; for a body of a told length."""
        async with asyncio.timeout(PATIENCE):
            head = await self.reader.readuntil(b"\r\n\r\n")
            length = next(
                int(line.split(b":")[1])
                for line in head.split(b"\r\n")
                if line.lower().startswith(b"content-length")
            )
            return head + await self.reader.readexactly(length)

    async def rest(self) -> bytes:
        """All that comes until the server closes; it must."""
        async with asyncio.timeout(PATIENCE):
            try:
                return await self.reader.read()
            except ConnectionResetError:
                return b""


@asynccontextmanager
async def connected(browser: Browser, *, source: str = HERE) -> AsyncIterator[Wire]:
    """A connection to the browser's server."""
    port = urlsplit(browser.base).port
    reader, writer = await asyncio.open_connection(HERE, port, local_addr=(source, 0))
    try:
        yield Wire(reader, writer)
    finally:
        writer.close()


def status_of(answer: bytes) -> int:
    return int(answer.split(b" ")[1])
