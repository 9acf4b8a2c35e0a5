"""The lines of iCalendar text (RFC 5545) that tell times and status, and nothing else of it.

A server may send whole events although the request names properties. What isn't named here is passed over as text: no
object is made of it, and no error quotes it. Any text at all has an answer, in time that grows with its length.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

EVENT_LINES: Final = frozenset(
    {
        "UID",
        "DTSTART",
        "DTEND",
        "DURATION",
        "RRULE",
        "RDATE",
        "EXDATE",
        "RECURRENCE-ID",
        "STATUS",
        "TRANSP",
        "X-MICROSOFT-CDO-BUSYSTATUS",
    }
)
"""What is kept of an event itself; nothing of the alarms inside it. Of ATTENDEE only an own answer is kept besides."""

ZONE_LINES: Final = frozenset({"DTSTART", "RRULE", "RDATE", "TZOFFSETFROM", "TZOFFSETTO"})
"""What is kept of a part of a zone's definition."""

_KEPT: Final[Mapping[tuple[str, ...], frozenset[str]]] = {
    ("VCALENDAR", "VEVENT"): EVENT_LINES,
    ("VCALENDAR", "VTIMEZONE"): frozenset({"TZID"}),
    ("VCALENDAR", "VTIMEZONE", "STANDARD"): ZONE_LINES,
    ("VCALENDAR", "VTIMEZONE", "DAYLIGHT"): ZONE_LINES,
}
_NOTHING: Final = frozenset[str]()
_DEEPEST: Final = 8
"""Components inside one another. An event with its alarms needs three."""
_FOLD: Final = re.compile(r"(?<!\r)\r*\n[ \t]")
"""Looked for at the first of many carriage returns only: from each of them it would take the square of their number."""
_NAME: Final = re.compile(r"[A-Za-z0-9-]{1,64}")
_PARAMETER: Final = re.compile(r';([A-Za-z0-9-]{1,64})=((?:"[^"]*"|[^";:]+)*+)')


@dataclass(frozen=True, slots=True)
class Line:
    """The value of a property and its parameters: their names in capitals, their values without quotes."""

    value: str = field(repr=False)
    parameters: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(slots=True, kw_only=True)
class Component:
    """What is kept of an event or a zone.

    `lines` by name, in capitals. `answers` are the PARTSTAT words of the calendar's owner in an event, `parts` the
    components of a zone. `odd`: it was cut off, or a line that counts can't be split into name, parameters and value.
    """

    lines: dict[str, list[Line]] = field(default_factory=dict)
    answers: list[str] = field(default_factory=list)
    parts: list["Component"] = field(default_factory=list)
    odd: bool = False


@dataclass(slots=True, kw_only=True)
class CalendarText:
    """What a resource holds.

    `odd`: it isn't one calendar after another, each with its beginning and its end, or there is nothing in it.
    """

    events: list[Component] = field(default_factory=list)
    zones: list[Component] = field(default_factory=list)
    odd: bool = False


def read_lines(text: str, own_addresses: Collection[str] = ()) -> CalendarText:
    """`own_addresses`, of the person whose calendar it is, are as `address_key` gives them."""
    reader = _Reader(own_addresses)
    for line in _unfolded(text).split("\n"):
        reader.take(line)
    return reader.end()


def address_key(address: str) -> str:
    """The address of a calendar user in the form that is compared: small letters, without `mailto:`."""
    return address.strip().casefold().removeprefix("mailto:")


def _unfolded(text: str) -> str:
    """Lines end with a line feed and nothing else: other characters that look like it may stand in a title."""
    return _FOLD.sub("", text) if "\n " in text or "\n\t" in text else text


@dataclass(frozen=True, slots=True)
class _Open:
    """A component whose END has not come; `component` if something of it is kept."""

    name: str
    component: Component | None
    kept: frozenset[str]


class _Reader:
    """Follows BEGIN and END, and files the lines that are kept under the component they stand in."""

    def __init__(self, own_addresses: Collection[str]) -> None:
        self._own = own_addresses
        self._found = CalendarText()
        self._is_empty = True
        self._open: list[_Open] = []
        self._here = _Open("", None, _NOTHING)

    def take(self, line: str) -> None:
        named = _NAME.match(line)
        if named is None:
            return
        name = named[0].upper()
        if name in self._here.kept:
            self._keep(name, line, named.end())
        elif name == "BEGIN":
            self._begin(_rest(line, named.end()))
        elif name == "END":
            self._finish(_rest(line, named.end()))
        elif name == "ATTENDEE" and self._own and self._here.kept is EVENT_LINES:
            self._answer(line, named.end())

    def end(self) -> CalendarText:
        """What is open now was cut off."""
        self._close(0)
        self._found.odd |= self._is_empty
        return self._found

    def _begin(self, name: str) -> None:
        if len(self._open) >= _DEEPEST:
            self._found.odd = True
            return
        kept = _KEPT.get((*(one.name for one in self._open), name), _NOTHING)
        component = Component() if kept else None
        if component is not None:
            self._file(name, component)
        elif [one.name for one in self._open] == ["VCALENDAR"]:
            self._is_empty = False  # a task, or what else may be there beside events
        self._here = _Open(name, component, kept)
        self._open.append(self._here)

    def _file(self, name: str, component: Component) -> None:
        if name == "VEVENT":
            self._found.events.append(component)
            self._is_empty = False
        elif name == "VTIMEZONE":
            self._found.zones.append(component)
        elif self._here.component is not None:
            self._here.component.parts.append(component)

    def _finish(self, name: str) -> None:
        """Ends the innermost component of that name. What was left open inside it was cut off."""
        depth = next((at for at in reversed(range(len(self._open))) if self._open[at].name == name), None)
        if depth is None:
            self._found.odd = True
            return
        self._close(depth + 1)
        self._open.pop()
        self._here = self._open[-1] if self._open else _Open("", None, _NOTHING)

    def _close(self, depth: int) -> None:
        for one in self._open[depth:]:
            self._found.odd = True
            if one.component is not None:
                one.component.odd = True
        del self._open[depth:]

    def _keep(self, name: str, line: str, at: int) -> None:
        component = self._here.component
        parameters, value = _split(line, at)
        if component is None:
            return
        if value is None:
            component.odd = True
            return
        component.lines.setdefault(name, []).append(Line(value, parameters))

    def _answer(self, line: str, at: int) -> None:
        """Keeps an own answer. Whose else the line is, is forgotten with it."""
        parameters, value = _split(line, at)
        if self._here.component is None or value is None:
            return
        if address_key(value) in self._own or address_key(parameters.get("EMAIL", "")) in self._own:
            self._here.component.answers.append(parameters.get("PARTSTAT", "").upper())


def _split(line: str, at: int) -> tuple[Mapping[str, str], str | None]:
    """The parameters that begin at `at`, and the value; None for a line without one."""
    if line.startswith(":", at):
        return {}, line[at + 1 :].strip()
    parameters: dict[str, str] = {}
    while (found := _PARAMETER.match(line, at)) is not None:
        parameters[found[1].upper()] = found[2].replace('"', "").strip()
        at = found.end()
    return parameters, line[at + 1 :].strip() if line.startswith(":", at) else None


def _rest(line: str, at: int) -> str:
    return line[at + 1 :].strip().upper()
