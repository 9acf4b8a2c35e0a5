"""The calendars of an Apple account, as its home lists them."""

from dataclasses import dataclass

from adapters.caldav.client import DavClient
from adapters.caldav.discovery import Discovery
from adapters.caldav.errors import DavRefusal, Fault, translated
from adapters.caldav.grants import AppleGrant, AppleGrants, opened
from adapters.caldav.listed_calendars import CalendarHome, ListedCalendar, listed_calendars
from adapters.caldav.paths import decoded
from domain.access import AccessDenied, InvalidAnswer, ProviderUnavailable
from domain.calendar import RemoteCalendar
from domain.grant import Grant
from domain.ids import AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class AppleCalendarDirectory:
    """A password that isn't accepted once is no lost access, but an outage: working accounts are refused, too."""

    client: DavClient
    discovery: Discovery
    grants: AppleGrants

    async def first_look(self, grant: Grant) -> tuple[RemoteCalendar, ...]:
        with translated(gone=ProviderUnavailable, password=AccessDenied):
            return _remote(await listed_calendars(self.client, _home_of(opened(grant))))

    async def list_calendars(self, account_id: AccountId) -> tuple[RemoteCalendar, ...]:
        grant = (await self.grants.load(account_id)).grant
        with translated(gone=ProviderUnavailable):
            return _remote(await self._listed(grant))

    async def check_access(self, account_id: AccountId) -> None:
        grant = (await self.grants.load(account_id)).grant
        try:
            with translated(gone=ProviderUnavailable):
                await self.discovery.principal(grant.login)
        except (AccessDenied, InvalidAnswer) as exc:
            raise ProviderUnavailable from exc

    async def _listed(self, grant: AppleGrant) -> tuple[ListedCalendar, ...]:
        try:
            return await listed_calendars(self.client, _home_of(grant))
        except DavRefusal as refusal:
            # What iCloud answers for a path that leads there no more.
            if refusal.fault not in {Fault.GONE, Fault.DENIED}:
                raise
            moved_to = await self._moved_to(grant)
            if moved_to is None:
                raise
        return await listed_calendars(self.client, moved_to)

    async def _moved_to(self, grant: AppleGrant) -> CalendarHome | None:
        """Where the calendars are now; None where they are where they were. Raises InvalidAnswer where the login leads
        to somebody else."""
        found = await self.discovery.walk(grant.login)
        if found.identity != self.discovery.identity(grant.principal):
            raise InvalidAnswer(what="another person")
        if decoded(found.home) == decoded(grant.home):
            return None
        return CalendarHome(login=grant.login, principal=found.principal, home=found.home)


def _home_of(grant: AppleGrant) -> CalendarHome:
    return CalendarHome(login=grant.login, principal=grant.principal, home=grant.home)


def _remote(listed: tuple[ListedCalendar, ...]) -> tuple[RemoteCalendar, ...]:
    return tuple(one.remote for one in listed)
