"""`python -m bench.provider CA_FILE`: answers every calendar view alike after 200 ms, as much of Graph as an unchanged
reading needs.

A process of its own, so that the worker that is measured pays for HTTP, TLS and JSON as in life, and for nothing else.
The answer is written beforehand: the sandbox would take longer to make it than the worker to read it.
"""

import asyncio
import json
import ssl
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import trustme

from bench.events import graph_event
from bench.people import FIRST_DAY

LATENCY = timedelta(milliseconds=200)
EVENTS = 40
"""In each calendar."""
EVERY = timedelta(hours=60)
"""Between their starts: they spread over a hundred days."""
END = b"\r\n\r\n"
COUNT = b"GET /count "
"""Asks how many views were answered; answered at once."""


def events() -> list[dict[str, Any]]:
    """Those of every calendar."""
    return [graph_event(number, FIRST_DAY + number * EVERY) for number in range(EVENTS)]


class Answers(asyncio.Protocol):
    """One connection of a client that sends GET requests and waits for each answer, as aiohttp does."""

    answered = 0
    view = b""

    def __init__(self) -> None:
        self._received = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None

    def data_received(self, data: bytes) -> None:
        self._received += data
        while END in self._received:
            request, self._received = self._received.split(END, 1)
            self._take(request)

    def _take(self, request: bytes) -> None:
        if request.startswith(COUNT):
            self._send(_answer("200 OK", {"views": Answers.answered}))
        elif request.startswith(b"GET ") and b"/calendarView?" in request.split(b"\r\n", 1)[0]:
            asyncio.get_running_loop().call_later(LATENCY.total_seconds(), self._send_view)
        else:
            self._send(_answer("404 Not Found", {"error": {"code": "NotServed"}}))

    def _send_view(self) -> None:
        Answers.answered += 1
        self._send(Answers.view)

    def _send(self, answer: bytes) -> None:
        if self._transport is not None:
            self._transport.write(answer)


def _answer(status: str, body: object) -> bytes:
    content = json.dumps(body).encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    return head.encode() + content


async def main() -> None:
    authority = trustme.CA(organization_name="CalendarSync bench")
    authority.cert_pem.write_to_path(Path(sys.argv[1]))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    Answers.view = _answer("200 OK", {"value": events()})
    serving = await asyncio.get_running_loop().create_server(Answers, "127.0.0.1", 0, ssl=context)
    async with serving:
        sys.stdout.write(json.dumps({"port": serving.sockets[0].getsockname()[1]}) + "\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
