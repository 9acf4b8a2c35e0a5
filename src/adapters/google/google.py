"""Everything Google, opened and closed in one place."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from adapters.google.address_trials import AddressTrials
from adapters.google.calendar_directory import GoogleCalendarDirectory
from adapters.google.calendar_reader import GoogleCalendarReader
from adapters.google.client import GoogleClient
from adapters.google.event_writer import GoogleEventWriter
from adapters.google.free_busy_reads import FreeBusyReads
from adapters.google.grants import GoogleGrants
from adapters.google.id_token import GoogleIdTokens
from adapters.google.push import GooglePush
from adapters.google.settings import GoogleSettings
from adapters.google.sign_in import GoogleSignIn
from adapters.google.token_endpoint import TokenEndpoint
from adapters.web.access_tokens import AccessTokens
from adapters.web.authority_http import AuthorityHttp
from adapters.web.connections import open_http
from adapters.web.metered_http import MeteredHttp
from adapters.web.page_sizes import PageSizes
from application.ports.alarms import Alarms
from application.ports.clock import Clock
from application.ports.grant_vault import GrantVault
from application.ports.meters import ProviderMeter, Unmeasured
from application.ports.provider import CalendarProvider


@asynccontextmanager
async def open_google(
    settings: GoogleSettings,
    vault: GrantVault,
    clock: Clock,
    alarms: Alarms,
    meter: ProviderMeter | None = None,
) -> AsyncIterator[CalendarProvider]:
    """Opens connections lazily: nothing is asked of Google before the first call.

    No `push` where Google has no address to call.
    """
    meter = meter or Unmeasured()
    async with open_http(ca_file=settings.ca_file, connect_timeout=settings.connect_timeout) as http:
        authority = AuthorityHttp(
            http=MeteredHttp(http=http, meter=meter), clock=clock, within=settings.request_timeout
        )
        endpoint = TokenEndpoint(settings, authority, alarms, clock)
        grants = GoogleGrants(endpoint=endpoint, clock=clock)
        tokens = AccessTokens(vault, grants, clock, meter)
        client = GoogleClient(http, settings, clock, alarms, meter)
        verifier = GoogleIdTokens(client_id=settings.client_id, keys=endpoint.keys, clock=clock)
        try:
            yield CalendarProvider(
                sign_in=GoogleSignIn(settings=settings, endpoint=endpoint, verifier=verifier, clock=clock),
                directory=GoogleCalendarDirectory(client=client, tokens=tokens),
                reader=GoogleCalendarReader(
                    client=client,
                    tokens=tokens,
                    page_sizes=PageSizes(clock=clock, most=settings.page_size),
                    free_busy=FreeBusyReads(client, tokens),
                ),
                writer=GoogleEventWriter(client=client, tokens=tokens),
                push=_push(settings, client, tokens, clock, alarms),
                give_back=grants,
                answers_together=True,
            )
        finally:
            await tokens.close()


def _push(
    settings: GoogleSettings, client: GoogleClient, tokens: AccessTokens, clock: Clock, alarms: Alarms
) -> GooglePush | None:
    if settings.notification_url is None:
        return None
    return GooglePush(
        client=client,
        tokens=tokens,
        clock=clock,
        address=settings.notification_url,
        trials=AddressTrials(clock, alarms),
    )
