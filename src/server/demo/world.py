"""What lies around the service in the demo: the sandbox's people and mails, and their browsers."""

import re
from dataclasses import dataclass
from html import unescape
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import aiohttp

FORM: Final = re.compile(r'name="form" value="([^"]+)"')
GO_ON: Final = re.compile(r'http-equiv="refresh" content="0; url=([^"]+)"')


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Speaks to the sandbox's control API, and to the service's HTTP side as a browser would."""

    http: aiohttp.ClientSession
    control_url: str

    async def ask(self, method: str, path: str, **body: Any) -> Any:
        """One order to the control API; its JSON answer."""
        async with self.http.request(method, self.control_url + path, json=body or None) as answer:
            answer.raise_for_status()
            return await answer.json()

    async def sign_in(self, authorization_url: str, person: str, *, decision: str = "accept") -> str:
        """Walk the provider's pages as this person; the URL their browser is redirected to."""
        walked = await self.ask(
            "POST", "/authorize-as", authorization_url=authorization_url, person=person, decision=decision
        )
        return str(walked["redirect_url"])

    async def follow(self, url: str) -> str:
        """Open a page of the service and return where it sends the browser; empty when it stays."""
        async with self.http.get(url, allow_redirects=False) as answer:
            return answer.headers.get("Location", "")

    async def type_password(self, page_url: str, name: str, password: str) -> str:
        """Open the service's own page, type both, and return where it leads on; empty when it asks again."""
        async with self.http.get(page_url) as shown:
            shown.raise_for_status()
            form = _first(FORM, await shown.text())
        fields = {"form": form, "name": name, "password": password}
        async with self.http.post(page_url, data=fields) as answer:
            return unescape(_first(GO_ON, await answer.text()))

    async def app_password(self, person: str) -> str:
        """An app-specific password of this person's that iCloud accepts."""
        people = await self.ask("GET", "/icloud/people")
        passwords: dict[str, str] = next(one["passwords"] for one in people if one["key"] == person)
        return next(iter(passwords))

    async def events_of(self, person: str, calendar: str = "primary") -> list[dict[str, Any]]:
        """Everything in a calendar, as its owner sees it."""
        found: list[dict[str, Any]] = await self.ask("GET", f"/people/{person}/calendars/{calendar}/events")
        return found

    async def mails(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = await self.ask("GET", "/mails")
        return found


def _first(pattern: re.Pattern[str], page: str) -> str:
    found = pattern.search(page)
    return "" if found is None else found[1]


def parameters(url: str) -> dict[str, str]:
    """The query of a URL, each name once."""
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
