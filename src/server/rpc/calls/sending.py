"""Sends the messages of a stream, in a way that leaves room for a reason whenever it ends."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import grpc.aio

from server.rpc.calls import Context
from server.rpc.calls.open_streams import OpenStreams


async def send_all(
    messages: AsyncIterator[Any], context: Context, streams: OpenStreams, sent: Callable[[], None]
) -> None:
    """Waits while the caller reads more slowly than we write; `sent` is called after each.

    The first of `messages` must not have to wait for something to happen: few streams begin at once.
    Raises CancelledError where the caller is gone, also where the library calls that an error of its own.
    """
    async with streams.beginning():
        async for first in messages:  # noqa: B007 - the one message that is waited for here
            break
        else:
            return
    try:
        await _send_headers(context)
        await context.write(first)
        sent()
        async for message in messages:
            await context.write(message)
            sent()
    except grpc.aio.InternalError:
        # The call was ended while something was on its way.
        raise asyncio.CancelledError from None


async def _send_headers(context: Context) -> None:
    """By themselves, and without an end before they are sent.

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
