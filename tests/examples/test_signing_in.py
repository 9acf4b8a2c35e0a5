"""Signing in at each provider: the page, the real service and the sandbox, and the whole way there and back."""

import socket

import pytest

from sandbox import Sandbox
from tests.examples.visitor import address_of, serving_page, visiting
from tests.server.served import Logs
from tests.support.running_service import open_service


@pytest.mark.parametrize(
    ("provider", "person", "name"),
    [
        ("microsoft", "anna", "anna@contoso.example.com"),
        ("google", "gina", "gina@gmail.example.com"),
        ("apple", "ida", "ida@icloud.example.com"),
    ],
)
async def test_connects_at_each_provider(
    sandbox: Sandbox,
    dsn: str,
    logs: Logs,
    listening: socket.socket,
    provider: str,
    person: str,
    name: str,
) -> None:
    address = address_of(listening)
    async with (
        open_service(sandbox, dsn, logs=logs, return_urls=address) as service,
        serving_page(
            listening,
            service=f"127.0.0.1:{service.process.grpc_port}",
            sandbox_control=sandbox.control_url,
        ),
        visiting(address) as visitor,
    ):
        onward = await visitor.send(await visitor.become(), f"/connect/{provider}")
        came_back = await service.open(await service.sign_in(onward.links["onward"], person))
        connected = await visitor.see(came_back.location)
    assert f"{name} is connected" in connected.text
    assert "1 of the 4 that your plan (Pro) holds" in connected.text
