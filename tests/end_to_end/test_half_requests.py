"""Very many sockets with half a request each, at a process that does everything: nobody else notices."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import grpc.aio

from sandbox import Sandbox
from server.http.links import ALIVE_PATH
from tests.server.served import Logs
from tests.support.calls import NOW, Calls
from tests.support.paths import NOTIFICATIONS_PATH
from tests.support.running_service import open_service
from tests.support.service import Service, until

SOCKETS = 200
HALVES = (
    b"GET /healthz HTTP/1.1\r\nHost: localh",
    b"POST /notifications/microsoft HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b"Content-Length: 100\r\n\r\n{",
)


@contextmanager
def half_requests(port: int, *, addresses: int) -> Iterator[None]:
    """From so many of this machine's addresses, until the end of the block."""
    with ExitStack() as stack:
        for number in range(SOCKETS):
            source = (f"127.0.2.{1 + number % addresses}", 0)
            caller = stack.enter_context(socket.create_connection(("127.0.0.1", port), source_address=source))
            caller.send(HALVES[number % 2])
        yield


async def test_half_requests_disturb_neither_calls_nor_visitors(
    sandbox: Sandbox, dsn: str, logs: Logs
) -> None:
    async with open_service(
        sandbox, dsn, logs=logs, http_connections=24, http_connections_per_address=8
    ) as service:
        await service.put_expert()
        await service.connect("anna")
        for addresses in (1, 50):
            with half_requests(service.process.http_port, addresses=addresses):
                await _require_well(service)
        told = logs.of("connections cut off")
    assert 1 <= len(told) <= 2, told


async def _require_well(service: Service) -> None:
    options = [("grpc.use_local_subchannel_pool", 1)]
    address = f"127.0.0.1:{service.process.grpc_port}"
    async with grpc.aio.insecure_channel(address, options=options) as channel:
        assert (await Calls(channel=channel).busy(max_age=NOW)).complete

    async def answered() -> list[int]:
        base = f"http://127.0.0.1:{service.process.http_port}"
        async with (
            service.http.get(base + ALIVE_PATH) as health,
            service.http.post(base + NOTIFICATIONS_PATH, json={"value": []}) as delivery,
        ):
            return [health.status, delivery.status]

    assert await until(answered, lambda statuses: statuses == [200, 202])
