"""CalDAV's adapter on any server: a way to open it, and answers as iCloud words them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape

from aiohttp import web

from adapters.caldav.calendar_directory import AppleCalendarDirectory
from adapters.caldav.client import DavClient
from adapters.caldav.discovery import Discovery
from adapters.caldav.grants import AppleGrants
from adapters.caldav.login import Login
from adapters.caldav.password_sign_in import ApplePasswordSignIn
from adapters.caldav.settings import AppleSettings
from adapters.web.connections import open_http
from application.ports.clock import Clock
from application.ports.grant_vault import StoredGrant
from domain.grant import Grant
from domain.ids import AccountId
from tests.fakes.clock import MovableClock
from tests.fakes.store import FakeStore
from tests.support.google import Counted

ANNA: Final = Login(username="anna@example.com", password="abcd-efgh-ijkl-mnop")


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDav:
    """What the adapter's ports are made of, with the stored grants of a fake store."""

    settings: AppleSettings
    client: DavClient
    discovery: Discovery
    directory: AppleCalendarDirectory
    passwords: ApplePasswordSignIn
    store: FakeStore
    clock: MovableClock
    meter: Counted

    def connect(self, grant: Grant, *, version: int = 1) -> AccountId:
        account = AccountId("account")
        self.store.tables.grants[account] = StoredGrant(grant=grant, grant_version=version, rotation=0)
        return account


@asynccontextmanager
async def dav_on(
    url: str, ca_file: Path | None = None, *, clock: Clock | None = None, **changes: Any
) -> AsyncIterator[OpenDav]:
    """With a clock of its own that stands, unless another is given."""
    settings = AppleSettings(start_url=url, ca_file=ca_file, **({"retry_pauses": ()} | changes))
    own_clock, store, meter = MovableClock(), FakeStore(), Counted()
    async with open_http(ca_file=ca_file, connect_timeout=settings.connect_timeout) as http:
        client = DavClient(http, settings, clock or own_clock, meter)
        discovery = Discovery(client=client, settings=settings)
        grants = AppleGrants(vault=store.vault)
        yield OpenDav(
            settings=settings,
            client=client,
            discovery=discovery,
            directory=AppleCalendarDirectory(client=client, discovery=discovery, grants=grants),
            passwords=ApplePasswordSignIn(discovery=discovery, settings=settings),
            store=store,
            clock=own_clock,
            meter=meter,
        )


def response(href: str, found: str = "", *, missing: str = "", status: str = "") -> str:
    """One resource. `found` and `missing` are properties in XML, `status` is that of the resource as a whole."""
    counts = ((found, "200 OK"), (missing, "404 Not Found"))
    propstats = "".join(
        f"<propstat><prop>{properties}</prop><status>HTTP/1.1 {count}</status></propstat>"
        for properties, count in counts
        if properties
    )
    whole = f"<status>HTTP/1.1 {status}</status>" if status else ""
    return f'<response xmlns="DAV:"><href>{escape(href)}</href>{propstats}{whole}</response>'


def multistatus(*responses: str) -> bytes:
    root = f'<multistatus xmlns="DAV:">{"".join(responses)}</multistatus>'
    return f'<?xml version="1.0" encoding="UTF-8"?>{root}'.encode()


def answer(*responses: str) -> web.Response:
    return web.Response(status=207, body=multistatus(*responses), content_type="text/xml", charset="utf-8")


def calendar_data(text: str) -> str:
    """As a property."""
    return f'<calendar-data xmlns="urn:ietf:params:xml:ns:caldav">{escape(text)}</calendar-data>'


def etag(value: str) -> str:
    return f'<getetag xmlns="DAV:">{escape(value)}</getetag>'
