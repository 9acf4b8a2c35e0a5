"""`python -m bench.halves PORT SOCKETS ADDRESSES`: so many sockets with half a request each, until its input closes.

They come from as many of this machine's addresses (127.0.1.1 and on). A socket that is closed is opened again after
a pause, as whoever means it would. Prints `{}` when all have been opened once, and in the end how often each was.
"""

import asyncio
import json
import sys
from contextlib import suppress
from typing import Final

HALF: Final = b"GET /reconnect/half HTTP/1.1\r\nHost: localh"
PAUSE_SECONDS: Final = 0.5
PATIENCE_SECONDS: Final = 5.0


class Halves:
    def __init__(self, port: int, sockets: int, addresses: int) -> None:
        self._port = port
        self._sockets = sockets
        self._addresses = addresses
        self._tried = 0
        self.opened = 0
        self.all_tried = asyncio.Event()

    async def hold(self, number: int) -> None:
        """One socket after the other."""
        first = True
        while True:
            stream = await self._opened(number)
            self._count(first, opened=stream is not None)
            first = False
            if stream is not None:
                reader, writer = stream
                with suppress(OSError):
                    await reader.read()
                writer.close()
            await asyncio.sleep(PAUSE_SECONDS)

    async def _opened(self, number: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return await self._open(number)
        except (OSError, TimeoutError):
            return None

    async def _open(self, number: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        source = (f"127.0.1.{1 + number % self._addresses}", 0)
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port, local_addr=source)
        writer.write(HALF)
        return reader, writer

    def _count(self, first: bool, *, opened: bool) -> None:
        self.opened += opened
        self._tried += first
        if self._tried == self._sockets:
            self.all_tried.set()


async def main() -> None:
    port, sockets, addresses = map(int, sys.argv[1:])
    halves = Halves(port, sockets, addresses)
    holding = [asyncio.create_task(halves.hold(number)) for number in range(sockets)]
    await halves.all_tried.wait()
    sys.stdout.write("{}\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)
    for one in holding:
        one.cancel()
    await asyncio.wait(holding)
    sys.stdout.write(json.dumps({"opened": halves.opened}) + "\n")


if __name__ == "__main__":
    asyncio.run(main())
