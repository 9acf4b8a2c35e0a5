"""Text from outside, cleaned once, where it comes in.

JSON can carry what nothing behind us accepts: half a surrogate pair doesn't fit into a protobuf message, NUL doesn't
fit into PostgreSQL, neither fits into a mail. And nobody promises a length.
"""

import re
from typing import Final

LONGEST_NAME: Final = 256
"""Characters of a person's or a calendar's name. Outlook allows as many."""
LONGEST_ADDRESS: Final = 320
"""Characters of a mail address: 64 before the @ and 255 after it (RFC 5321)."""
LONGEST_ID: Final = 512
"""Characters. Graph's have up to some 230; the database's indexes hold four times as many bytes."""

_HALF_PAIR: Final = re.compile("[\ud800-\udfff]")
_NO_CHARACTER: Final = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufdd0-\ufdef\ufffe\uffff]")
_LINE_ENDS: Final = re.compile("[\t\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]+")
_REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"


def name_from(value: object) -> str:
    """One line of text for people; empty if it is not text.

    Line ends turn into spaces, half a pair into the replacement character; non-characters are dropped, and what is too
    long is cut.
    """
    if not isinstance(value, str):
        return ""
    start = value[: 4 * LONGEST_NAME]
    whole = _NO_CHARACTER.sub("", _LINE_ENDS.sub(" ", _HALF_PAIR.sub(_REPLACEMENT, start)))
    return whole.strip()[:LONGEST_NAME]


def address_from(value: object) -> str:
    """A mail address; empty for what can be none, since half of one is another's."""
    if not isinstance(value, str) or len(value) > LONGEST_ADDRESS or not value.isprintable():
        return ""
    return value


def id_from(value: object) -> str | None:
    """An id as it came: any change would make it another's. None for what can be none."""
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_ID or not value.isprintable():
        return None
    return value
