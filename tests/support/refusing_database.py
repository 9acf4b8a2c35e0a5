"""A PostgreSQL that says no: it speaks as much of the protocol as refusing a connection takes."""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

SSL_REQUEST: Final = 80877103
GSS_REQUEST: Final = 80877104


@asynccontextmanager
async def refusing_database(
    sqlstate: str, words: str, *, asks_for_password: bool = False
) -> AsyncIterator[int]:
    """The port of a server that answers everybody with this FATAL error, after it has asked for the password."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await _startup(reader, writer)
            if asks_for_password:
                writer.write(b"R" + struct.pack("!II", 8, 3))  # AuthenticationCleartextPassword
                await reader.readexactly(1)
                (length,) = struct.unpack("!I", await reader.readexactly(4))
                await reader.readexactly(length - 4)
            fields = b"".join(kind + text.encode() + b"\0" for kind, text in _fields(sqlstate, words))
            writer.write(b"E" + struct.pack("!I", len(fields) + 5) + fields + b"\0")
            await writer.drain()
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def _startup(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Until the client says who it is; encryption is not offered."""
    while True:
        (length, code) = struct.unpack("!II", await reader.readexactly(8))
        await reader.readexactly(length - 8)
        if code not in {SSL_REQUEST, GSS_REQUEST}:
            return
        writer.write(b"N")


def _fields(sqlstate: str, words: str) -> list[tuple[bytes, str]]:
    return [(b"S", "FATAL"), (b"V", "FATAL"), (b"C", sqlstate), (b"M", words)]
