"""Which lines of an event's file a report asks for, and what is left when it gets no others."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element as Node

from sandbox.icloud.calendar_text import Component, parse, write
from sandbox.icloud.xml import CALDAV

_COMP, _PROP = f"{{{CALDAV}}}comp", f"{{{CALDAV}}}prop"
_ALL_PROPERTIES, _ALL_COMPONENTS = f"{{{CALDAV}}}allprop", f"{{{CALDAV}}}allcomp"


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What of one kind of component is wanted: lines and parts by name, None for all of them."""

    name: str
    lines: frozenset[str] | None
    parts: "dict[str, Selection] | None" = field(default_factory=dict)

    def names(self) -> Iterator[str]:
        """What is asked for, for the ledger: `VEVENT.DTSTART`, `VTIMEZONE.*`."""
        yield from (
            [f"{self.name}.*"] if self.lines is None else (f"{self.name}.{one}" for one in self.lines)
        )
        for part in (self.parts or {}).values():
            yield from part.names()

    def select(self, component: Component) -> Component:
        """The component without the rest."""
        lines = [one for one in component.lines if self.lines is None or one.name in self.lines]
        if self.parts is None:
            return Component(component.name, lines, component.parts)
        wanted = [one for one in component.parts if one.name in self.parts]
        return Component(component.name, lines, [self.parts[one.name].select(one) for one in wanted])


def selection_in(calendar_data: Node | None) -> Selection | None:
    """What a calendar-data element names; None for whole files."""
    named = calendar_data.find(_COMP) if calendar_data is not None else None
    return None if named is None else _read(named)


def apply(selection: Selection | None, text: str) -> str:
    """A file as it was asked for. One that can't be read goes out whole."""
    if selection is None:
        return text
    try:
        return write(selection.select(parse(text)))
    except ValueError:
        return text


def printed(text: str) -> dict[str, object]:
    """The names in a text as a nested object, for the ledger."""
    try:
        return {"calendar-data": _names(parse(text))}
    except ValueError:
        return {"calendar-data": {"(unreadable)": True}}


def _read(node: Node) -> Selection:
    lines = frozenset(one.get("name", "").upper() for one in node.findall(_PROP))
    parts = {one.get("name", "").upper(): _read(one) for one in node.findall(_COMP)}
    return Selection(
        name=node.get("name", "").upper(),
        lines=None if node.find(_ALL_PROPERTIES) is not None else lines,
        parts=None if node.find(_ALL_COMPONENTS) is not None else parts,
    )


def _names(component: Component) -> dict[str, object]:
    """Of parts of one kind all names together."""
    found: dict[str, object] = {line.name: True for line in component.lines}
    for part in component.parts:
        known = found.get(part.name)
        found[part.name] = (known if isinstance(known, dict) else {}) | _names(part)
    return found
