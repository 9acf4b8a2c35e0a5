"""Sends the messages of a stream, in a way that leaves room for a reason whenever it ends."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from server.rpc.calls import Context


async def send_all(messages: AsyncIterator[Any], context: Context) -> None:
    """Waits while the caller reads more slowly than we write."""
    begun = False
    async for message in messages:
        if not begun:
            await _begin(context)
            begun = True
        await context.write(message)


async def _begin(context: Context) -> None:
    """Sends the headers by themselves, and is not ended before they are sent.

    The library sends them with the first message, and once more with the status when that message was cut off on its
    way, which core refuses (grpcio 1.85: GRPC_CALL_ERROR_TOO_MANY_OPERATIONS). Then the stream would stay open without
    anybody behind it. Messages wait for their reader, headers for nobody.
    """
    sending = asyncio.ensure_future(context.send_initial_metadata(()))
    try:
        await asyncio.shield(sending)
    except asyncio.CancelledError:
        await sending
        raise
