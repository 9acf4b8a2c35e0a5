"""What a query of a calendar's events comes to, resource by resource."""

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

from adapters.caldav.elements import CALDAV
from adapters.caldav.entries import MarkOf, ResourceEntries, ResourceReader
from adapters.caldav.event_names import mark_in
from adapters.caldav.multistatus import Resource
from adapters.caldav.paths import decoded, name_below, path_in
from domain.access import InvalidAnswer
from domain.ids import EventMark

_DATA: Final = f"{CALDAV}calendar-data"


class NoData(Exception):
    """An event came without its times, which would read as free."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueriedEvents:
    """`path` is the calendar's. Called in a thread for each resource of the answer."""

    path: str = field(repr=False)
    reader: ResourceReader

    def __call__(self, resource: Resource) -> ResourceEntries | None:
        """None for the calendar itself, which iCloud lists among its events. Raises NoData, and InvalidAnswer for an
        event that was found and then is said to be gone: a store that lost its events would answer so for all of them.
        """
        if resource.status == HTTPStatus.NOT_FOUND:
            raise InvalidAnswer(what="an event that was found, and isn't there")
        text = resource.text(_DATA)
        if text is None:
            if self._is_the_calendar(resource):
                return None
            raise NoData
        name = self._name_of(resource)
        return self.reader.entries(text, name or "", _marks_in(name))

    def _is_the_calendar(self, resource: Resource) -> bool:
        return decoded(path_in(resource.href)) == decoded(self.path)

    def _name_of(self, resource: Resource) -> str | None:
        """The name of an event's file; None for one that lies elsewhere, and so can't be ours."""
        try:
            return name_below(self.path, path_in(resource.href))
        except InvalidAnswer:
            return None  # its times are there all the same


def _marks_in(name: str | None) -> MarkOf:
    mark = None if name is None else mark_in(name)
    if mark is None:
        return _no_mark

    def mark_of(uid: str) -> EventMark | None:
        return mark if uid == mark else None

    return mark_of


def _no_mark(uid: str) -> None:
    return None
