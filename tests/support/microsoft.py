"""The Microsoft adapter on a running sandbox: fixtures, and people who sign in without a browser."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

import pytest_asyncio

from adapters.graph.calendar_directory import GraphCalendarDirectory
from adapters.graph.microsoft import open_microsoft
from adapters.graph.settings import MicrosoftSettings
from adapters.web.access_tokens import AccessTokens
from application.ports.clock import Clock
from application.ports.grant_vault import StoredGrant
from application.ports.provider import CalendarProvider
from application.ports.sign_in import RedirectAnswer, SignedIn, StartedSignIn
from domain.grant import Grant
from domain.ids import AccountId
from sandbox import Sandbox
from sandbox.identity.shortcut import authorize_as
from tests.fakes.alarms import RecordingAlarms
from tests.fakes.store import FakeStore
from tests.support.event_properties import violations

CALLBACK = "http://localhost:8080/oauth/microsoft/callback"


@dataclass(frozen=True, slots=True)
class SandboxClock:
    """Tells the sandbox's time, so that a test moves both sides at once with `sandbox.world.clock.advance`."""

    sandbox: Sandbox

    def now(self) -> datetime:
        return self.sandbox.world.clock.now()


def tokens_of(microsoft: CalendarProvider) -> AccessTokens:
    """Those that all of the adapter's ports share."""
    assert isinstance(microsoft.directory, GraphCalendarDirectory)
    return microsoft.directory.tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected:
    """The adapter, open, with the stored grants of a fake store."""

    sandbox: Sandbox
    microsoft: CalendarProvider
    store: FakeStore = field(default_factory=FakeStore)
    alarms: RecordingAlarms = field(default_factory=RecordingAlarms)

    @property
    def tokens(self) -> AccessTokens:
        return tokens_of(self.microsoft)

    async def begin(self, **how: Any) -> StartedSignIn:
        return await self.microsoft.sign_in.begin(redirect_uri=CALLBACK, **how)

    def answer(
        self,
        started: StartedSignIn,
        person: str,
        *,
        decision: Literal["accept", "cancel", "admin"] = "accept",
        grant: tuple[str, ...] | None = None,
    ) -> RedirectAnswer:
        """What the browser brings back after this person walked the sign-in pages; `grant` unticks the rest."""
        way_back = authorize_as(
            self.sandbox.world, started.authorization_url, person, decision=decision, grant=grant
        )
        query = {name: values[0] for name, values in parse_qs(urlsplit(way_back.url).query).items()}
        known = ("state", "code", "error", "error_subcode", "error_description")
        return RedirectAnswer(**{name: query[name] for name in known if name in query})

    async def sign_in(self, person: str, **decision: Any) -> SignedIn:
        started = await self.begin()
        return await self.microsoft.sign_in.redeem(started.flow, self.answer(started, person, **decision))

    async def connect(self, person: str, account_id: str | None = None) -> AccountId:
        """Sign in and store the grant; a second time for the same account id counts as a reconnect."""
        account = AccountId(account_id or f"account-of-{person}")
        self.keep(account, (await self.sign_in(person)).grant)
        return account

    def keep(self, account: AccountId, grant: Grant) -> None:
        before = self.store.tables.grants.get(account)
        version = before.grant_version + 1 if before else 1
        self.store.tables.grants[account] = StoredGrant(grant=grant, grant_version=version, rotation=0)

    def calendar_id(self, person: str, key: str | None = None) -> str:
        """Graph's id of one of the person's calendars, the default one if none is named."""
        return self.sandbox.world.calendars.get(person, key).id

    def token_requests(self) -> int:
        """How many requests have reached the token endpoint."""
        return sum(1 for one in self.sandbox.world.traffic.requests if one.surface == "token")

    def forget_access_tokens(self, person: str) -> None:
        """Graph refuses the person's present access tokens; their refresh tokens stay good."""
        self.sandbox.world.grants.expire_access_tokens(person)


def settings_for(sandbox: Sandbox, **changes: Any) -> MicrosoftSettings:
    of_sandbox = MicrosoftSettings(
        client_id=sandbox.client_id,
        credential=sandbox.client_secret,
        authority=sandbox.authority,
        graph_url=sandbox.graph_url,
        ca_file=sandbox.ca_file,
        retry_pauses=(timedelta(milliseconds=1), timedelta(milliseconds=2)),
    )
    return replace(of_sandbox, **changes)


@asynccontextmanager
async def connected_to(
    sandbox: Sandbox, *, clock: Clock | None = None, **changes: Any
) -> AsyncIterator[Connected]:
    """The adapter with some settings other than the sandbox's own, and its clock unless another is given."""
    store, alarms = FakeStore(), RecordingAlarms()
    async with open_microsoft(
        settings_for(sandbox, **changes), store.vault, clock or SandboxClock(sandbox), alarms
    ) as microsoft:
        yield Connected(sandbox=sandbox, microsoft=microsoft, store=store, alarms=alarms)


@pytest_asyncio.fixture(scope="session")
async def running_sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox.start() as running:
        yield running


@pytest_asyncio.fixture
async def sandbox(running_sandbox: Sandbox) -> AsyncIterator[Sandbox]:
    """The sandbox as it starts: personas only, no faults, no records. In the end, nothing was asked for about events
    that the service may not ask for."""
    await running_sandbox.reset()
    yield running_sandbox
    assert list(violations(running_sandbox.world.traffic)) == []


@pytest_asyncio.fixture
async def connected(sandbox: Sandbox) -> AsyncIterator[Connected]:
    async with connected_to(sandbox) as connected:
        yield connected
