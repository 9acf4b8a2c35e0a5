"""The calendars of an Apple account, as its home lists them."""

import asyncio
from dataclasses import dataclass

from adapters.caldav.client import DavClient
from adapters.caldav.discovery import Discovery
from adapters.caldav.errors import translated
from adapters.caldav.grants import AppleGrants, opened
from adapters.caldav.homes import at_home, home_of
from adapters.caldav.listed_calendars import CalendarHome, ListedCalendar, all_calendars
from domain.access import AccessDenied, InvalidAnswer, ProviderUnavailable
from domain.calendar import RemoteCalendar
from domain.grant import Grant
from domain.ids import AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class AppleCalendarDirectory:
    """A password that isn't accepted once is no lost access: working accounts are refused, too."""

    client: DavClient
    discovery: Discovery
    grants: AppleGrants

    async def first_look(self, grant: Grant) -> tuple[RemoteCalendar, ...]:
        """A browser waits for it."""
        try:
            async with asyncio.timeout(self.discovery.settings.sign_in_timeout.total_seconds()):
                with translated(gone=ProviderUnavailable, password=AccessDenied()):
                    return _remote(await self._listed(home_of(opened(grant))))
        except TimeoutError as exc:
            raise ProviderUnavailable from exc

    async def list_calendars(self, account_id: AccountId) -> tuple[RemoteCalendar, ...]:
        held = await self.grants.load(account_id)
        with translated(gone=ProviderUnavailable, password=held.refused):
            return _remote(await at_home(self.discovery, held.grant, self._listed))

    async def check_access(self, account_id: AccountId) -> None:
        held = await self.grants.load(account_id)
        try:
            with translated(gone=ProviderUnavailable, password=held.refused):
                await self.discovery.principal(held.grant.login)
        except (AccessDenied, InvalidAnswer) as exc:
            raise ProviderUnavailable from exc

    async def _listed(self, home: CalendarHome) -> tuple[ListedCalendar, ...]:
        return await all_calendars(self.client, home)


def _remote(listed: tuple[ListedCalendar, ...]) -> tuple[RemoteCalendar, ...]:
    return tuple(one.remote for one in listed)
