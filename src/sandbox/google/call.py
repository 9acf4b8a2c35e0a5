"""One call of the Calendar API as its handler sees it, free of HTTP."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sandbox.delivery import Delivery
from sandbox.google.description import Method
from sandbox.google.errors import bad_request, not_found
from sandbox.google.listed import Listed, all_of
from sandbox.google.selection import Selection, select
from sandbox.world.google.grants import AccessToken
from sandbox.world.google.settings import GoogleSettings
from sandbox.world.model import Person
from sandbox.world.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call whose token was accepted and whose values are of the right kind.

    `ids` stood in the path, `query` are the options (all values of each), `selection` what of the answer was asked for.
    """

    world: World
    delivery: Delivery
    method: Method
    token: AccessToken
    ids: Mapping[str, str]
    query: Mapping[str, list[str]]
    selection: Selection | None
    body: Any = None
    if_match: str | None = None

    @property
    def person(self) -> Person:
        """Whose token it is."""
        return self.token.person

    @property
    def settings(self) -> GoogleSettings:
        """How Google behaves."""
        return self.world.google.settings

    def option(self, name: str) -> str | None:
        """The last value of an option."""
        return self.query[name][-1] if name in self.query else None

    def flag(self, name: str) -> bool:
        """Whether a boolean option is set."""
        return self.option(name) == "true"

    def number(self, name: str, default: int) -> int:
        """The value of a whole number."""
        given = self.option(name)
        return default if given is None else int(given)

    def at(self, ids: Mapping[str, str]) -> "Call":
        """The same call with another path."""
        return replace(self, ids=ids)

    def listed(self) -> Listed:
        """The calendar that the path names; raises GoogleError."""
        wanted = self.ids["calendarId"]
        for listed in all_of(self.world, self.person):
            is_primary = wanted == "primary" and listed.calendar.is_default
            if (is_primary or listed.id == wanted) and not listed.calendar.google.deleted:
                return listed
        raise not_found()

    def record_events(self, answer: Any) -> None:
        """Enter into the ledger what of each event will leave."""
        inner = self.selection
        if inner is not None and "items" in answer:
            inner = inner.get("items", inner.get("*", {}))
        for event in answer.get("items", [answer]):
            if printed := select(inner, event):
                self.world.traffic.record_event(
                    self.person.key, self.method.verb, self.method.template, printed
                )


def page_of(call: Call, items: list[Any], largest: int, default: int) -> tuple[list[Any], dict[str, str]]:
    """One page of a list, and the member that leads to the next one. A token is good for the same question only."""
    settings = call.settings
    size = min(call.number("maxResults", default), largest, settings.page_size or largest)
    question = _question(call)
    number = _page_number(call.option("pageToken"), question)
    begin = (number - settings.empty_pages) * size
    page = items[begin : begin + size] if begin >= 0 else []
    following = (
        {} if begin + size >= len(items) and begin >= 0 else {"nextPageToken": f"{question}p{number + 1}"}
    )
    return page, following


def page_number(call_query: Mapping[str, list[str]]) -> int:
    """Which page of a list is asked for, 1 being the first."""
    _, _, number = call_query.get("pageToken", [""])[-1].rpartition("p")
    return int(number) + 1 if number.isdigit() else 1


def _page_number(token: str | None, question: str) -> int:
    if token is None:
        return 0
    asked, _, number = token.rpartition("p")
    if asked != question or not number.isdigit():
        raise bad_request()
    return int(number)


def _question(call: Call) -> str:
    same = {name: values for name, values in call.query.items() if name not in ("pageToken", "fields")}
    return _digest(repr((call.method.id, sorted(call.ids.items()), sorted(same.items()))))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:24]
