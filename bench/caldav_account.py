"""What a poll of an Apple account costs this process: a first one, and each one later on while nothing changes."""

import asyncio
import multiprocessing
import statistics
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from typing import Final

from adapters.caldav.calendar_reader import AppleCalendarReader
from adapters.caldav.client import DavClient
from adapters.caldav.discovery import Discovered, Discovery
from adapters.caldav.grants import AppleGrants, first_grant
from adapters.caldav.home_looks import HomeLooks
from adapters.caldav.kept_reads import SETTLES_AFTER
from adapters.caldav.login import Login
from adapters.caldav.settings import AppleSettings
from adapters.web.connections import open_http
from application.ports.calendar_reader import ReadableCalendar
from application.ports.grant_vault import StoredGrant
from application.ports.meters import Unmeasured
from bench.caldav_events import response_for
from bench.table import markdown
from domain.account import Identity, Provider
from domain.ids import AccountId, CalendarId
from domain.look import Look
from domain.own_events import OwnEvents
from domain.reading import Pace
from domain.zone import zone_named

ACCOUNT: Final = AccountId("account")
HOME: Final = "/1/calendars/"
PRINCIPAL: Final = "/1/principal/"
PASSWORD: Final = "-".join(("abcd",) * 4)
SIZES: Final = ((1, 1_000), (5, 200), (25, 40))
"""Calendars, and events in each."""
FULL: Final = 2
"""Polls that read everything, the second one because tags have to settle."""
POLLS: Final = 40
HEAD: Final = ("calendars", "events", "first poll, ms", "unchanged, ms", "requests then")
ZONE: Final = zone_named("Europe/Berlin")


def account_table() -> str:
    """Milliseconds of processor time a poll: the median of the unchanged ones."""
    return markdown([HEAD, *(asyncio.run(_measured(*size)) for size in SIZES)])


async def _measured(calendars: int, events: int) -> tuple[str, ...]:
    with _server(calendars, events) as port:
        async with _account(port) as account:
            took = []
            for _ in range(FULL + POLLS):
                account.clock.ahead += 2 * SETTLES_AFTER
                before = time.process_time()
                seen = await asyncio.gather(*(account.look(f"c{number}") for number in range(calendars)))
                took.append((time.process_time() - before) * 1e3)
                if sum(seen) != calendars * events:
                    raise AssertionError("not all events were read")
            requests = (len(account.meter.kinds) - FULL * (1 + calendars)) / POLLS
    unchanged = statistics.median(took[FULL:])
    return (f"{calendars}", f"{events * calendars:,}", f"{took[0]:.0f}", f"{unchanged:.2f}", f"{requests:g}")


class _Counting(Unmeasured):
    def __init__(self) -> None:
        self.kinds: list[str] = []

    def requested(self, kind: str, outcome: str, seconds: float) -> None:
        self.kinds.append(kind)


class _Clock:
    """Each poll begins a while after the one before."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead


class _Vault:
    """One account's grant, which nothing ever changes."""

    def __init__(self, stored: StoredGrant) -> None:
        self._stored = stored

    async def load(self, account_id: AccountId) -> StoredGrant:
        return self._stored


@dataclass(frozen=True, slots=True, kw_only=True)
class _Account:
    reader: AppleCalendarReader
    meter: _Counting
    clock: _Clock

    async def look(self, calendar: str) -> int:
        """Read it and work out when it is busy, as a worker does; how many entries there were."""
        window = Pace().window(datetime.now(UTC))
        asked = ReadableCalendar(remote_id=calendar, may_hold_ours=True)
        entries = await self.reader.read_entries(ACCOUNT, asked, window)
        look = Look(
            account_id=ACCOUNT,
            calendar_id=CalendarId(calendar),
            remote_calendar_id=calendar,
            window=window,
            zone=ZONE,
            tentative_blocks=False,
            read_at=window.start,
        )
        OwnEvents.of((), (), {}).seen(entries, look)
        return len(entries)


@asynccontextmanager
async def _account(port: int) -> AsyncIterator[_Account]:
    settings = AppleSettings(start_url=f"http://127.0.0.1:{port}", at_once=8, per_minute=100_000)
    meter, clock = _Counting(), _Clock()
    found = Discovered(
        identity=Identity(provider=Provider.APPLE, tenant_id="bench", object_id="1"),
        principal=PRINCIPAL,
        home=HOME,
        display_name="",
        addresses=(),
    )
    grant = first_grant(Login(username="a@example.com", password=PASSWORD), found)
    vault = _Vault(StoredGrant(grant=grant, grant_version=1, rotation=0))
    async with open_http(ca_file=None, connect_timeout=settings.connect_timeout) as http:
        client = DavClient(http, settings, clock, meter)
        grants = AppleGrants(vault=vault)  # type: ignore[arg-type]  # only loading is asked of it
        homes = HomeLooks(client, Discovery(client=client, settings=settings), grants, clock)
        reader = AppleCalendarReader(client=client, homes=homes, meter=meter)
        yield _Account(reader=reader, meter=meter, clock=clock)


@contextmanager
def _server(calendars: int, events: int) -> Iterator[int]:
    """In a process of its own, since what it costs is nobody's. Its port, on loopback."""
    ours, theirs = multiprocessing.Pipe()
    spawning = multiprocessing.get_context("spawn")
    process = spawning.Process(target=_serve, args=(theirs, calendars, events), daemon=True)
    process.start()
    try:
        port: int = ours.recv()
        yield port
    finally:
        process.terminate()
        process.join()


def _serve(ready: Connection, calendars: int, events: int) -> None:
    listed, found = _home(calendars), {f"{HOME}c{one}/": _events(one, events) for one in range(calendars)}

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_PROPFIND(self) -> None:
            self._answer(listed)

        def do_REPORT(self) -> None:
            self._answer(found[self.path])

        def _answer(self, body: bytes) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(207)
            self.send_header("Content-Type", "text/xml; charset=utf-8")
            self.send_header("Content-Length", f"{len(body)}")
            self.end_headers()
            self.wfile.write(body)

        def log_request(self, *args: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    ready.send(server.server_port)
    server.serve_forever()


def _home(calendars: int) -> bytes:
    """As iCloud words it: default namespaces, and what isn't there as empty elements."""
    caldav, cs = 'xmlns="urn:ietf:params:xml:ns:caldav"', 'xmlns="http://calendarserver.org/ns/"'
    missing = "<propstat><prop><calendar-order xmlns='http://apple.com/ns/ical/'/></prop>"
    missing += "<status>HTTP/1.1 404 Not Found</status></propstat>"
    privileges = "".join(
        f"<privilege><{one}/></privilege>"
        for one in ("all", "read", "write", "write-content", "bind", "unbind")
    )
    responses = [
        f"<response><href>{HOME}</href>{_ok('<resourcetype><collection/></resourcetype>')}</response>"
    ]
    for number in range(calendars):
        found = (
            f"<resourcetype><collection/><calendar {caldav}/></resourcetype><displayname>Work {number}</displayname>"
            f"<current-user-privilege-set>{privileges}</current-user-privilege-set>"
            f"<owner><href>{PRINCIPAL}</href></owner><sync-token>https://example.com/ns/sync/{number}</sync-token>"
            f"<getctag {cs}>FT=-@RU=4f1c0a7e-2b1d-4a53-8e0c-{number:012}@S=1234</getctag>"
            f'<supported-calendar-component-set {caldav}><comp name="VEVENT"/></supported-calendar-component-set>'
            "<calendar-color xmlns='http://apple.com/ns/ical/'>#1BADF8FF</calendar-color>"
        )
        responses.append(f"<response><href>{HOME}c{number}/</href>{_ok(found)}{missing}</response>")
    return _multistatus(responses)


def _events(calendar: int, events: int) -> bytes:
    first = datetime.now(UTC).replace(hour=8, minute=0, second=0, microsecond=0, tzinfo=None)
    times = (first + number * timedelta(hours=2) for number in range(events))
    return _multistatus([response_for(f"{HOME}c{calendar}/{at:%Y%m%d%H}.ics", at) for at in times])


def _ok(found: str) -> str:
    return f"<propstat><prop>{found}</prop><status>HTTP/1.1 200 OK</status></propstat>"


def _multistatus(responses: list[str]) -> bytes:
    return f'<multistatus xmlns="DAV:">{"".join(responses)}</multistatus>'.encode()
