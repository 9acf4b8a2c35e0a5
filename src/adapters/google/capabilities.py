"""What granted scopes are good for: Google has eighteen for calendars, and several of them open the same thing.

Which scope opens which method is from the description of Calendar API v3, revision 20261030. To renew the rows, take
the `scopes` of the methods named here from a newer one.
"""

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Final

from adapters.google.settings import SCOPE_PREFIX
from domain.permissions import PermissionsMissing

WRITES_EVERYWHERE: Final = "calendar.events"
"""The smallest scope that writes on calendars of others, too, where they are shared for writing."""


class Capability(Enum):
    """What an account can't be served without, in the words for whoever left it out."""

    LIST = "see the list of your calendars"
    AVAILABILITY = "see when you are busy"
    EVENTS = "see the times of your events"
    WRITE = "add sessions to your calendar"


OPENED_BY: Final[Mapping[Capability, frozenset[str]]] = {
    # calendarList.list
    Capability.LIST: frozenset(
        {"calendar.calendarlist.readonly", "calendar.calendarlist", "calendar.readonly", "calendar"}
    ),
    # freebusy.query
    Capability.AVAILABILITY: frozenset(
        {"calendar.events.freebusy", "calendar.freebusy", "calendar.readonly", "calendar"}
    ),
    # events.list, .get
    Capability.EVENTS: frozenset(
        {
            "calendar.events.owned",
            "calendar.events",
            "calendar.events.freebusy",
            "calendar.events.readonly",
            "calendar.events.owned.readonly",
            "calendar.readonly",
            "calendar",
        }
    ),
    # events.insert, .patch, .delete
    Capability.WRITE: frozenset({"calendar.events.owned", "calendar.events", "calendar"}),
}
"""Any one scope of a row does. Left out are two that open the methods, but no calendar of the person's own:
`calendar.app.created`, good for calendars that the app made, and `calendar.events.public.readonly`."""

_WRITABLE: Final[Mapping[str, frozenset[str]]] = {
    "calendar.events.owned": frozenset({"owner"}),
    "calendar.events": frozenset({"owner", "writer", "writerWithoutPrivateAccess"}),
    "calendar": frozenset({"owner", "writer", "writerWithoutPrivateAccess"}),
}
_SIGN_IN: Final = frozenset({"openid", "email", "profile", "userinfo.email", "userinfo.profile"})


def bare(scope: str) -> str:
    """Without the prefix that most have. Sign-in scopes are asked for by short names and granted by long ones."""
    return scope.removeprefix(SCOPE_PREFIX)


def for_calendars(scopes: Iterable[str]) -> tuple[str, ...]:
    """Those that are not of the sign-in itself."""
    return tuple(scope for scope in scopes if bare(scope) not in _SIGN_IN)


def lacking(granted: Iterable[str]) -> tuple[Capability, ...]:
    """The capabilities that none of the granted scopes opens."""
    have = {bare(scope) for scope in granted}
    return tuple(capability for capability, scopes in OPENED_BY.items() if not scopes & have)


def require_capabilities(granted: Iterable[str], *, asked: Iterable[str]) -> None:
    """Raises PermissionsMissing, in Google's words and in people's.

    `asked` are the scopes of the consent page: of them those are named that would have opened what is missing.
    """
    granted, asked = tuple(granted), tuple(asked)
    if not (missing := lacking(granted)):
        return
    have = {bare(scope) for scope in granted}
    opening = frozenset().union(*(OPENED_BY[capability] for capability in missing))
    raise PermissionsMissing(
        missing=tuple(scope for scope in map(bare, asked) if scope in opening and scope not in have),
        described=tuple(capability.value for capability in missing),
    )


def writable_roles(granted: Iterable[str]) -> frozenset[str]:
    """The `accessRole`s of calendars on which events can be written."""
    return frozenset().union(*(_WRITABLE.get(bare(scope), frozenset()) for scope in granted))


def lacking_for_shared(granted: Iterable[str]) -> tuple[str, ...]:
    """The scope, if it wasn't granted, that writing on calendars of others takes."""
    everywhere = _WRITABLE[WRITES_EVERYWHERE]
    return () if writable_roles(granted) >= everywhere else (WRITES_EVERYWHERE,)
