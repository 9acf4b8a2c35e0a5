"""Clients of the sandbox for its tests: a browser without a screen, and Graph with somebody's token."""

import base64
import hashlib
import json
import ssl
from collections.abc import Iterable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import aiohttp
from yarl import URL

from sandbox import Sandbox

CALLBACK = "http://localhost:9/callback"
VERIFIER = "a-code-verifier-of-at-least-forty-three-characters"
SCOPES = "openid profile offline_access User.Read Calendars.ReadWrite MailboxSettings.Read"


def authorization_url(sandbox: Sandbox, *, authority: str | None = None, **changes: str | None) -> str:
    """An authorization URL as an app would build it; a change to None leaves a parameter out."""
    digest = hashlib.sha256(VERIFIER.encode()).digest()
    parameters: dict[str, str | None] = {
        "client_id": sandbox.client_id,
        "response_type": "code",
        "redirect_uri": CALLBACK,
        "scope": SCOPES,
        "state": "the-state",
        "nonce": "the-nonce",
        "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
        "code_challenge_method": "S256",
    }
    kept = {name: value for name, value in (parameters | changes).items() if value is not None}
    return f"{authority or sandbox.authority}/oauth2/v2.0/authorize?{urlencode(kept)}"


def parameters_of(url: str) -> dict[str, str]:
    """The query of a redirect."""
    return dict(parse_qsl(urlsplit(url).query))


@dataclass(kw_only=True)
class Reply:
    """A status, headers and JSON (or text)."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def error(self) -> str:
        return str(self.json["error"]["code"])


@dataclass(kw_only=True)
class Http:
    """Plain requests to the sandbox, its authority trusted, redirects not followed."""

    session: aiohttp.ClientSession

    async def request(self, method: str, url: str, **options: Any) -> Reply:
        async with self.session.request(
            method, URL(url, encoded=True), allow_redirects=False, **options
        ) as reply:
            return Reply(status=reply.status, headers=dict(reply.headers), text=await reply.text())


class Control:
    """Gives orders and reads their results."""

    def __init__(self, http: Http, url: str) -> None:
        self._http, self._url = http, url

    async def order(self, method: str, path: str, /, **body: Any) -> Reply:
        return await self._http.request(method, self._url + path, json=body or None)

    async def __call__(self, method: str, path: str, /, **body: Any) -> Any:
        reply = await self.order(method, path, **body)
        assert reply.status == 200, reply.text
        return reply.json


@dataclass(kw_only=True)
class Graph:
    """Graph as one person's app sees it."""

    http: Http
    url: str
    token: str

    async def __call__(
        self, method: str, path: str, *, body: Any = None, prefer: str | None = None, **headers: str
    ) -> Reply:
        sent = {"Authorization": f"Bearer {self.token}"} | {
            k.replace("_", "-"): v for k, v in headers.items()
        }
        if prefer:
            sent["Prefer"] = prefer
        url = path if path.startswith("https:") else self.url + path
        return await self.http.request(method, url, headers=sent, json=body)

    async def get(self, path: str, prefer: str | None = None) -> Reply:
        return await self("GET", path, prefer=prefer)

    async def view(
        self, start: str, end: str, *, options: str = "&$top=1000", prefer: str | None = None
    ) -> Any:
        path = f"/me/calendar/calendarView?startDateTime={quote(start)}&endDateTime={quote(end)}{options}"
        reply = await self.get(path, prefer)
        assert reply.status == 200, reply.text
        return reply.json["value"]


async def exchange(http: Http, sandbox: Sandbox, redirect: str, **changes: str) -> Reply:
    """The code of a redirect for tokens."""
    form = {
        "client_id": sandbox.client_id,
        "client_secret": sandbox.client_secret,
        "grant_type": "authorization_code",
        "code": parameters_of(redirect).get("code", ""),
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
        "client_info": "1",
        "scope": SCOPES,
    }
    return await http.request("POST", f"{sandbox.authority}/oauth2/v2.0/token", data=form | changes)


async def refresh(http: Http, sandbox: Sandbox, token: str, **changes: str) -> Reply:
    """New tokens for a refresh token."""
    form = {
        "client_id": sandbox.client_id,
        "client_secret": sandbox.client_secret,
        "grant_type": "refresh_token",
        "refresh_token": token,
        "scope": SCOPES,
    }
    return await http.request("POST", f"{sandbox.authority}/oauth2/v2.0/token", data=form | changes)


@dataclass(kw_only=True)
class Page(HTMLParser):
    """The parts of a page that a person can use."""

    url: str
    status: int
    text: str
    headers: dict[str, str]
    name: str = ""
    action: str = ""
    hidden: dict[str, str] = field(default_factory=dict)
    checkboxes: dict[str, str] = field(default_factory=dict)
    buttons: dict[str, tuple[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(self.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        match tag, found.get("type"):
            case "main", _:
                self.name = found["data-page"]
            case "form", _:
                self.action = found["action"]
            case "input", "hidden":
                self.hidden[found["name"]] = found["value"]
            case "input", "checkbox" if "name" in found:
                self.checkboxes[found["id"]] = found["value"]
            case "button", _:
                self.buttons[found["id"]] = (found.get("name", ""), found.get("value", ""))


@dataclass(kw_only=True)
class Browser:
    """Opens pages and presses their buttons; stops at the app's redirect, which it returns as text."""

    http: Http

    async def open(self, url: str) -> Page | str:
        return self._arrived(url, await self.http.request("GET", url))

    async def page(self, url: str) -> Page:
        page = await self.open(url)
        assert isinstance(page, Page), page
        return page

    async def press(self, page: Page, button: str, *, untick: Iterable[str] = ()) -> Page | str:
        name, value = page.buttons[button]
        ticked = [("scope", scope) for key, scope in page.checkboxes.items() if key not in untick]
        url = str(URL(page.url).join(URL(page.action)))
        form = [*page.hidden.items(), (name, value), *ticked]
        return self._arrived(url, await self.http.request("POST", url, data=form))

    async def press_through(self, page: Page, button: str) -> Page:
        following = await self.press(page, button)
        assert isinstance(following, Page), following
        return following

    async def press_away(self, page: Page, button: str, *, untick: Iterable[str] = ()) -> dict[str, str]:
        """Press a button that leads back to the app; returns the parameters the app gets."""
        address = await self.press(page, button, untick=untick)
        assert isinstance(address, str), address
        return parameters_of(address)

    def _arrived(self, url: str, reply: Reply) -> Page | str:
        if reply.status == 302:
            return reply.headers["Location"]
        return Page(url=url, status=reply.status, text=reply.text, headers=reply.headers)


def trusting_session(sandbox: Sandbox) -> aiohttp.ClientSession:
    """A client session that trusts the sandbox's authority and nobody else."""
    context = ssl.create_default_context(cafile=sandbox.ca_file)
    connector = aiohttp.TCPConnector(ssl=context, limit=0)
    return aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=10))
