"""Names for what is asked of Google, for whoever counts: paths have ids in them, and those of calendars are addresses.

What other providers are asked as well has their name for it.
"""

import re
from typing import Final

from adapters.web.request_names import OTHER

_EVENTS: Final = "/calendars/[^/]+/events"
_KINDS: Final = tuple(
    (method, re.compile(path), kind)
    for method, path, kind in (
        ("GET", _EVENTS, "read_view"),
        ("POST", "/freeBusy", "read_busy"),
        ("GET", f"{_EVENTS}/[^/]+", "find_event"),
        ("POST", _EVENTS, "create_event"),
        ("PATCH", f"{_EVENTS}/[^/]+", "change_event"),
        ("DELETE", f"{_EVENTS}/[^/]+", "delete_event"),
        ("GET", "/users/me/calendarList", "list_calendars"),
        ("POST", f"{_EVENTS}/watch", "create_subscription"),
        ("POST", "/channels/stop", "end_subscription"),
    )
)


def kind_of(method: str, path: str) -> str:
    """`path` as it is sent, from behind the version on."""
    return next((kind for its, pattern, kind in _KINDS if its == method and pattern.fullmatch(path)), OTHER)
