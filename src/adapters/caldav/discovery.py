"""Who a login belongs to, and where their calendars are: the principal, and what it says of itself (RFC 5397 and 4791,
section 6.2.1)."""

import re
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

from adapters.caldav.client import DavClient
from adapters.caldav.elements import CALDAV, DAV, Element
from adapters.caldav.errors import DavRefusal, Fault
from adapters.caldav.login import Login
from adapters.caldav.multistatus import Resource
from adapters.caldav.paths import collection, decoded, path_in
from adapters.caldav.questions import propfind_for
from adapters.caldav.settings import AppleSettings
from adapters.web.outside_text import address_from, name_from
from domain.access import InvalidAnswer
from domain.account import Identity, Provider
from domain.connection import MailboxNotServed

DISCOVER: Final = "discover"
"""The kind of these requests."""

_PRINCIPAL: Final = f"{DAV}current-user-principal"
_UNAUTHENTICATED: Final = f"{DAV}unauthenticated"
_NAME: Final = f"{DAV}displayname"
_HOME: Final = f"{CALDAV}calendar-home-set"
_ADDRESSES: Final = f"{CALDAV}calendar-user-address-set"
_MOST_ADDRESSES: Final = 100
_WHO: Final = propfind_for(_PRINCIPAL)
_WHERE: Final = propfind_for(_NAME, _HOME, _ADDRESSES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovered:
    """`principal` and `home` are paths as the server spells them; a home ends with a slash. `addresses` stand for this
    person among the attendees of an event: folded, without `mailto:`, in whatever form the server has them."""

    identity: Identity
    principal: str = field(repr=False)
    home: str = field(repr=False)
    display_name: str = field(repr=False)
    addresses: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovery:
    client: DavClient
    settings: AppleSettings

    async def walk(self, login: Login) -> Discovered:
        """Two requests. Raises DavRefusal (a PASSWORD too where the server answers as to a stranger),
        MailboxNotServed where the person has no calendars, and whatever else the client does."""
        principal = await self.principal(login)
        who = await self.client.resource(login, principal, _WHERE, kind=DISCOVER)
        return Discovered(
            identity=self.identity(principal),
            principal=principal,
            home=_home(who),
            display_name=name_from(who.text(_NAME)),
            addresses=_addresses(who.found.get(_ADDRESSES)),
        )

    async def principal(self, login: Login) -> str:
        """The path of the person's own principal, asked of where everything starts: the plainest proof of a password
        there is. Raises as `walk` does."""
        start = await self.client.resource(login, self.settings.start_path, _WHO, kind=DISCOVER)
        asked = start.found.get(_PRINCIPAL)
        if asked is None:
            raise InvalidAnswer(what="no principal")
        if _UNAUTHENTICATED in asked.names():
            raise DavRefusal(status=HTTPStatus.UNAUTHORIZED, fault=Fault.PASSWORD)
        if len(hrefs := asked.hrefs()) != 1:
            raise InvalidAnswer(what="no principal")
        return path_in(hrefs[0])

    def identity(self, principal: str) -> Identity:
        """Whose principal this is, by the number in its path: addresses change, and belong to somebody else one day.
        Raises InvalidAnswer for a path of another form."""
        match = re.fullmatch(self.settings.principal, decoded(principal))
        if match is None:
            raise InvalidAnswer(what="a principal of another form")
        return Identity(
            provider=Provider.APPLE, tenant_id=self.settings.host_family, object_id=match.group(1)
        )


def _home(who: Resource) -> str:
    """The first one: there may be several, and iCloud has one."""
    asked = who.found.get(_HOME)
    if asked is None or not (hrefs := asked.hrefs()):
        raise MailboxNotServed
    return collection(path_in(hrefs[0]))


def _addresses(asked: Element | None) -> tuple[str, ...]:
    hrefs = () if asked is None else asked.hrefs()[:_MOST_ADDRESSES]
    plain = (address_from(href.casefold().removeprefix("mailto:")) for href in hrefs)
    return tuple(dict.fromkeys(one for one in plain if one))
