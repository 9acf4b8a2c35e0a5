"""The calendars in a person's home, as one PROPFIND lists them: what is a calendar at all, what can be written, and
whose it is."""

import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from adapters.caldav.client import DavClient
from adapters.caldav.elements import APPLE, CALDAV, CALENDARSERVER, DAV
from adapters.caldav.login import Login
from adapters.caldav.multistatus import Resource
from adapters.caldav.paths import decoded, name_below, path_in
from adapters.caldav.questions import propfind_for
from adapters.web.outside_text import address_from, name_from
from domain.calendar import RemoteCalendar, Uncheckable

_log = logging.getLogger(__name__)

LIST: Final = "list_calendars"
"""The kind of these requests."""

_TYPE: Final = f"{DAV}resourcetype"
_NAME: Final = f"{DAV}displayname"
_PRIVILEGES: Final = f"{DAV}current-user-privilege-set"
_OWNER: Final = f"{DAV}owner"
_COMPONENTS: Final = f"{CALDAV}supported-calendar-component-set"
TOLD_BY: Final = (_TYPE, _COMPONENTS)
"""The properties that tell whether something is a calendar of events."""
_DEFAULT: Final = f"{CALDAV}schedule-default-calendar-URL"
"""Of the inbox, which stands in the same list (RFC 6638, section 9.2)."""
_COLOR: Final = f"{APPLE}calendar-color"
_ORDER: Final = f"{APPLE}calendar-order"
_QUESTION: Final = propfind_for(
    _TYPE,
    _NAME,
    _PRIVILEGES,
    _OWNER,
    _COMPONENTS,
    _DEFAULT,
    _COLOR,
    _ORDER,
)

_CALENDAR: Final = f"{CALDAV}calendar"
_SUBSCRIBED: Final = f"{CALENDARSERVER}subscribed"
_SHARED: Final = f"{CALENDARSERVER}shared"
_SHARED_OWNER: Final = f"{CALENDARSERVER}shared-owner"
_WRITING: Final = (
    frozenset({f"{DAV}write"}),
    frozenset({f"{DAV}all"}),
    frozenset({f"{DAV}bind", f"{DAV}write-content"}),
)
"""Each is enough: an event is a new member with content (RFC 3744, section 3). Of properties alone, no."""

_HOME_CALENDAR: Final = "home"
"""What iCloud calls the one that an account begins with."""
_RGB: Final = re.compile("(#[0-9a-f]{6})(?:[0-9a-f]{2})?")
_INTEGER: Final = re.compile(r"-?[0-9]{1,10}")
_LAST: Final = 10**10


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedCalendar:
    remote: RemoteCalendar
    order: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarHome:
    """Where the calendars of one person are, and who that is."""

    login: Login
    principal: str = field(repr=False)
    home: str = field(repr=False)


async def listed_calendars(client: DavClient, home: CalendarHome) -> tuple[ListedCalendar, ...]:
    """Those of `all_calendars` that can be read."""
    return tuple(one for one in await all_calendars(client, home) if one.remote.uncheckable is None)


async def all_calendars(client: DavClient, home: CalendarHome) -> tuple[ListedCalendar, ...]:
    """One request. The primary calendar, if any, stands first.

    Pointers to feeds are among them, and can't be checked: queries of them are answered with nothing, which would read
    as always free. Left out are lists of reminders, and whatever else is in a home without being a calendar. Raises
    DavRefusal, and whatever else the client does.
    """
    resources = await client.propfind(home.login, home.home, _QUESTION, depth=1, kind=LIST)
    listed = [one for resource in resources if (one := _listed(resource, home)) is not None]
    primary = _primary(listed, _default_in(resources, home))
    marked = [_marked(one) if one is primary else one for one in listed]
    return tuple(sorted(marked, key=lambda one: (not one.remote.primary, one.remote.remote_id)))


def _listed(resource: Resource, home: CalendarHome) -> ListedCalendar | None:
    feed = _is_feed(resource)
    if not feed and not holds_events(resource):
        return None
    path = path_in(resource.href)
    if (name := name_below(home.home, path)) is None:
        _log.warning("a calendar is left out: its id can be none")
        return None
    shared = _is_shared(resource, home.principal)
    remote = RemoteCalendar(
        remote_id=name,
        name=name_from(resource.text(_NAME)) or name_from(name),
        owner_name="",
        owner_email="" if shared else _own_address(home.login),
        color=_color(resource.text(_COLOR)),
        primary=False,
        # A feed claims every privilege, and refuses each event.
        writable=not feed and _is_writable(resource),
        shared=shared,
        uncheckable=Uncheckable.SUBSCRIBED if feed else None,
    )
    return ListedCalendar(remote=remote, order=_order(resource.text(_ORDER)))


def holds_events(resource: Resource) -> bool:
    """Whether they can be read there; by the properties TOLD_BY."""
    types = resource.names(_TYPE)
    return _CALENDAR in types and _SUBSCRIBED not in types and _takes_events(resource)


def _is_feed(resource: Resource) -> bool:
    return _SUBSCRIBED in resource.names(_TYPE) and _takes_events(resource)


def _takes_events(resource: Resource) -> bool:
    components = resource.found.get(_COMPONENTS)
    # Without a set a calendar takes all components (RFC 4791, section 5.2.3).
    named = [one.attributes.get("name", "").upper() for one in components.children] if components else []
    return not named or "VEVENT" in named


def _is_shared(resource: Resource, principal: str) -> bool:
    """Whether it is somebody else's; one that its owner shares with others stays the owner's."""
    types = resource.names(_TYPE)
    if _SHARED in types:
        return True
    owner = resource.found.get(_OWNER)
    if _SHARED_OWNER in types or owner is None or not (hrefs := owner.hrefs()):
        return False
    return decoded(path_in(hrefs[0])) != decoded(principal)


def _is_writable(resource: Resource) -> bool:
    """Nothing is guessed: without privileges it isn't."""
    if (privileges := resource.found.get(_PRIVILEGES)) is None:
        return False
    granted = frozenset(name for one in privileges.children for name in one.names())
    return any(enough <= granted for enough in _WRITING)


def _primary(listed: Iterable[ListedCalendar], default: str | None) -> ListedCalendar | None:
    """CalDAV has no such word. The one where new invitations go, or else the one that iCloud begins with, or else the
    first that can be written: always one of the person's own."""
    own = {
        one.remote.remote_id: one
        for one in listed
        if not one.remote.shared and one.remote.uncheckable is None
    }
    if default in own:
        return own[default]
    if (home := own.get(_HOME_CALENDAR)) is not None:
        return home
    writable = [one for one in own.values() if one.remote.writable]
    return min(writable, key=lambda one: (one.order, one.remote.remote_id), default=None)


def _default_in(resources: Iterable[Resource], home: CalendarHome) -> str | None:
    for resource in resources:
        if (asked := resource.found.get(_DEFAULT)) is not None and (hrefs := asked.hrefs()):
            return name_below(home.home, path_in(hrefs[0]))
    return None


def _marked(primary: ListedCalendar) -> ListedCalendar:
    return replace(primary, remote=replace(primary.remote, primary=True))


def _own_address(login: Login) -> str:
    return address_from(login.username) if "@" in login.username else ""


def _color(value: str | None) -> str:
    """Apple's have their opacity at the end."""
    match = _RGB.fullmatch((value or "").strip().casefold())
    return match[1] if match else ""


def _order(value: str | None) -> int:
    text = (value or "").strip()
    return int(text) if _INTEGER.fullmatch(text) else _LAST
