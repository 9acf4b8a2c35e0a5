"""The names under which requests to Google are counted."""

import pytest

from adapters.google.paths import calendar_path, event_path, events_path
from adapters.google.request_kinds import kind_of
from adapters.web.request_names import OTHER

HOLIDAYS = "en.german#holiday@group.v.calendar.google.com"
WITH_SLASH = "a/b/events/c@group.calendar.google.com"


@pytest.mark.parametrize(
    ("method", "path", "kind"),
    [
        ("GET", events_path(HOLIDAYS), "read_view"),
        ("GET", events_path(WITH_SLASH), "read_view"),
        ("POST", "/freeBusy", "read_busy"),
        ("GET", event_path(WITH_SLASH, "5c9e"), "find_event"),
        ("POST", events_path("gina@gmail.example.com"), "create_event"),
        ("PATCH", event_path(HOLIDAYS, "5c9e"), "change_event"),
        ("DELETE", event_path(HOLIDAYS, "5c9e"), "delete_event"),
        ("GET", "/users/me/calendarList", "list_calendars"),
        ("POST", f"{events_path(WITH_SLASH)}/watch", "create_subscription"),
        ("POST", "/channels/stop", "end_subscription"),
        ("GET", calendar_path("gina@gmail.example.com"), OTHER),
        ("PUT", event_path(HOLIDAYS, "5c9e"), OTHER),
    ],
)
def test_a_request_has_the_name_of_its_kind(method: str, path: str, kind: str) -> None:
    assert kind_of(method, path) == kind
