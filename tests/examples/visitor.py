"""A browser without an engine at the page of connected calendars: keeps cookies, follows links, fills in forms."""

import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import aiohttp
from aiohttp import web
from yarl import URL

from connected_calendars.app import Options, make_app
from connected_calendars.cookies import Signer


@dataclass(frozen=True, slots=True)
class Form:
    """One that can be sent, with the values that its fields have."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A page. `text` is what people read, in one line; `onward` is where it goes by itself."""

    url: str
    status: int
    headers: Mapping[str, str]
    html: str
    text: str
    forms: list[Form]
    links: list[str]
    onward: str

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
        """The first form of the page with that action, filled in, and where it leads."""
        return await self._ask("POST", action, data={**page.form(action).fields, **values})

    async def post(self, address: str, **values: str) -> Seen:
        """What is no form of the page's."""
        return await self._ask("POST", address, data=values)

    async def become(self, **values: str) -> Seen:
        """An expert who wasn't there before."""
        return await self.send(await self.see("/experts"), "/experts", **values)

    async def connect(self, provider: str, person: str, **values: str) -> Seen:
        """As somebody of the sandbox, who agrees to everything; the page at which that ends."""
        accounts = await self.see("/accounts")
        onward = await self.send(accounts, f"/connect/{provider}", person=person, **values)
        return await self.see(onward.onward)

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
                onward=read.onward,
            )


class _Reader(HTMLParser):
    """What of a page matters here."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.forms: list[Form] = []
        self.links: list[str] = []
        self.onward = ""
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(told["action"]))
        elif tag == "input" and self.forms and told.get("type") not in {"checkbox", "radio"}:
            self.forms[-1].fields[told["name"]] = told.get("value", "")
        elif tag == "select":
            self._select = told["name"]
        elif tag == "option" and "selected" in told:
            self.forms[-1].fields[self._select] = told["value"]
        elif tag == "a":
            self.links.append(told["href"])
        elif tag == "meta" and told.get("http-equiv") == "refresh":
            self.onward = told["content"].partition("url=")[2]

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def address_of(listening: socket.socket) -> str:
    host, port = listening.getsockname()
    return f"http://{host}:{port}"


@asynccontextmanager
async def serving_page(
    listening: socket.socket, *, service: str, sandbox_control: str = "", signer: Signer | None = None
) -> AsyncIterator[web.Application]:
    """The page in the tests' own loop."""
    options = Options(service=service, public_url=address_of(listening), sandbox_control=sandbox_control)
    app = make_app(options, signer=signer)
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
