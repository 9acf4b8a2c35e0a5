"""How many requests a poll of one account at Google takes, with calendars of others beside the person's own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from adapters.google.calendar_reader import GoogleCalendarReader
from adapters.google.client import GoogleClient
from adapters.google.free_busy_reads import FreeBusyReads
from adapters.google.settings import LEAST_SCOPES, GoogleSettings
from adapters.web.access_tokens import AccessToken, AccessTokens
from adapters.web.connections import open_http
from adapters.web.page_sizes import PageSizes
from application.ports.calendar_reader import ReadableCalendar
from application.ports.meters import Unmeasured
from bench.table import markdown
from domain.ids import AccountId
from domain.interval import Interval
from domain.reading import Pace
from sandbox import Sandbox
from server.alarms import OperatorAlarms

PERSON, OTHER = "gina", "wilma"
ACCOUNT = AccountId("account")
DAYS_AHEAD = (58, 120, 365)
CALENDARS = ((1, 0), (3, 20), (3, 50))
HEAD = ("days ahead", "owned calendars", "others", "requests a poll", "one by one")


def polls() -> str:
    """One line for each distance and number of calendars."""
    return asyncio.run(_table())


async def _table() -> str:
    lines = []
    async with Sandbox.start() as sandbox:
        for days_ahead in DAYS_AHEAD:
            for owned, others in CALENDARS:
                await sandbox.reset()
                window = Pace(days_ahead=days_ahead).window(datetime.now(UTC))
                requests = await _requests(sandbox, _add_calendars(sandbox, owned, others), window)
                lines.append((f"{days_ahead}", f"{owned}", f"{others}", f"{requests}", f"{owned + others}"))
    return markdown([HEAD, *lines])


def _add_calendars(sandbox: Sandbox, owned: int, others: int) -> list[ReadableCalendar]:
    calendars = sandbox.world.calendars
    mine = [calendars.add(PERSON, f"mine-{number}", "Mine") for number in range(owned)]
    for number in range(others):
        calendars.add(OTHER, f"theirs-{number}", "Theirs")
        calendars.share(OTHER, f"theirs-{number}", PERSON, key=f"theirs-{number}")
        calendars.change_google(PERSON, f"theirs-{number}", role="freeBusyReader")
    theirs = [calendars.get(PERSON, f"theirs-{number}") for number in range(others)]
    return [
        ReadableCalendar(remote_id=one.folder.address, may_hold_ours=one in mine) for one in (*mine, *theirs)
    ]


async def _requests(sandbox: Sandbox, calendars: list[ReadableCalendar], window: Interval) -> int:
    """That it takes to read all of them at the same moment."""
    counted = _Counted()
    async with _reader(sandbox, counted) as reader:
        await asyncio.gather(*(reader.read_entries(ACCOUNT, one, window) for one in calendars))
    return counted.requests


@asynccontextmanager
async def _reader(sandbox: Sandbox, counted: "_Counted") -> AsyncIterator[GoogleCalendarReader]:
    settings = GoogleSettings(
        client_id=sandbox.google_client_id,
        client_secret=sandbox.google_client_secret,
        calendar_url=sandbox.google_calendar_url,
        ca_file=sandbox.ca_file,
    )
    clock, tokens = _SystemClock(), _SignedIn(_token(sandbox))
    async with open_http(ca_file=settings.ca_file, connect_timeout=settings.connect_timeout) as http:
        client = GoogleClient(http, settings, clock, OperatorAlarms(), counted)
        yield GoogleCalendarReader(
            client=client,
            tokens=tokens,
            page_sizes=PageSizes(clock=clock, most=settings.page_size),
            free_busy=FreeBusyReads(client, tokens),
        )


def _token(sandbox: Sandbox) -> AccessToken:
    grants, person = sandbox.world.google.grants, sandbox.world.people.get(PERSON)
    granted = frozenset(LEAST_SCOPES)
    return AccessToken(
        value=grants.issue_access_token(grants.consent(PERSON, granted), granted),
        mailbox=person.google_account.sub,
        username=person.email,
        scopes=LEAST_SCOPES,
        expires_at=datetime.now(UTC) + timedelta(hours=1),
    )


class _Counted(Unmeasured):
    requests = 0

    def requested(self, kind: str, outcome: str, seconds: float) -> None:
        assert outcome == "2xx", (kind, outcome)
        self.requests += 1


class _SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class _SignedIn(AccessTokens):
    """One account, whose token outlasts the bench."""

    def __init__(self, token: AccessToken) -> None:
        self._token = token

    async def get(self, account_id: AccountId) -> AccessToken:
        return self._token
