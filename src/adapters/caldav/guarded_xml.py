"""Expat under guard: XML as it arrives, without a DOCTYPE, and no deeper than anything WebDAV has to say.

Without a DOCTYPE nothing can declare an entity, so that none but XML's own five are ever replaced. No text of the
document goes into an error.
"""

from collections.abc import Callable
from typing import Final
from xml.parsers import expat

from adapters.caldav.elements import SEPARATOR
from domain.access import InvalidAnswer

DEEPEST: Final = 32
"""Levels. What is asked for has eight."""

_TEXT_BUFFER: Final = 1 << 16
"""Bytes of text that are handed on in one piece."""


class GuardedXml:
    """Every method raises InvalidAnswer for what is no XML, and whatever the handlers raise."""

    def __init__(
        self,
        *,
        on_start: Callable[[str, dict[str, str]], None],
        on_end: Callable[[str], None],
        on_text: Callable[[str], None],
    ) -> None:
        self._on_start = on_start
        self._on_end = on_end
        self._depth = 0
        parser = expat.ParserCreate(namespace_separator=SEPARATOR)
        parser.buffer_text = True
        parser.buffer_size = _TEXT_BUFFER
        parser.StartDoctypeDeclHandler = _refuse_doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = on_text
        self._parser = parser

    def feed(self, chunk: bytes) -> None:
        self._parse(chunk, last=False)

    def close(self) -> None:
        """The document is over: raises InvalidAnswer where it isn't."""
        self._parse(b"", last=True)

    def _parse(self, chunk: bytes, *, last: bool) -> None:
        try:
            self._parser.Parse(chunk, last)
        except (expat.ExpatError, ValueError, LookupError):
            # LookupError and ValueError: an encoding that isn't known, or isn't one of single bytes.
            raise InvalidAnswer(what="no XML") from None

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > DEEPEST:
            raise InvalidAnswer(what="XML too deep")
        self._on_start(name, attributes)

    def _end(self, name: str) -> None:
        self._depth -= 1
        self._on_end(name)


def _refuse_doctype(*_: object) -> None:
    raise InvalidAnswer(what="a DOCTYPE")
