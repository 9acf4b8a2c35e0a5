"""A browser at the HTTP side, over a real socket."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
from aiohttp import web

from domain.account import Provider
from domain.ids import AccountId, ExpertId
from server.addresses import Address
from server.http.app import DEFAULT_LIMITS, http_server
from server.http.connections.limits import HttpLimits
from server.http.links import callback_path
from tests.builders import EXPERT, an_expert
from tests.fakes.provider import Person
from tests.server.served import World
from tests.support.paths import CALLBACK_PATH

MARKUP = "<script>alert('gotcha')</script>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    status: int
    headers: Any
    text: str

    @property
    def location(self) -> str:
        return str(self.headers["Location"])

    @property
    def told(self) -> dict[str, list[str]]:
        return parse_qs(urlsplit(self.location).query)


@dataclass(frozen=True, slots=True, kw_only=True)
class Browser:
    world: World
    base: str
    session: aiohttp.ClientSession

    async def get(self, path: str, method: str = "GET", **how: Any) -> Answer:
        async with self.session.request(method, self.base + path, allow_redirects=False, **how) as answer:
            return Answer(status=answer.status, headers=answer.headers, text=await answer.text())

    async def come_back(self, **parameters: str) -> Answer:
        return await self.get(CALLBACK_PATH, params=parameters)

    async def start(
        self,
        *,
        provider: Provider = Provider.MICROSOFT,
        return_url: str | None = None,
        redirect_uri: str | None = None,
        reconnects: AccountId | None = None,
    ) -> str:
        """A sign-in under way; its state."""
        async with self.world.store.transaction() as tx:
            await tx.experts.put(an_expert())
        started = await self.world.container.start_connection()(
            expert_id=ExpertId(EXPERT),
            provider=provider,
            account_id=reconnects,
            return_url=return_url,
            redirect_uri=redirect_uri,
        )
        return started.state

    async def connect(self, person: Person, *, return_url: str | None = None) -> Answer:
        provider = person.identity.provider
        state = await self.start(provider=provider, return_url=return_url)
        code = self.world.fakes[provider].code_for(person)
        return await self.get(callback_path(provider), params={"state": state, "code": code})


@asynccontextmanager
async def at_http(
    world: World, app: web.Application, *, part: float = 1, limits: HttpLimits = DEFAULT_LIMITS
) -> AsyncIterator[Browser]:
    with Address("127.0.0.1", 0).bound() as listening:
        async with (
            http_server(app, listening, grace=5, part=part, limits=limits) as server,
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session,
        ):
            yield Browser(world=world, base=f"http://127.0.0.1:{server.port}", session=session)


async def an_account_is_lost(browser: Browser) -> str:
    """An account that waits for a reconnect; the token of its mail's link."""
    person = browser.world.provider.add_person()
    await browser.connect(person)
    person.revoke()
    await browser.world.container.refresh_calendars()(AccountId("account-1"))
    (incident,) = browser.world.store.tables.incidents.values()
    await browser.world.container.notify_expert()(incident.incident_id)
    (mail,) = browser.world.mailer.sent
    link = urlsplit(mail.reconnect_url)
    assert f"{link.scheme}://{link.netloc}" == "https://calendars.example"
    return link.path.removeprefix("/reconnect/")
