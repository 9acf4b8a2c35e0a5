"""Google's scopes: how they are asked for, shown to people, and spelled in a token answer."""

from collections.abc import Iterable, Mapping
from typing import Final

from sandbox.world.google.settings import ScopeSpelling

PREFIX: Final = "https://www.googleapis.com/auth/"
_LONG: Final[Mapping[str, str]] = {
    "email": f"{PREFIX}userinfo.email",
    "profile": f"{PREFIX}userinfo.profile",
}
_SHORT: Final[Mapping[str, str]] = {uri: name for name, uri in _LONG.items()}
SIGN_IN: Final = frozenset({"openid", *_LONG})
"""They have no box on the consent page."""

DESCRIPTIONS: Final[Mapping[str, str]] = {
    f"{PREFIX}{name}": text
    for name, text in {
        "calendar": "See, edit, share and permanently delete all the calendars you can access",
        "calendar.acls": "See and change the sharing permissions of calendars you own",
        "calendar.acls.readonly": "See the sharing permissions of calendars you own",
        "calendar.app.created": "Make secondary calendars, and see and change events on them",
        "calendar.calendarlist": "See, add and remove calendars you are subscribed to",
        "calendar.calendarlist.readonly": "See the list of calendars you are subscribed to",
        "calendar.calendars": "See and change the properties of calendars you can access, and make new ones",
        "calendar.calendars.readonly": "See the title and other properties of calendars you can access",
        "calendar.events": "View and edit events on all your calendars",
        "calendar.events.freebusy": "See the availability on calendars you can access",
        "calendar.events.owned": "See, create, change and delete events on calendars you own",
        "calendar.events.owned.readonly": "See the events on calendars you own",
        "calendar.events.public.readonly": "See the events on public calendars",
        "calendar.events.readonly": "View events on all your calendars",
        "calendar.freebusy": "View your availability in your calendars",
        "calendar.readonly": "See and download any calendar you can access",
        "calendar.settings": "View and change your Calendar settings",
        "calendar.settings.readonly": "View your Calendar settings",
    }.items()
}
"""Every scope of the Calendar API, and what its box says."""


class UnknownScope(ValueError):
    """A scope that Google doesn't have."""


def parse(text: str) -> frozenset[str]:
    """The scopes of a request: short names for sign-in, URIs for the rest; raises UnknownScope. Case counts."""
    found = frozenset(_SHORT.get(scope, scope) for scope in text.split())
    for scope in found - SIGN_IN - DESCRIPTIONS.keys():
        raise UnknownScope(scope)
    return found


def printed(scopes: Iterable[str], spelling: ScopeSpelling) -> str:
    """The `scope` member of a token answer, in an order of its own."""
    spelled = (_LONG.get(scope, scope) if spelling == "uri" else scope for scope in scopes)
    return " ".join(sorted(spelled, reverse=True))


def has_boxes(asked: frozenset[str]) -> bool:
    """Whether each permission can be left out: one alone, without any for sign-in, is granted or refused."""
    return len(asked - SIGN_IN) > 1 or bool(asked - SIGN_IN and asked & SIGN_IN)


def box_name(scope: str) -> str:
    """A scope without what all of them begin with, for the id of its box."""
    return scope.removeprefix(PREFIX)
