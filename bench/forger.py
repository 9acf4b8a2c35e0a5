"""`python -m bench.forger PORT CONNECTIONS ITEMS`: a flood of forged notifications, until standard input closes.

Each connection sends its next delivery once the last one is answered, for ids of subscriptions that nobody has.
"""

import asyncio
import itertools
import json
import sys
import uuid
from collections import Counter
from typing import Final

from server.http.links import NOTIFICATIONS_PATH

SENDS: Final = 200
"""Different deliveries, made beforehand: making one must not be what limits the flood."""


def forged(items: int) -> bytes:
    """A delivery as Graph sends it, with its HTTP head; nothing in it is known to anybody."""
    body = json.dumps({"value": [_item() for _ in range(items)]}).encode()
    head = (
        f"POST {NOTIFICATIONS_PATH} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
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


async def _flood(port: int, connections: int, items: int) -> Counter[str]:
    sent = [forged(items) for _ in range(SENDS)]
    answers: Counter[str] = Counter()
    enough = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for number in range(connections):
            group.create_task(_connection(port, sent[number % SENDS :] + sent, answers, enough))
        await asyncio.to_thread(sys.stdin.read)
        enough.set()
    return answers


async def _connection(port: int, sent: list[bytes], answers: Counter[str], enough: asyncio.Event) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for one in itertools.cycle(sent):
        if enough.is_set():
            break
        writer.write(one)
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            answers["hung up"] += 1
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            continue
        answers[head[9:12].decode()] += 1
    writer.close()


def main() -> None:
    port, connections, items = map(int, sys.argv[1:])
    sys.stdout.write(json.dumps(asyncio.run(_flood(port, connections, items))) + "\n")


if __name__ == "__main__":
    main()
