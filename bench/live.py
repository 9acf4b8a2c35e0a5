"""Answers that must be looked up at the provider now, against the sandbox's own answers."""

import asyncio
import base64
import hashlib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from urllib.parse import quote, urlencode

import aiohttp
from google.protobuf.duration_pb2 import Duration
from yarl import URL

from adapters.graph.addresses import calendar_path, view_parameters
from adapters.graph.entries import SELECTED
from bench.availability import LIST_BUSY_TIMES, busy_request, check_request
from bench.calendars import CALENDARS, PERSON, REDIRECT_URI, calendars_of
from bench.client import Client
from bench.people import ASKED, FIRST_DAY, LOOKED_AT
from bench.sampling import Call, Compared, Row, Sample, drive
from bench.surroundings import Surroundings
from calendarsync.v1.availability_service_pb2_grpc import AvailabilityServiceStub
from domain.blocking import ANYWHERE_ON_EARTH
from domain.interval import Interval
from server.demo.world import World, parameters

VERIFIER = "the-verifier-of-the-bare-requests-which-is-long-enough"
SCOPES = "openid Calendars.ReadWrite User.Read"
AT_ONCE = 4
"""As many requests a mailbox as Graph allows."""
DAYS_READ = 122
"""What a reading reaches over: from yesterday on, 120 days ahead."""
CHECKS = 20
BARE = "the sandbox's 5 answers, bare"


@asynccontextmanager
async def bare_reading(
    where: Surroundings, world: World, person: str = PERSON, keys: list[str] = CALENDARS
) -> AsyncIterator[Call]:
    """A call that fetches what readings of these calendars fetch, four requests at once, and reads no answer."""
    trusting = ssl.create_default_context(cafile=where.sandbox["ca_file"])
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trusting)) as http:
        token = await _token(http, where, world, person)
        headers = {"Authorization": f"Bearer {token}", "Prefer": 'outlook.timezone="UTC"'}
        first = FIRST_DAY - timedelta(days=1)
        window = Interval(first, first + timedelta(days=DAYS_READ))
        wanted = view_parameters(window, margin=ANYWHERE_ON_EARTH) | {"$select": SELECTED, "$top": "1000"}
        query = urlencode(wanted, safe="$", quote_via=quote)
        base = where.sandbox["graph_url"]
        urls = [
            URL(f"{base}{calendar_path(one['id'])}/calendarView?{query}", encoded=True)
            for one in await calendars_of(world, person, keys)
        ]
        places = asyncio.Semaphore(AT_ONCE)

        async def fetch(url: URL) -> None:
            async with places, http.get(url, headers=headers) as answer:
                answer.raise_for_status()
                await answer.read()

        async def fetch_all() -> None:
            await asyncio.gather(*(fetch(url) for url in urls))

        yield fetch_all


async def _token(http: aiohttp.ClientSession, where: Surroundings, world: World, person: str) -> str:
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
    back = parameters(await world.sign_in(f"{base}/authorize?{urlencode(asked)}", person))
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
    asked = busy_request(LOOKED_AT)
    asked.max_age.CopyFrom(Duration())
    busy = client.calling(client.service, LIST_BUSY_TIMES, asked)

    async def sample(seconds: float) -> Sample:
        return await drive(bare, in_flight=1, seconds=seconds)

    return [
        Row(name=BARE, measure=sample, in_flight=1),
        Row(
            name="ListBusyTimes that looks now",
            measure=client.sampler(busy, in_flight=1),
            in_flight=1,
            yardstick=BARE,
            compared=Compared.LATENCY,
        ),
    ]


async def graph_requests_a_check(client: Client, world: World) -> float:
    """How often Graph is asked for one CheckTimes while readings are fresh."""
    await world.ask("DELETE", "/records")
    stub = AvailabilityServiceStub(client.service)
    for _ in range(CHECKS):
        await stub.CheckTimes(check_request(ASKED))
    asked = [one for one in await world.ask("GET", "/requests") if one["surface"] == "graph"]
    return len(asked) / CHECKS
