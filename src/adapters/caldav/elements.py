"""Elements of WebDAV's XML. A name is its namespace, a blank and the local name; prefixes are the server's affair."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

SEPARATOR: Final = " "

DAV: Final = "DAV: "
CALDAV: Final = "urn:ietf:params:xml:ns:caldav "
CALENDARSERVER: Final = "http://calendarserver.org/ns/ "
APPLE: Final = "http://apple.com/ns/ical/ "

HREF: Final = f"{DAV}href"


@dataclass(slots=True, kw_only=True)
class Element:
    """`pieces` are its own text in the order in which it came, `attributes` are by name."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict, repr=False)
    children: list["Element"] = field(default_factory=list, repr=False)
    pieces: list[str] = field(default_factory=list, repr=False)

    @property
    def text(self) -> str:
        return "".join(self.pieces)

    def all(self, name: str) -> Iterator["Element"]:
        """Its children of this name."""
        return (child for child in self.children if child.name == name)

    def first(self, name: str) -> "Element | None":
        return next(self.all(name), None)

    def names(self) -> frozenset[str]:
        """Those of its children."""
        return frozenset(child.name for child in self.children)

    def hrefs(self) -> tuple[str, ...]:
        """Those right below it, as they stand there but for the blanks around them."""
        return tuple(child.text.strip() for child in self.all(HREF))
