"""The zones that a resource names: by the name, else by the definition that it brings along.

A name everybody knows beats a definition that contradicts it: calendars carry definitions of years ago. A definition
counts in its own resource only, because three calendars may each bring a "Customized Time Zone" of their own.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Final, NamedTuple

from dateutil import rrule

from adapters.caldav.content_lines import Component, Line
from adapters.caldav.moments import Odd, moment_from
from adapters.caldav.rules import rule_from, starts
from adapters.caldav.work import Work
from adapters.web.zone_names import zone_of

LAST_ONSET: Final = datetime(2100, 1, 1)  # noqa: DTZ001 - a wall clock
"""Definitions have no end. After this the offset stays what it is."""
MOST_ONSETS: Final = 2_000
"""Of one part. Clocks change a few times a year at most."""
MOST_STEPS: Final = 100_000
"""Of a definition: six times as many as those of Outlook take, which begin in 1601."""
MOST_PARTS: Final = 64
MOST_CHARACTERS: Final = 20_000
LONGEST_NAME: Final = 255
_OFFSET: Final = re.compile(r"([+-])(\d\d)(\d\d)(\d\d)?", re.ASCII)
_NO_OFFSET: Final = timedelta()
_LARGEST_OFFSET: Final = timedelta(hours=24)

Part = tuple[tuple[str, tuple[str, ...]], ...]
"""The lines of a STANDARD or DAYLIGHT part, as a key to find a definition by that was read before."""


@dataclass(frozen=True, slots=True)
class ResourceZones:
    """The definitions of one resource. What it takes to work them out is a part of `work`."""

    definitions: Sequence[Component]
    work: Work = field(default_factory=Work)
    _found: dict[str, tzinfo | None] = field(default_factory=dict, init=False, repr=False)
    """By name: each of many dates in a line asks for its zone."""

    def named(self, name: str) -> tzinfo | None:
        """None for a zone nobody can resolve. Raises Odd where too little work is left to tell."""
        if len(name) > LONGEST_NAME:
            return None
        if name not in self._found:
            self._found[name] = known_zone(name) or self._defined(name)
        return self._found[name]

    def _defined(self, name: str) -> tzinfo | None:
        for definition in self.definitions:
            if any(line.value == name for line in definition.lines.get("TZID", ())):
                if definition.odd or _is_too_much(definition):
                    return None
                self.work.require_some()
                parts = tuple(_part(one) for one in definition.parts)
                worked_out = _zone(parts)
                self.work.spend_once(parts, worked_out.steps)
                return worked_out.zone
        return None


@lru_cache(maxsize=1024)
def known_zone(name: str) -> tzinfo | None:
    """By an IANA or a Windows name, also behind the prefixes that programs put before it.

    Such as `/freeassociation.sourceforge.net/Europe/Berlin`. Only whole names count: some have three parts.
    """
    if (zone := zone_of(name)) is not None:
        return zone
    parts = name.strip().strip("/").split("/")
    lengths = (3, 2, 1) if name.startswith("/") else (3, 2)
    ends = ("/".join(parts[-length:]) for length in lengths if len(parts) > length)
    return next((zone for end in ends if (zone := zone_of(end)) is not None), None)


@dataclass(frozen=True, slots=True)
class _Onset:
    """From this wall-clock time on, which is read with the offset before it, another offset holds."""

    at: datetime
    before: timedelta
    after: timedelta


class DefinedZone(tzinfo):
    """A zone as its definition says. Of the hours that clocks skip and repeat it makes what ZoneInfo makes of them."""

    def __init__(self, onsets: Sequence[_Onset]) -> None:
        ordered = sorted(onsets, key=lambda one: one.at - one.before)
        self._instants = [one.at - one.before for one in ordered]
        # The old offset holds through a gap, and through the first of two equal hours.
        self._walls = [one.at + max(one.after - one.before, _NO_OFFSET) for one in ordered]
        self._offsets = [ordered[0].before, *(one.after for one in ordered)]

    def utcoffset(self, dt: datetime | None) -> timedelta:
        if dt is None:
            return self._offsets[-1]
        return self._offsets[bisect_right(self._walls, dt.replace(tzinfo=None, fold=0))]

    def fromutc(self, dt: datetime) -> datetime:
        return dt + self._offsets[bisect_right(self._instants, dt.replace(tzinfo=None))]

    def dst(self, dt: datetime | None) -> None:
        return None

    def tzname(self, dt: datetime | None) -> None:
        return None


class _WorkedOut(NamedTuple):
    zone: tzinfo | None
    steps: int


@lru_cache(maxsize=256)
def _zone(parts: tuple[Part, ...]) -> _WorkedOut:
    work = Work(MOST_STEPS)
    try:
        onsets = [onset for part in parts for onset in _onsets(dict(part), work)]
    except (Odd, OverflowError):
        onsets = []
    return _WorkedOut(DefinedZone(onsets) if onsets else None, MOST_STEPS - work.left)


def _is_too_much(definition: Component) -> bool:
    lines = (line for part in definition.parts for lines in part.lines.values() for line in lines)
    return len(definition.parts) > MOST_PARTS or sum(len(line.value) for line in lines) > MOST_CHARACTERS


def _part(component: Component) -> Part:
    if component.odd:
        return ()
    return tuple((name, tuple(line.value for line in lines)) for name, lines in component.lines.items())


def _onsets(part: dict[str, tuple[str, ...]], work: Work) -> Iterator[_Onset]:
    """Raises Odd for a part that doesn't say when which offset begins."""
    before, after = _offset(part.get("TZOFFSETFROM")), _offset(part.get("TZOFFSETTO"))
    first = _wall(next(iter(part.get("DTSTART", ())), ""), before)
    if first > LAST_ONSET:
        return
    times = {first}
    for text in part.get("RDATE", ()):
        times |= {_wall(one.strip(), before) for one in text.split(",")}
    for text in part.get("RRULE", ()):
        times |= set(_stepped(text, first, before, work))
    if len(times) > MOST_ONSETS:
        raise Odd
    yield from (_Onset(at, before, after) for at in times)


def _stepped(text: str, first: datetime, before: timedelta, work: Work) -> Iterator[datetime]:
    rule = rule_from(text)
    if rule.frequency not in (rrule.YEARLY, rrule.MONTHLY):
        raise Odd
    until = LAST_ONSET if rule.until is None else _wall(rule.until, before)
    for number, at in enumerate(starts(rule, first, until, first, LAST_ONSET, work)):
        if number > MOST_ONSETS:
            raise Odd
        yield at


def _wall(text: str, before: timedelta) -> datetime:
    moment = moment_from(text, Line(text), lambda _name: None)
    return moment.wall + before if moment.clock is UTC else moment.wall


def _offset(texts: tuple[str, ...] | None) -> timedelta:
    found = _OFFSET.fullmatch(texts[0]) if texts else None
    if found is None:
        raise Odd
    hours, minutes, seconds = (int(one or 0) for one in found.groups()[1:])
    offset = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    if offset >= _LARGEST_OFFSET:
        raise Odd
    return -offset if found[1] == "-" else offset
