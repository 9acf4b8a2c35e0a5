"""Multistatus answers (207) read as they arrive: each resource is handed on and forgotten before the next one is read.

What servers differ in is nothing to whoever reads them: prefixes or default namespaces, several propstats, properties
that are repeated as empty elements under a 404, text in many pieces.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from adapters.caldav.elements import DAV, Element
from adapters.caldav.guarded_xml import GuardedXml
from domain.access import InvalidAnswer

_MULTISTATUS: Final = f"{DAV}multistatus"
_RESPONSE: Final = f"{DAV}response"
_PROPSTAT: Final = f"{DAV}propstat"
_PROP: Final = f"{DAV}prop"
_STATUS: Final = f"{DAV}status"

_STATUS_LINE: Final = re.compile(r"HTTP/[0-9](?:\.[0-9])? ([1-5][0-9]{2})(?: .*)?", re.DOTALL)
_OK: Final = 200
MOST_ELEMENTS: Final = 10_000
"""Of one resource, which is kept as a whole until it ends. What is asked for has less than a hundred."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """What an answer says of one address. `href` is the server's spelling of it; `status` is None unless there is one
    for the resource as a whole; `found` are the properties that it has, by name."""

    href: str = field(repr=False)
    status: int | None
    found: dict[str, Element] = field(repr=False)

    def text(self, name: str) -> str | None:
        """The text of a property; None where the resource doesn't have it."""
        found = self.found.get(name)
        return None if found is None else found.text

    def names(self, name: str) -> frozenset[str]:
        """Those of a property's children."""
        found = self.found.get(name)
        return frozenset() if found is None else found.names()


class MultistatusReader:
    """Every method raises InvalidAnswer for what isn't a whole multistatus, and whatever `on_resource` raises."""

    def __init__(
        self, on_resource: Callable[[Resource], None], *, largest_bytes: int, most_resources: int
    ) -> None:
        self._on_resource = on_resource
        self._bytes_left = largest_bytes
        self._resources_left = most_resources
        self._elements_left = MOST_ELEMENTS
        self._open: list[Element] = []
        """From the root down to the element that is being read."""
        self._xml = GuardedXml(on_start=self._start, on_end=self._end, on_text=self._text)

    def feed(self, chunk: bytes) -> None:
        self._bytes_left -= len(chunk)
        if self._bytes_left < 0:
            raise InvalidAnswer(what="too large")
        self._xml.feed(chunk)

    def close(self) -> None:
        self._xml.close()

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if not self._open and name != _MULTISTATUS:
            raise InvalidAnswer(what="no multistatus")
        self._elements_left -= 1
        if self._elements_left < 0:
            raise InvalidAnswer(what="too many elements")
        self._open.append(Element(name=name, attributes=attributes))

    def _text(self, text: str) -> None:
        self._open[-1].pieces.append(text)

    def _end(self, name: str) -> None:
        closed = self._open.pop()
        if len(self._open) > 1:
            self._open[-1].children.append(closed)
        elif name == _RESPONSE:
            self._hand_on(closed)
        elif self._open:
            self._open[-1].pieces.clear()

    def _hand_on(self, response: Element) -> None:
        self._open[-1].pieces.clear()
        self._elements_left = MOST_ELEMENTS
        if not (hrefs := response.hrefs()) or not all(hrefs):
            raise InvalidAnswer(what="a resource without an address")
        self._resources_left -= len(hrefs)
        if self._resources_left < 0:
            raise InvalidAnswer(what="too many resources")
        if len(hrefs) > 1 and response.first(_PROPSTAT) is not None:
            raise InvalidAnswer(what="properties of several resources")  # RFC 4918, section 14.24
        status = response.first(_STATUS)
        for href in hrefs:
            self._on_resource(
                Resource(
                    href=href,
                    status=None if status is None else _code(status),
                    found=_found(response),
                )
            )


def _found(response: Element) -> dict[str, Element]:
    """The properties under a 200, of however many propstats."""
    found: dict[str, Element] = {}
    for propstat in response.all(_PROPSTAT):
        if (status := propstat.first(_STATUS)) is None:
            raise InvalidAnswer(what="properties without a status")
        if _code(status) == _OK:
            found |= {one.name: one for prop in propstat.all(_PROP) for one in prop.children}
    return found


def _code(status: Element) -> int:
    line = _STATUS_LINE.fullmatch(status.text.strip())
    if line is None:
        raise InvalidAnswer(what="no status")
    return int(line[1])
