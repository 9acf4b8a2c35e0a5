"""A browser without an engine at the page of connected calendars: keeps cookies, follows links, fills in forms."""

import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
from aiohttp import web
from yarl import URL

from connected_calendars.app import Options, make_app
from tests.builders import EXPERT
from tests.fakes.provider import Person
from tests.server.http.browser import Browser


@dataclass(frozen=True, slots=True)
class Form:
    """One that can be sent. `filled` is what it sends as it is; `offered` what can be ticked, by name."""

    action: str
    filled: list[tuple[str, str]] = field(default_factory=list)
    offered: dict[str, set[str]] = field(default_factory=dict)

    @property
    def fields(self) -> dict[str, str]:
        return dict(self.filled)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A page. `text` is what people read, in one line; `links` are addresses by their ids, or by themselves."""

    url: str
    status: int
    headers: Mapping[str, str]
    html: str
    text: str
    forms: list[Form]
    links: dict[str, str]

    def form(self, action: str) -> Form:
        return next(one for one in self.forms if one.action == action)


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    session: aiohttp.ClientSession
    base: str

    async def see(self, address: str, **how: Any) -> Seen:
        """A page, by its path or URL, past whatever redirects to it."""
        return await self._ask("GET", address, **how)

    async def send(self, page: Seen, action: str, **values: str) -> Seen:
        """The first form of the page with that action, and where it leads. `values` take the place of what it has."""
        form = page.form(action)
        kept = [(name, value) for name, value in form.filled if name not in values]
        return await self._ask("POST", action, data=[*kept, *values.items()])

    async def post(self, address: str, **values: str) -> Seen:
        """What is no form of the page's."""
        return await self._ask("POST", address, data=values)

    async def become(self, **values: str) -> Seen:
        """An expert who wasn't there before."""
        return await self.send(await self.see("/experts"), "/experts", **values)

    async def be(self, expert_id: str = EXPERT) -> Seen:
        """An expert who is known, by the list of them."""
        return await self.send(await self.see("/experts"), "/login", expert_id=expert_id)

    async def sign_in(self, doorstep: Browser, person: Person, **values: str) -> str:
        """At Microsoft, with the button of the page; where the service sends the browser in the end."""
        onward = await self.send(await self.see("/accounts"), "/connect/microsoft", **values)
        (state,) = parse_qs(urlsplit(onward.links["onward"]).query)["state"]
        code = doorstep.world.provider.code_for(person)
        return (await doorstep.come_back(state=state, code=code)).location

    async def connect(self, doorstep: Browser, person: Person, **values: str) -> Seen:
        """The same, and the page that it ends at."""
        return await self.see(await self.sign_in(doorstep, person, **values))

    async def _ask(self, method: str, address: str, **how: Any) -> Seen:
        url = URL(address if "://" in address else self.base + address, encoded=True)
        async with self.session.request(method, url, **how) as answer:
            html = await answer.text()
            read = _Reader()
            read.feed(html)
            return Seen(
                url=str(answer.url).removeprefix(self.base),
                status=answer.status,
                headers=answer.headers,
                html=html,
                text=" ".join(" ".join(read.texts).split()),
                forms=read.forms,
                links=read.links,
            )


class _Reader(HTMLParser):
    """What of a page matters here."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.forms: list[Form] = []
        self.links: dict[str, str] = {}
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(told["action"]))
        elif tag == "input" and told.get("type") in {"checkbox", "radio"}:
            self._read_choice(told["name"], told.get("value", "on"), told)
        elif tag == "input":
            self.forms[-1].filled.append((told["name"], told.get("value", "")))
        elif tag == "select":
            self._select = told["name"]
        elif tag == "option" and "selected" in told:
            self.forms[-1].filled.append((self._select, told["value"]))
        elif tag == "a":
            self.links[told.get("id", told["href"])] = told["href"]

    def _read_choice(self, name: str, value: str, told: Mapping[str, str]) -> None:
        if "disabled" in told:
            return
        self.forms[-1].offered.setdefault(name, set()).add(value)
        if "checked" in told:
            self.forms[-1].filled.append((name, value))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def address_of(listening: socket.socket) -> str:
    host, port = listening.getsockname()
    return f"http://{host}:{port}"


@asynccontextmanager
async def serving_page(
    listening: socket.socket, *, service: str, **others: str
) -> AsyncIterator[web.Application]:
    """The page in the tests' own loop; `others` are options of it."""
    app = make_app(Options(**{"public_url": address_of(listening), "service": service, **others}))
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0)
    await runner.setup()
    try:
        await web.SockSite(runner, listening).start()
        yield app
    finally:
        await runner.cleanup()


@asynccontextmanager
async def visiting(base: str) -> AsyncIterator[Visitor]:
    """A browser of its own: two at once share no cookies."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        yield Visitor(session=session, base=base)
