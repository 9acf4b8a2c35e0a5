"""A way to PostgreSQL that can be blocked without a word, as a network does it, or cut."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from psycopg.conninfo import conninfo_to_dict, make_conninfo


class DatabaseProxy:
    """While it is blocked, nothing goes either way, and nobody is told. While `ends_late`, ends don't get through."""

    def __init__(self, dsn: str) -> None:
        self.ends_late = False
        self._to = {name: str(value) for name, value in conninfo_to_dict(dsn).items()}
        self._writers: list[asyncio.StreamWriter] = []
        self._passing = asyncio.Event()
        self._passing.set()

    def block(self) -> None:
        self._passing.clear()

    def unblock(self) -> None:
        self._passing.set()

    def cut(self) -> None:
        """End every connection, from both sides' view."""
        for writer in self._writers:
            writer.close()
        self._writers.clear()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, to = await self._connect()
        except OSError:  # nobody is there now
            writer.close()
            return
        self._writers += [writer, to]
        await asyncio.gather(self._pass(reader, to), self._pass(there, writer))

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        host, port = self._to.get("host", "127.0.0.1"), int(self._to.get("port", "5432"))
        if host.startswith("/"):
            return await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
        return await asyncio.open_connection(host, port)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                await self._passing.wait()
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        finally:
            if not self.ends_late:
                writer.close()


@asynccontextmanager
async def database_proxy(dsn: str) -> AsyncIterator[tuple[DatabaseProxy, str]]:
    """With the DSN that leads through it."""
    proxy = DatabaseProxy(dsn)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    try:
        yield proxy, make_conninfo(dsn, host="127.0.0.1", port=server.sockets[0].getsockname()[1])
    finally:
        proxy.unblock()
        proxy.cut()
        server.close()
