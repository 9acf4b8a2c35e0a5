"""What lies around the service in the demo: the sandbox's people and mails, and their browsers."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp


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

    async def events_of(self, person: str, calendar: str = "primary") -> list[dict[str, Any]]:
        """Everything in a calendar, as its owner sees it."""
        found: list[dict[str, Any]] = await self.ask("GET", f"/people/{person}/calendars/{calendar}/events")
        return found

    async def mails(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = await self.ask("GET", "/mails")
        return found


def parameters(url: str) -> dict[str, str]:
    """The query of a URL, each name once."""
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
