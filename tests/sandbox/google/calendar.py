"""Google's Calendar API as one person's app sees it. Every answer is held against Google's own description."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from sandbox import Sandbox
from sandbox.google.calendar_server import BASE
from sandbox.google.description import checks, find_method
from tests.sandbox.client import Http, Reply
from tests.sandbox.google.client import tokens

WINDOW = {"timeMin": "2030-05-13T00:00:00Z", "timeMax": "2030-05-20T00:00:00Z"}
"""Monday to Sunday."""


@dataclass(kw_only=True)
class Calendars:
    """Calls with somebody's token."""

    http: Http
    url: str
    token: str
    held_against_description: bool = True

    async def __call__(
        self,
        verb: str,
        path: str,
        query: Mapping[str, Any] | None = None,
        *,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        sent = {"Authorization": f"Bearer {self.token}", **(headers or {})}
        target = f"{self.url}{path}" + (f"?{urlencode(query, doseq=True)}" if query else "")
        reply = await self.http.request(verb, target, headers=sent, json=body)
        if reply.status == 200 and self.held_against_description:
            assert BASE in target
            found = find_method(verb, path)
            assert found is not None
            assert list(checks.mistakes(found[0].answers or "", reply.json)) == []
        return reply

    async def entries(self, **query: Any) -> Any:
        reply = await self("GET", "/users/me/calendarList", query)
        assert reply.status == 200, reply.text
        return reply.json

    async def events(self, calendar: str = "primary", **query: Any) -> list[Any]:
        reply = await self("GET", events_of(calendar), {"singleEvents": "true"} | WINDOW | query)
        assert reply.status == 200, reply.text
        items: list[Any] = reply.json.get("items", [])
        return items

    async def busy(self, *calendars: str, **body: Any) -> Any:
        items = [{"id": one} for one in calendars]
        reply = await self("POST", "/freeBusy", body=WINDOW | {"items": items} | body)
        assert reply.status == 200, reply.text
        return reply.json["calendars"]


def events_of(calendar: str, event: str | None = None) -> str:
    """The path of a calendar's events, or of one of them."""
    path = f"/calendars/{quote(calendar, safe='')}/events"
    return path if event is None else f"{path}/{quote(event, safe='')}"


def reason(reply: Reply) -> tuple[int, str]:
    """Status and first reason of a refusal."""
    return reply.status, reply.json["error"]["errors"][0]["reason"]


async def calendars_of(sandbox: Sandbox, http: Http, person: str, **changes: str) -> Calendars:
    """The calendars of somebody who has just signed in."""
    answer = await tokens(sandbox, http, person, **changes)
    return Calendars(http=http, url=sandbox.google_calendar_url, token=answer["access_token"])
