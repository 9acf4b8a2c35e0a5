"""One sandbox for all tests of the sandbox, back at its start before each."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from sandbox import Sandbox
from sandbox.identity.shortcut import authorize_as
from tests.sandbox.client import (
    SCOPES,
    Browser,
    Control,
    Graph,
    Http,
    authorization_url,
    exchange,
    trusting_session,
)

SignIn = Callable[..., Awaitable[Graph]]


@pytest.fixture(scope="session")
async def running_sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox.start() as sandbox:
        yield sandbox


@pytest.fixture
async def sandbox(running_sandbox: Sandbox) -> Sandbox:
    await running_sandbox.reset()
    return running_sandbox


@pytest.fixture
async def http(sandbox: Sandbox) -> AsyncIterator[Http]:
    async with trusting_session(sandbox) as session:
        yield Http(session=session)


@pytest.fixture
def control(http: Http, sandbox: Sandbox) -> Control:
    return Control(http, sandbox.control_url)


@pytest.fixture
def browser(http: Http) -> Browser:
    return Browser(http=http)


@pytest.fixture
def sign_in(sandbox: Sandbox, http: Http) -> SignIn:
    """Signs a person in without a browser: `graph = await sign_in("anna")`."""

    async def sign_in(person: str, scope: str = SCOPES) -> Graph:
        redirect = authorize_as(sandbox.world, authorization_url(sandbox, scope=scope), person)
        reply = await exchange(http, sandbox, redirect.url, scope=scope)
        assert reply.status == 200, reply.text
        return Graph(http=http, url=sandbox.graph_url, token=reply.json["access_token"])

    return sign_in


@pytest.fixture
async def anna(sign_in: SignIn) -> Graph:
    """Graph with the token of a work account."""
    return await sign_in("anna")
