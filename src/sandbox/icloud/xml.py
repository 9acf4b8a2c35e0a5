"""XML as iCloud writes it: no prefixes, the default namespace named on every element."""

import re
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape

DAV: Final = "DAV:"
CALDAV: Final = "urn:ietf:params:xml:ns:caldav"
CALENDARSERVER: Final = "http://calendarserver.org/ns/"
APPLE: Final = "http://apple.com/ns/ical/"
_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_DECLARATION: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'


@dataclass(frozen=True, slots=True)
class Name:
    """An element's name with its namespace."""

    namespace: str
    local: str

    @classmethod
    def of(cls, tag: str) -> "Name":
        """From `{namespace}local`, as ElementTree spells it."""
        namespace, _, local = tag.removeprefix("{").rpartition("}")
        return cls(namespace, local)


@dataclass(frozen=True, slots=True)
class Element:
    """An element with text, or with other elements. Attributes are those of no namespace."""

    name: Name
    content: "str | tuple[Element, ...]" = ()
    attributes: tuple[tuple[str, str], ...] = ()

    def write(self) -> str:
        """As text. What XML can't carry is left out."""
        head = f'{self.name.local} xmlns="{self.name.namespace}"'
        head += "".join(f' {name}="{escape(value)}"' for name, value in self.attributes)
        if not self.content:
            return f"<{head}/>"
        if isinstance(self.content, str):
            inner = escape(_FORBIDDEN.sub("", self.content))
        else:
            inner = "".join(one.write() for one in self.content)
        return f"<{head}>{inner}</{self.name.local}>"


def dav(local: str, *content: Element) -> Element:
    """An element of WebDAV with others inside."""
    return Element(Name(DAV, local), content)


def href(path: str) -> Element:
    """Where something is."""
    return Element(Name(DAV, "href"), path)


def document(root: Element) -> str:
    """A whole answer."""
    return _DECLARATION + root.write()
