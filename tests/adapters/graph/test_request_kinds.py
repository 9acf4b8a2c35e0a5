"""The names under which requests to Graph are counted."""

import pytest

from adapters.graph.request_kinds import kind_of
from adapters.web.request_names import OTHER


@pytest.mark.parametrize(
    ("method", "path", "kind"),
    [
        ("GET", "/me/calendars/AAMk%2F1%3D/calendarView", "read_view"),
        ("GET", "/me/calendars('AAMk/1=')/calendarView", "read_view"),
        ("GET", "/users('oid@tid')/calendars('AAMk1')/calendarView", "read_view"),
        ("GET", "/me/calendars/AAMk1/events", "find_event"),
        ("GET", "/me/calendars/AAMk1/events/AAMk2", "find_event"),
        ("POST", "/me/calendars/AAMk1/events", "create_event"),
        ("PATCH", "/me/calendars/AAMk1/events/AAMk2", "change_event"),
        ("DELETE", "/me/calendars/AAMk1/events/AAMk2", "delete_event"),
        ("GET", "/me/calendars", "list_calendars"),
        ("GET", "/me/calendar", "list_calendars"),
        ("GET", "/me", "profile"),
        ("GET", "/subscriptions", "list_subscriptions"),
        ("POST", "/subscriptions", "create_subscription"),
        ("PATCH", "/subscriptions/1", "renew_subscription"),
        ("DELETE", "/subscriptions/1", "end_subscription"),
        ("PUT", "/me", OTHER),
        ("GET", "/me/messages/AAMk1", OTHER),
    ],
)
def test_a_request_has_the_name_of_its_kind(method: str, path: str, kind: str) -> None:
    assert kind_of(method, path) == kind
