"""Changing some parts of an event's text and keeping the rest of it, whatever it says, as it stands.

CalDAV stores events as a whole, so what an event's owner put into it stays only if it is sent back. Of their lines
nothing but the names is looked at, and of a UID and a SEQUENCE the value. They are handed on as they came, folds
included.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from adapters.caldav.event_text import PROPERTIES, EventText
from adapters.caldav.text_lines import joined
from domain.event_digest import EventPart

_Line = list[str]
"""The pieces that a line is folded into; all but the first begin with a blank."""

_NAME: Final = re.compile("[A-Za-z0-9-]{1,64}")
_MOST_PIECES: Final = 128
"""Of a line whose name or short value is looked at."""
_NUMBER: Final = re.compile("[0-9]{1,9}")
_REVISION: Final = frozenset({"DTSTAMP", "LAST-MODIFIED", "SEQUENCE"})
_EVENT: Final = ["VCALENDAR", "VEVENT"]
_ALARM: Final = [*_EVENT, "VALARM"]


def changed(text: str, event: EventText, parts: Collection[EventPart]) -> bytes | None:
    """The text with these parts of the event as it is now to say them. None where there isn't one event of this mark in
    it, or its lines can't be told apart.

    Occurrences that their owner changed, the event being a series by now, stay as they are.
    """
    lines = _lines(text)
    masters = [one for one in _events(lines) or () if one.uid == event.mark and not one.is_occurrence]
    if len(masters) != 1:
        return None
    return joined(_with(lines, masters[0], event, parts))


@dataclass(slots=True, kw_only=True)
class _Event:
    """Where an event stands: the lines from `begin` to `end`, both included."""

    begin: int
    end: int = 0
    uid: str = field(default="", repr=False)
    sequence: int = 0
    is_occurrence: bool = False
    properties: list[tuple[str, int]] = field(default_factory=list, repr=False)
    """The names of its own, and the line of each."""
    alarms: list[range] = field(default_factory=list)


def _lines(text: str) -> list[_Line]:
    """As they came, but for their ends."""
    lines: list[_Line] = []
    for line in text.split("\n"):
        bare = line.rstrip("\r")
        if bare[:1] in {" ", "\t"} and lines:
            lines[-1].append(bare)
        elif bare:
            lines.append([bare])
    return lines


def _events(lines: Sequence[_Line]) -> list[_Event] | None:
    """None where a component begins that doesn't end, or ends that didn't begin."""
    events: list[_Event] = []
    path: list[str] = []
    begins: list[int] = []
    for number, line in enumerate(lines):
        name, component = _split(line)
        if name == "BEGIN":
            path.append(component)
            begins.append(number)
            if path == _EVENT:
                events.append(_Event(begin=number))
        elif name == "END":
            if path[-1:] != [component]:
                return None
            begin = begins.pop()
            if path == _ALARM:
                events[-1].alarms.append(range(begin, number + 1))
            elif path == _EVENT:
                events[-1].end = number
            path.pop()
        elif path == _EVENT:
            _note(events[-1], name, line, number)
    return None if path else events


def _note(event: _Event, name: str, line: _Line, number: int) -> None:
    event.properties.append((name, number))
    match name:
        case "UID":
            event.uid = _value(line)
        case "SEQUENCE":
            value = _value(line)
            event.sequence = int(value) if _NUMBER.fullmatch(value) else 0
        case "RECURRENCE-ID":
            event.is_occurrence = True


def _with(
    lines: Sequence[_Line], event: _Event, says: EventText, parts: Collection[EventPart]
) -> Iterator[str]:
    """What is new comes first, because properties stand before components, and a reminder last."""
    replaced = _REVISION.union(*(PROPERTIES[part] for part in parts))
    dropped = {number for name, number in event.properties if name in replaced}
    if EventPart.REMINDER in parts:
        dropped.update(*event.alarms)
    for number, line in enumerate(lines):
        if number == event.end and EventPart.REMINDER in parts:
            yield from says.alarm()
        if number not in dropped:
            yield from line
        if number == event.begin:
            yield from says.revision(event.sequence + 1)
            yield from says.properties(parts)


def _split(line: _Line) -> tuple[str, str]:
    """The name in capitals, and of BEGIN and END the component's."""
    beginning = _unfolded(line[:_MOST_PIECES])
    found = _NAME.match(beginning)
    name = found[0].upper() if found else ""
    return name, beginning[len(name) + 1 :].strip().upper() if name in {"BEGIN", "END"} else ""


def _value(line: _Line) -> str:
    return _unfolded(line[:_MOST_PIECES]).partition(":")[2].strip()


def _unfolded(line: _Line) -> str:
    return line[0] if len(line) == 1 else line[0] + "".join(piece[1:] for piece in line[1:])
