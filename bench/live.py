"""ListBusyTimes of five calendars with 200 events, read at the sandbox, against the sandbox's own answers."""

import asyncio
import base64
import hashlib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlencode

import aiohttp
from google.protobuf.field_mask_pb2 import FieldMask
from yarl import URL

from adapters.graph.addresses import calendar_path, view_parameters
from adapters.graph.entries import SELECTED
from bench.availability import LIST_BUSY_TIMES, busy_request
from bench.client import Client
from bench.people import CONNECTED, FIRST_DAY, TAKEN, WINDOW_DAYS, taken_starts
from bench.sampling import Call, Compared, Row, Sample, drive
from bench.surroundings import Surroundings
from calendarsync.v1.account_pb2 import PROVIDER_MICROSOFT
from calendarsync.v1.account_service_pb2 import CompleteConnectionRequest, StartConnectionRequest
from calendarsync.v1.account_service_pb2_grpc import AccountServiceStub
from calendarsync.v1.availability_service_pb2_grpc import AvailabilityServiceStub
from calendarsync.v1.calendar_pb2 import CalendarSettings
from calendarsync.v1.calendar_service_pb2 import ListCalendarsRequest, UpdateCalendarSettingsRequest
from calendarsync.v1.calendar_service_pb2_grpc import CalendarServiceStub
from domain.blocking import ANYWHERE_ON_EARTH
from domain.interval import Interval
from server.demo.world import World, parameters

PERSON = "max"
CALENDARS = [f"extra-{number}" for number in range(1, 6)]
REDIRECT_URI = "http://localhost:3000/microsoft"
VERIFIER = "the-verifier-of-the-bare-requests-which-is-long-enough"
SCOPES = "openid Calendars.ReadWrite User.Read"
AT_ONCE = 4
"""As many requests a mailbox as Graph allows."""
BARE = "the sandbox's 5 answers, bare"


async def connect(client: Client, world: World) -> None:
    """The account, its five calendars as the only conflict calendars, and their events."""
    accounts, calendars = AccountServiceStub(client.service), CalendarServiceStub(client.service)
    started = await accounts.StartConnection(
        StartConnectionRequest(expert_id=CONNECTED, provider=PROVIDER_MICROSOFT, redirect_uri=REDIRECT_URI)
    )
    back = parameters(await world.sign_in(started.authorization_url, PERSON))
    await accounts.CompleteConnection(
        CompleteConnectionRequest(expert_id=CONNECTED, state=back["state"], code=back["code"])
    )
    names = {one["name"] for one in await _calendars(world)}
    listed = await calendars.ListCalendars(ListCalendarsRequest(expert_id=CONNECTED, refresh=True))
    chosen = [one.calendar_id for one in listed.calendars if one.name in names]
    settings = CalendarSettings(expert_id=CONNECTED, conflict_calendar_ids=chosen)
    await calendars.UpdateCalendarSettings(
        UpdateCalendarSettingsRequest(
            settings=settings, update_mask=FieldMask(paths=["conflict_calendar_ids"])
        )
    )
    for number, start in enumerate(taken_starts()):
        await world.ask(
            "POST",
            f"/people/{PERSON}/calendars/{CALENDARS[number % len(CALENDARS)]}/events",
            start=f"{start:%Y-%m-%dT%H:%M}",
            end=f"{start + timedelta(minutes=30):%Y-%m-%dT%H:%M}",
            zone="UTC",
            show_as="busy",
        )
    busy = await AvailabilityServiceStub(client.service).ListBusyTimes(busy_request(CONNECTED))
    assert busy.complete
    assert (len(busy.calendars), len(busy.busy_times)) == (len(CALENDARS), TAKEN)


async def _calendars(world: World) -> list[dict[str, Any]]:
    found = await world.ask("GET", f"/people/{PERSON}/calendars")
    return [one for one in found if one["key"] in CALENDARS]


@asynccontextmanager
async def bare_reading(where: Surroundings, world: World) -> AsyncIterator[Call]:
    """A call that fetches what ListBusyTimes fetches, four requests at once, and reads no answer."""
    trusting = ssl.create_default_context(cafile=where.sandbox["ca_file"])
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trusting)) as http:
        token = await _token(http, where, world)
        headers = {"Authorization": f"Bearer {token}", "Prefer": 'outlook.timezone="UTC"'}
        window = Interval(FIRST_DAY, FIRST_DAY + timedelta(days=WINDOW_DAYS))
        wanted = view_parameters(window, margin=ANYWHERE_ON_EARTH) | {"$select": SELECTED, "$top": "1000"}
        query = urlencode(wanted, safe="$", quote_via=quote)
        base = where.sandbox["graph_url"]
        urls = [
            URL(f"{base}{calendar_path(one['id'])}/calendarView?{query}", encoded=True)
            for one in await _calendars(world)
        ]
        places = asyncio.Semaphore(AT_ONCE)

        async def fetch(url: URL) -> None:
            async with places, http.get(url, headers=headers) as answer:
                answer.raise_for_status()
                await answer.read()

        async def fetch_all() -> None:
            await asyncio.gather(*(fetch(url) for url in urls))

        yield fetch_all


async def _token(http: aiohttp.ClientSession, where: Surroundings, world: World) -> str:
    """An access token of the same person, by a sign-in of our own."""
    digest = hashlib.sha256(VERIFIER.encode()).digest()
    app = {
        "client_id": where.sandbox["client_id"],
        "redirect_uri": REDIRECT_URI,
        "scope": SCOPES,
    }
    asked = app | {
        "response_type": "code",
        "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
        "code_challenge_method": "S256",
    }
    base = f"{where.sandbox['authority']}/oauth2/v2.0"
    back = parameters(await world.sign_in(f"{base}/authorize?{urlencode(asked)}", PERSON))
    form = app | {
        "client_secret": where.sandbox["client_secret"],
        "grant_type": "authorization_code",
        "code": back["code"],
        "code_verifier": VERIFIER,
    }
    async with http.post(f"{base}/token", data=form) as answer:
        answer.raise_for_status()
        return str((await answer.json())["access_token"])


def rows(client: Client, bare: Call) -> list[Row]:
    busy = client.calling(client.service, LIST_BUSY_TIMES, busy_request(CONNECTED))

    async def sample(seconds: float) -> Sample:
        return await drive(bare, in_flight=1, seconds=seconds)

    return [
        Row(name=BARE, measure=sample, in_flight=1),
        Row(
            name="ListBusyTimes, live, 5 calendars, 200 events",
            measure=client.sampler(busy, in_flight=1),
            in_flight=1,
            yardstick=BARE,
            compared=Compared.LATENCY,
        ),
    ]
