"""Where a multistatus answer goes while it arrives."""

import asyncio
from http import HTTPStatus

from adapters.caldav.multistatus import MultistatusReader


class MultistatusSink:
    """Has an answer read piece by piece: in a thread where what is made of its resources takes long."""

    def __init__(self, reader: MultistatusReader, *, in_thread: bool) -> None:
        self.reader = reader
        self._in_thread = in_thread

    def wants(self, status: int) -> bool:
        return status == HTTPStatus.MULTI_STATUS

    async def take(self, chunk: bytes) -> None:
        if self._in_thread:
            await asyncio.to_thread(self.reader.feed, chunk)
        else:
            self.reader.feed(chunk)
