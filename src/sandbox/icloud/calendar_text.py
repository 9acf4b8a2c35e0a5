"""iCalendar text: read into lines and components, and written with folded lines."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

_FOLD: Final = re.compile(r"\r?\n[ \t]")
_LINE: Final = re.compile(
    r'([A-Za-z0-9-]+)((?:;[A-Za-z0-9-]+=(?:"[^"]*"|[^";:,])*(?:,(?:"[^"]*"|[^";:,])*)*)*):(.*)'
)
_PARAMETER: Final = re.compile(r';([A-Za-z0-9-]+)=((?:"[^"]*"|[^";:])*)')
_LONGEST: Final = 75


@dataclass(frozen=True, slots=True)
class Line:
    """One content line. `parameters` is the text between name and colon, its first semicolon included."""

    name: str
    value: str
    parameters: str = ""

    def parameter(self, name: str) -> str | None:
        """The value of one parameter without its quotes."""
        for key, value in _PARAMETER.findall(self.parameters):
            if key.upper() == name:
                return str(value).strip('"')
        return None


@dataclass(slots=True)
class Component:
    """A component by its name, such as VEVENT: its lines, then its parts."""

    name: str
    lines: list[Line] = field(default_factory=list)
    parts: list["Component"] = field(default_factory=list)

    def named(self, name: str) -> list["Component"]:
        """The parts of one kind."""
        return [part for part in self.parts if part.name == name]

    def all(self, name: str) -> list[Line]:
        """Every line of one name."""
        return [line for line in self.lines if line.name == name]

    def get(self, name: str) -> Line | None:
        """The first line of one name."""
        return next(iter(self.all(name)), None)

    def text(self, name: str) -> str:
        """The text of a line, unescaped; empty where there is none."""
        line = self.get(name)
        return "" if line is None else unescape(line.value)


def parse(text: str) -> Component:
    """The one component a text holds; raises ValueError for what is no iCalendar."""
    open_ones = [Component("")]
    for raw in re.split(r"\r?\n", _FOLD.sub("", text)):
        if not raw.strip():
            continue
        match = _LINE.fullmatch(raw)
        if match is None:
            raise ValueError("no content line")
        name, parameters, value = match[1].upper(), match[2], match[3]
        if name == "BEGIN":
            begun = Component(value.strip().upper())
            open_ones[-1].parts.append(begun)
            open_ones.append(begun)
        elif name == "END":
            if open_ones.pop().name != value.strip().upper() or not open_ones:
                raise ValueError("END of something else")
        else:
            open_ones[-1].lines.append(Line(name, value, parameters))
    if len(open_ones) != 1 or len(open_ones[0].parts) != 1 or open_ones[0].lines:
        raise ValueError("not one whole component")
    return open_ones[0].parts[0]


def write(component: Component) -> str:
    """As text, lines folded at 75 bytes."""
    return "".join(f"{_folded(line)}\r\n" for line in _lines(component))


def escape(text: str) -> str:
    """A text as the value of a line."""
    for plain, escaped in (
        ("\\", "\\\\"),
        (";", "\\;"),
        (",", "\\,"),
        ("\r\n", "\n"),
        ("\r", "\n"),
        ("\n", "\\n"),
    ):
        text = text.replace(plain, escaped)
    return text


def unescape(value: str) -> str:
    """The text that a line's value stands for."""
    return re.sub(r"\\(.)", lambda match: "\n" if match[1] in "nN" else match[1], value)


def _lines(component: Component) -> Iterator[str]:
    yield f"BEGIN:{component.name}"
    for line in component.lines:
        yield f"{line.name}{line.parameters}:{line.value}"
    for part in component.parts:
        yield from _lines(part)
    yield f"END:{component.name}"


def _folded(line: str) -> str:
    if len(line.encode(errors="backslashreplace")) <= _LONGEST:
        return line
    pieces, size = [""], 0
    for character in line:
        width = len(character.encode(errors="backslashreplace"))
        if size + width > _LONGEST:
            pieces.append("")
            size = 1
        pieces[-1] += character
        size += width
    return "\r\n ".join(pieces)
