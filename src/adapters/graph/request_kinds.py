"""Names for what is asked of Graph and what it comes to, for whoever counts: paths have ids in them."""

import re
from typing import Final

_ID: Final = r"(?:/[^/]+|\('[^']*'\))"
"""Graph's own links to next pages have it in the second form, and may name the mailbox for `me`."""
_MAILBOX: Final = rf"/(?:me|users{_ID})"
_KINDS: Final = tuple(
    (method, re.compile(path, re.IGNORECASE), kind)
    for method, path, kind in (
        ("GET", rf"{_MAILBOX}/calendars{_ID}/calendarView", "read_view"),
        ("GET", rf"{_MAILBOX}/calendars{_ID}/events(?:{_ID})?", "find_event"),
        ("POST", rf"{_MAILBOX}/calendars{_ID}/events", "create_event"),
        ("PATCH", rf"{_MAILBOX}/calendars{_ID}/events{_ID}", "change_event"),
        ("DELETE", rf"{_MAILBOX}/calendars{_ID}/events{_ID}", "delete_event"),
        ("GET", rf"{_MAILBOX}/calendars?", "list_calendars"),
        ("GET", _MAILBOX, "profile"),
        ("GET", "/subscriptions", "list_subscriptions"),
        ("POST", "/subscriptions", "create_subscription"),
        ("PATCH", f"/subscriptions{_ID}", "renew_subscription"),
        ("DELETE", f"/subscriptions{_ID}", "end_subscription"),
    )
)
OTHER: Final = "other"
TOKEN: Final = "token"  # noqa: S105 - a name
DOCUMENT: Final = "document"
"""Of the authority: what it is, and the keys that it signs with."""
TIMED_OUT: Final = "timed_out"
UNREACHABLE: Final = "unreachable"
CUT_OFF: Final = "cut_off"
"""Given up, or the connection broke, with no answer or with a part of one."""
_THROTTLED: Final = 429


def kind_of(method: str, path: str) -> str:
    """`path` as it is sent, from behind the version on."""
    return next((kind for its, pattern, kind in _KINDS if its == method and pattern.fullmatch(path)), OTHER)


def outcome_of(status: int) -> str:
    """The class of a status, such as `4xx`; a refusal for too many requests is one by itself."""
    return str(status) if status == _THROTTLED else f"{status // 100}xx"
