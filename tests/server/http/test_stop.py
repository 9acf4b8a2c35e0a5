"""A connection that comes just as the HTTP side stops."""

import asyncio
import gc
import socket
import warnings

import pytest
from aiohttp import web

from server.http.app import http_server


async def _stopped_just_as_somebody_comes(turns: int) -> None:
    """`turns` of the loop lie between the connection and the stop."""
    listening = socket.create_server(("127.0.0.1", 0))
    async with http_server(web.Application(), listening, grace=0) as server:
        caller = socket.create_connection(("127.0.0.1", server.port))
        for _ in range(turns):
            await asyncio.sleep(0)
    caller.close()


@pytest.mark.parametrize("turns", range(6))
async def test_whoever_was_let_in_is_not_forgotten(turns: int) -> None:
    """A forgotten connection stays open until it is collected, and its caller waits so long."""
    gc.collect()
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", ResourceWarning)
        for _ in range(5):
            await _stopped_just_as_somebody_comes(turns)
        gc.collect()
    assert [str(one.message) for one in told] == []
