"""Everything Apple, opened and closed in one place."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from adapters.caldav.calendar_directory import AppleCalendarDirectory
from adapters.caldav.calendar_reader import AppleCalendarReader
from adapters.caldav.client import DavClient
from adapters.caldav.discovery import Discovery
from adapters.caldav.event_writer import AppleEventWriter
from adapters.caldav.grants import AppleGrants
from adapters.caldav.home_looks import HomeLooks
from adapters.caldav.password_sign_in import ApplePasswordSignIn
from adapters.caldav.settings import AppleSettings
from adapters.web.connections import open_http
from application.ports.clock import Clock
from application.ports.grant_vault import GrantVault
from application.ports.meters import ProviderMeter, Unmeasured
from application.ports.provider import CalendarProvider
from application.ports.sign_in import SignIn


@asynccontextmanager
async def open_apple(
    settings: AppleSettings,
    vault: GrantVault,
    clock: Clock,
    sign_in: SignIn,
    meter: ProviderMeter | None = None,
) -> AsyncIterator[CalendarProvider]:
    """Opens connections lazily: nothing is asked of Apple before the first call.

    `sign_in` leads to our own page, for Apple has none. It notifies nobody of changes, and ends no grant for us.
    """
    meter = meter or Unmeasured()
    async with open_http(ca_file=settings.ca_file, connect_timeout=settings.connect_timeout) as http:
        client = DavClient(http, settings, clock, meter)
        discovery = Discovery(client=client, settings=settings)
        grants = AppleGrants(vault=vault)
        yield CalendarProvider(
            sign_in=sign_in,
            passwords=ApplePasswordSignIn(discovery=discovery, settings=settings),
            directory=AppleCalendarDirectory(client=client, discovery=discovery, grants=grants),
            reader=AppleCalendarReader(
                client=client, homes=HomeLooks(client, discovery, grants, clock), meter=meter
            ),
            writer=AppleEventWriter(client=client, discovery=discovery, grants=grants, clock=clock),
            push=None,
            answers_together=True,
            with_writable=True,
        )
