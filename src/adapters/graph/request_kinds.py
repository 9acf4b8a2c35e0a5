"""Names for what is asked of Graph, for whoever counts: paths have ids in them."""

import re
from typing import Final

from adapters.web.request_names import OTHER

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


def kind_of(method: str, path: str) -> str:
    """`path` as it is sent, from behind the version on."""
    return next((kind for its, pattern, kind in _KINDS if its == method and pattern.fullmatch(path)), OTHER)
