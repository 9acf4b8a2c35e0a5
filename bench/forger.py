"""`python -m bench.forger PORT CONNECTIONS ITEMS KEEPS`: a flood of forged notifications, until standard input closes.

Each connection sends its next delivery once the last one is answered, for ids of subscriptions that nobody has. KEEPS
is `kept`, or `anew` for a connection of its own for each delivery.
"""

import asyncio
import itertools
import json
import sys
import uuid
from collections import Counter
from collections.abc import Iterator
from typing import Final

from domain.account import Provider
from server.http.links import notifications_path

SENDS: Final = 200
"""Different deliveries, made beforehand: making one must not be what limits the flood."""


def forged(items: int, *, kept: bool) -> bytes:
    """A delivery as Graph sends it, with its HTTP head; nothing in it is known to anybody."""
    body = json.dumps({"value": [_item() for _ in range(items)]}).encode()
    head = (
        f"POST {notifications_path(Provider.MICROSOFT)} HTTP/1.1\r\nHost: localhost\r\n"
        "Content-Type: application/json\r\n"
        f"Connection: {'keep-alive' if kept else 'close'}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _item() -> dict[str, str]:
    return {
        "subscriptionId": str(uuid.uuid4()),
        "clientState": uuid.uuid4().hex,
        "subscriptionExpirationDateTime": "2031-03-19T22:11:09.952Z",
        "changeType": "updated",
        "resource": f"Users/{uuid.uuid4()}/Events/{uuid.uuid4()}",
        "tenantId": str(uuid.uuid4()),
    }


async def _flood(port: int, connections: int, items: int, *, kept: bool) -> Counter[str]:
    sent = [forged(items, kept=kept) for _ in range(SENDS)]
    answers: Counter[str] = Counter()
    enough = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for number in range(connections):
            mine = itertools.cycle(sent[number % SENDS :] + sent)
            group.create_task(_lane(port, mine, answers, enough, kept=kept))
        await asyncio.to_thread(sys.stdin.read)
        enough.set()
    return answers


async def _lane(
    port: int, sent: Iterator[bytes], answers: Counter[str], enough: asyncio.Event, *, kept: bool
) -> None:
    while not enough.is_set():
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            await _deliver(reader, writer, sent, answers, enough, kept=kept)
        except (asyncio.IncompleteReadError, ConnectionError):
            answers["hung up"] += 1
        writer.close()


async def _deliver(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    sent: Iterator[bytes],
    answers: Counter[str],
    enough: asyncio.Event,
    *,
    kept: bool,
) -> None:
    """On one connection, once or until there were enough."""
    for one in sent:
        writer.write(one)
        head = await reader.readuntil(b"\r\n\r\n")
        answers[head[9:12].decode()] += 1
        if enough.is_set() or not kept:
            return


def main() -> None:
    port, connections, items = map(int, sys.argv[1:4])
    answers = asyncio.run(_flood(port, connections, items, kept=sys.argv[4] == "kept"))
    sys.stdout.write(json.dumps(answers) + "\n")


if __name__ == "__main__":
    main()
