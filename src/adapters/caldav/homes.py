"""Asking at the home of an account's calendars, which may be elsewhere by now."""

from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from adapters.caldav.discovery import Discovery
from adapters.caldav.errors import DavRefusal, Fault
from adapters.caldav.grants import AppleGrant
from adapters.caldav.listed_calendars import CalendarHome
from adapters.caldav.paths import decoded
from domain.access import InvalidAnswer

T = TypeVar("T")

_LEADS_NOWHERE: Final = frozenset({Fault.GONE, Fault.DENIED})
"""What iCloud answers for a path that leads to somebody's calendars no more."""


def home_of(grant: AppleGrant) -> CalendarHome:
    """As the grant names it."""
    return CalendarHome(login=grant.login, principal=grant.principal, home=grant.home)


async def at_home(discovery: Discovery, grant: AppleGrant, ask: Callable[[CalendarHome], Awaitable[T]]) -> T:
    """What `ask` answers at the grant's home, or, where that leads nowhere, at the one that discovery leads to now.

    So `ask` may be called twice: only a request that was refused is made again. Raises what `ask` and the discovery
    do, and InvalidAnswer where the login leads to somebody else.
    """
    try:
        return await ask(home_of(grant))
    except DavRefusal as refusal:
        if refusal.fault not in _LEADS_NOWHERE:
            raise
        moved_to = await _moved_to(discovery, grant)
        if moved_to is None:
            raise
    return await ask(moved_to)


async def _moved_to(discovery: Discovery, grant: AppleGrant) -> CalendarHome | None:
    """None where the calendars are where they were."""
    found = await discovery.walk(grant.login)
    if found.identity != discovery.identity(grant.principal):
        raise InvalidAnswer(what="another person")
    if decoded(found.home) == decoded(grant.home):
        return None
    return CalendarHome(login=grant.login, principal=found.principal, home=found.home)
