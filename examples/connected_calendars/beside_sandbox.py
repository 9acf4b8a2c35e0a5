"""The sandbox's control API, where the page runs beside one: people to play, and what can happen to them.

No product has this: without `--sandbox-control` nothing of it is there.
"""

from dataclasses import dataclass, field
from typing import Any, Final

from aiohttp import ClientSession, ClientTimeout, web

from calendarsync.v1.account_pb2 import PROVIDER_APPLE, PROVIDER_GOOGLE, PROVIDER_MICROSOFT, Provider

TIMEOUT: Final = ClientTimeout(total=15)
PEOPLE: Final = {
    PROVIDER_MICROSOFT: "/people",
    PROVIDER_GOOGLE: "/google/people",
    PROVIDER_APPLE: "/icloud/people",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who has an account at the sandbox. Only Apple's have a `password`, which opens nothing real."""

    key: str
    email: str
    about: str
    password: str = field(default="", repr=False)


class SandboxRefused(Exception):
    """It could not do what was asked; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandbox:
    """`order` is any order of docs/sandbox.md."""

    control_url: str
    http: ClientSession

    async def order(self, method: str, path: str, **body: Any) -> Any:
        """The JSON of the answer. Raises SandboxRefused."""
        asking = self.http.request(method, self.control_url + path, json=body or None, timeout=TIMEOUT)
        async with asking as answer:
            told = await answer.json()
        if answer.status >= 400:
            raise SandboxRefused(told.get("problem", "no reason given"))
        return told

    async def people(self, provider: Provider.ValueType) -> list[Person]:
        return [
            Person(
                key=one["key"],
                email=one["email"],
                about=one["about"],
                password=next(iter(one.get("passwords", ())), ""),
            )
            for one in await self.order("GET", PEOPLE[provider])
        ]


SANDBOX: Final = web.AppKey("sandbox", Sandbox)
"""Not there where the providers are real."""
