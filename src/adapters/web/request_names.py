"""Names for requests and for what becomes of them, for whoever counts. Each provider has its own for the rest."""

from typing import Final

TOKEN: Final = "token"  # noqa: S105 - a name
DOCUMENT: Final = "document"
"""Of the authority: what it is, and the keys that it signs with."""
OTHER: Final = "other"

TIMED_OUT: Final = "timed_out"
UNREACHABLE: Final = "unreachable"
CUT_OFF: Final = "cut_off"
"""Given up, or the connection broke, with no answer or with a part of one."""
_THROTTLED: Final = 429


def outcome_of(status: int) -> str:
    """The class of a status, such as `4xx`; a refusal for too many requests is one by itself."""
    return str(status) if status == _THROTTLED else f"{status // 100}xx"
