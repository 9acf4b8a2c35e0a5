"""Which Graph requests the sandbox answers, and the permissions each needs."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import unquote

from sandbox.answers import Answer
from sandbox.graph import calendars, profile, reading, subscriptions, writing
from sandbox.graph.call import Call

_READ = frozenset({"Calendars.ReadBasic", "Calendars.Read", "Calendars.ReadWrite"})
_SUBSCRIBE = frozenset({"Calendars.Read", "Calendars.ReadWrite"})
_WRITE = frozenset({"Calendars.ReadWrite"})
_PROFILE = frozenset({"User.Read", "User.ReadWrite"})
_SETTINGS = frozenset({"MailboxSettings.Read", "MailboxSettings.ReadWrite"})


@dataclass(frozen=True, slots=True)
class Route:
    """A method and path template, its handler, and the scopes, one of which a token needs."""

    method: str
    template: str
    handler: Callable[[Call], Answer | Awaitable[Answer]]
    scopes: frozenset[str]

    def match(self, path: str) -> dict[str, str] | None:
        """The ids in a raw path, decoded; None for another path. Graph takes either case in its own words."""
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.template)
        found = re.fullmatch(pattern, path, re.IGNORECASE)
        return None if found is None else {name: unquote(value) for name, value in found.groupdict().items()}


def _routes() -> list[Route]:
    routes = [
        Route("GET", "/me", profile.me, _PROFILE),
        Route("GET", "/me/mailboxSettings", profile.mailbox_settings, _SETTINGS),
        Route("GET", "/me/calendars", calendars.list_calendars, _READ),
    ]
    for calendar in ("/me/calendar", "/me/calendars/{calendar}"):
        routes.append(Route("GET", calendar, calendars.get_calendar, _READ))
        routes.append(Route("GET", f"{calendar}/calendarView", reading.calendar_view, _READ))
    routes.append(Route("GET", "/me/calendarView", reading.calendar_view, _READ))
    for prefix in ("/me", "/me/calendar", "/me/calendars/{calendar}"):
        routes += [
            Route("GET", f"{prefix}/events", reading.list_events, _READ),
            Route("POST", f"{prefix}/events", writing.create_event, _WRITE),
            Route("GET", f"{prefix}/events/{{event}}", reading.get_event, _READ),
            Route("GET", f"{prefix}/events/{{event}}/instances", reading.list_instances, _READ),
            Route("PATCH", f"{prefix}/events/{{event}}", writing.update_event, _WRITE),
            Route("DELETE", f"{prefix}/events/{{event}}", writing.delete_event, _WRITE),
        ]
    one = "/subscriptions/{subscription}"
    routes += [
        Route("GET", "/subscriptions", subscriptions.list_subscriptions, _SUBSCRIBE),
        Route("POST", "/subscriptions", subscriptions.create_subscription, _SUBSCRIBE),
        Route("GET", one, subscriptions.get_subscription, _SUBSCRIBE),
        Route("PATCH", one, subscriptions.renew_subscription, _SUBSCRIBE),
        Route("DELETE", one, subscriptions.delete_subscription, _SUBSCRIBE),
    ]
    return routes


ROUTES = tuple(_routes())


def find_route(method: str, path: str) -> tuple[Route | None, dict[str, str]]:
    """The route of a method and a raw path below the base, with the ids in it; no route for what isn't served."""
    for route in ROUTES:
        ids = route.match(path) if route.method == method else None
        if ids is not None:
            return route, ids
    return None, {}
