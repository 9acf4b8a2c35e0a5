"""One order to the sandbox, as its handler sees it."""

import dataclasses
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sandbox.mail_sink import MailSink
from sandbox.world.choices import require_choices
from sandbox.world.model import Calendar, Event, Person
from sandbox.world.people import UnknownName
from sandbox.world.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """The world to change, the names in the path, and the JSON object that came with the order."""

    world: World
    mail_sink: MailSink
    reset: Callable[[], Awaitable[None]]
    names: Mapping[str, str]
    query: Mapping[str, str]
    body: dict[str, Any]

    @property
    def person(self) -> Person:
        """The person the path names."""
        return self.world.people.get(self.names["person"])

    @property
    def calendar(self) -> Calendar:
        """The calendar the path names, by key or id."""
        return self.world.calendars.get(self.person, self.names["calendar"])

    @property
    def event(self) -> Event:
        """The event the path names, by uid or id."""
        found = self.world.events.find(self.person, self.names["event"])
        if found is None:
            raise UnknownName("event")
        return found.stored

    @property
    def original(self) -> date:
        """The occurrence the path names, by its original date."""
        return date.fromisoformat(self.names["date"])


def plain(value: Any) -> Any:
    """Records and dates as JSON."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(inner) for inner in (sorted(value) if isinstance(value, set | frozenset) else value)]
    return value.isoformat() if isinstance(value, datetime | date) else value


def assign(settings: Any, values: Mapping[str, Any]) -> Any:
    """Set switches, and return all of them. Raises ValueError for another name, or a choice there isn't."""
    if unknown := values.keys() - plain(settings).keys():
        raise ValueError(f"no such setting: {', '.join(sorted(unknown))}")
    require_choices(type(settings), values)
    for name, value in values.items():
        setattr(settings, name, value)
    return plain(settings)
