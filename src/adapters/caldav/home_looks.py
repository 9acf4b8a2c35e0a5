"""Looks at an account's home: which calendars are there, and whether anything in them has changed. Those of readings
that come together are one."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from typing import Final

from adapters.caldav.calendar_tags import TaggedCalendar, tagged_calendars
from adapters.caldav.client import DavClient
from adapters.caldav.discovery import Discovery
from adapters.caldav.errors import translated
from adapters.caldav.grants import AccountGrant, AppleGrants
from adapters.caldav.homes import at_home
from adapters.caldav.listed_calendars import CalendarHome
from adapters.web.gatherings import GATHERED_FOR, Asked, Gatherings
from application.ports.clock import Clock
from domain.access import ProviderUnavailable
from domain.ids import AccountId

MOST_MOVED: Final = 10_000
"""Homes that are remembered to be elsewhere than the grant says. Beyond that the oldest are forgotten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeLook:
    """`calendars` by their ids; `begun_at` is before anything was asked. Of two looks of this process the one with the
    larger number began later, whatever the clock says."""

    number: int
    account: AccountGrant
    calendars: Mapping[str, TaggedCalendar] = field(repr=False)
    begun_at: datetime


class HomeLooks:
    """No look is older than who is shown it, and a failure goes to all that share it."""

    def __init__(
        self,
        client: DavClient,
        discovery: Discovery,
        grants: AppleGrants,
        clock: Clock,
        *,
        gathered_for: timedelta = GATHERED_FOR,
    ) -> None:
        self._client = client
        self._discovery = discovery
        self._grants = grants
        self._clock = clock
        self._numbers = count()
        self._gatherings: Gatherings[AccountId, None, HomeLook] = Gatherings(
            self._answer, gathered_for=gathered_for
        )
        self._moved: OrderedDict[AccountId, tuple[int, str]] = OrderedDict()
        """The version of the grant, and where the home of its login is."""

    async def look(self, account_id: AccountId) -> HomeLook:
        """One request. Raises AccountNotFound, AccessDoubted, AccessDenied, MailboxNotServed, ProviderUnavailable,
        InvalidAnswer."""
        return await self._gatherings.ask(account_id, None)

    async def _answer(self, account_id: AccountId, asked: Sequence[Asked[None, HomeLook]]) -> None:
        number, begun_at = next(self._numbers), self._clock.now()
        account = await self._grants.load(account_id)
        grant = replace(account.grant, home=self._home(account_id, account))
        with translated(gone=ProviderUnavailable, password=account.refused):
            home, calendars = await at_home(self._discovery, grant, self._tagged)
        if home.home != grant.home:
            self._remember(account_id, account.grant_version, home.home)
        for one in asked:
            one.settle(HomeLook(number=number, account=account, calendars=calendars, begun_at=begun_at))

    async def _tagged(self, home: CalendarHome) -> tuple[CalendarHome, dict[str, TaggedCalendar]]:
        return home, await tagged_calendars(self._client, home)

    def _home(self, account_id: AccountId, account: AccountGrant) -> str:
        version, home = self._moved.get(account_id, (None, ""))
        return home if version == account.grant_version else account.grant.home

    def _remember(self, account_id: AccountId, grant_version: int, home: str) -> None:
        self._moved[account_id] = grant_version, home
        self._moved.move_to_end(account_id)
        if len(self._moved) > MOST_MOVED:
            self._moved.popitem(last=False)
