"""Everything Microsoft, opened and closed in one place."""

from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

from adapters.graph.blocking_http import blocking_http
from adapters.graph.calendar_directory import GraphCalendarDirectory
from adapters.graph.calendar_reader import GraphCalendarReader
from adapters.graph.client import GraphClient
from adapters.graph.credentials import credentials_of
from adapters.graph.event_writer import GraphEventWriter
from adapters.graph.grants import MicrosoftGrants
from adapters.graph.id_token import MicrosoftIdTokens
from adapters.graph.push import GraphPush
from adapters.graph.settings import MicrosoftSettings
from adapters.graph.sign_in import MicrosoftSignIn
from adapters.graph.token_http import TokenHttp
from adapters.graph.token_service import TokenService
from adapters.web.access_tokens import AccessTokens
from adapters.web.connections import open_http
from adapters.web.page_sizes import PageSizes
from application.ports.alarms import Alarms
from application.ports.clock import Clock
from application.ports.grant_vault import GrantVault
from application.ports.meters import ProviderMeter, Unmeasured
from application.ports.provider import CalendarProvider

_THREADS = 32
"""How many blocking requests to the token endpoint may be under way at once."""


@asynccontextmanager
async def open_microsoft(
    settings: MicrosoftSettings,
    vault: GrantVault,
    clock: Clock,
    alarms: Alarms,
    meter: ProviderMeter | None = None,
) -> AsyncIterator[CalendarProvider]:
    """Opens connections lazily: nothing is asked of Microsoft before the first call.

    No `push` where Graph has no address to call.
    """
    meter = meter or Unmeasured()
    requester = blocking_http(settings, connections=_THREADS)
    token_http = TokenHttp(requester, settings, now=clock.now, meter=meter)
    executor = ThreadPoolExecutor(max_workers=_THREADS, thread_name_prefix="msal")
    try:
        async with open_http(ca_file=settings.ca_file, connect_timeout=settings.connect_timeout) as http:
            credentials = credentials_of(settings, alarms, clock)
            service = TokenService(settings, token_http, executor, alarms, credentials)
            tokens = AccessTokens(vault, MicrosoftGrants(service=service), clock, meter)
            client = GraphClient(http, settings, clock, alarms, meter)
            verifier = MicrosoftIdTokens(client_id=settings.client_id, documents=service, clock=clock)
            try:
                yield CalendarProvider(
                    sign_in=MicrosoftSignIn(settings=settings, tokens=service, verifier=verifier),
                    directory=GraphCalendarDirectory(client=client, tokens=tokens),
                    reader=GraphCalendarReader(
                        client=client,
                        tokens=tokens,
                        page_sizes=PageSizes(clock=clock, most=settings.page_size),
                    ),
                    writer=GraphEventWriter(client=client, tokens=tokens),
                    push=_push(settings, client, tokens, clock),
                )
            finally:
                await tokens.close()
    finally:
        executor.shutdown(wait=False, cancel_futures=True)
        token_http.close()


def _push(
    settings: MicrosoftSettings, client: GraphClient, tokens: AccessTokens, clock: Clock
) -> GraphPush | None:
    if settings.notification_urls is None:
        return None
    return GraphPush(client=client, tokens=tokens, clock=clock, urls=settings.notification_urls)
