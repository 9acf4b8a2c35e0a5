"""Lines of iCalendar text (RFC 5545, section 3.1) as they are sent, and text that may stand in them."""

import re
from collections.abc import Iterable
from typing import Final

_LONGEST_LINE: Final = 75
"""Bytes, the line's end aside."""
_LINE_END: Final = re.compile("\r\n|[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
"""What any reader may take for one, and whoever splits lines by it would cut a text in two."""
_HALF_PAIR: Final = re.compile("[\ud800-\udfff]")
_NO_CHARACTER: Final = re.compile("[\0-\x08\x0e-\x1f\x7f-\x9f\ufdd0-\ufdef\ufffe\uffff]")
"""Neither iCalendar nor XML, which events come back in, has these."""
_ESCAPED: Final = re.compile(r"[\\;,\n]")


def plain(text: str) -> str:
    """Text that a calendar can hold: each line end is a line feed, other control characters are dropped."""
    lines = _LINE_END.sub("\n", _HALF_PAIR.sub("\N{REPLACEMENT CHARACTER}", text))
    return _NO_CHARACTER.sub("", lines)


def escaped(text: str) -> str:
    """Plain text as the value of a line (section 3.3.11)."""
    return _ESCAPED.sub(lambda found: r"\n" if found[0] == "\n" else f"\\{found[0]}", text)


def folded(line: str) -> str:
    """No line of it is longer than the limit, and no character is split."""
    data = line.encode()
    if len(data) <= _LONGEST_LINE:
        return line
    pieces, begin, room = [], 0, _LONGEST_LINE
    while begin < len(data):
        end = begin + room
        while end < len(data) and _continues_character(data[end]):
            end -= 1
        pieces.append(data[begin:end].decode())
        begin, room = end, _LONGEST_LINE - 1  # the blank that each further line begins with is one byte of it
    return "\r\n ".join(pieces)


def joined(lines: Iterable[str]) -> bytes:
    """The text that is sent. The lines are folded already; half a surrogate pair stands for a byte that is no UTF-8."""
    return "".join(f"{line}\r\n" for line in lines).encode(errors="surrogateescape")


def _continues_character(byte: int) -> bool:
    """Whether it is any but the first byte of a character in UTF-8."""
    return byte & 0xC0 == 0x80
