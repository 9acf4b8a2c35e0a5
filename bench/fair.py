"""How long an expert's booking takes to reach the calendar while others hang: one mailbox, and the mail server."""

import asyncio
import time
from dataclasses import dataclass

import grpc.aio

from bench.builds import NOW, Build, BuildMissing, build_before, without_before
from bench.calendars import connect
from bench.client import Client
from bench.databases import new_database
from bench.hanging import MailServer, add_mails
from bench.people import FIRST_DAY, put_expert, put_session_request
from bench.stage import Stage
from bench.surroundings import server
from bench.table import markdown
from calendarsync.v1.session_pb2 import WRITE_STATUS_WRITTEN
from calendarsync.v1.session_service_pb2 import GetSessionRequest
from calendarsync.v1.session_service_pb2_grpc import SessionServiceStub
from server.runtime.settings import PREFIX, Role

SESSIONS, MAILS = 40, 500
HANGING, BOOKED = "expert-hanging", "expert-booked"
LOOKED_EVERY = 0.05
REACHED_WITHIN = 30.0
"""The mail server, by the first mail."""
GIVEN_UP_AFTER = 20.0
HANGS_SECONDS = 120
HEAD_START_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Of the sandbox: whose mailbox hangs, and who is booked. Each build has its own, as a mailbox is shared."""

    hanging: str
    booked: str


PEOPLE_NOW = People(hanging="anna", booked="ben")
PEOPLE_BEFORE = People(hanging="dora", booked="carla")


async def fair(stage: Stage) -> str:
    """The table. Both builds wait at the same time: there is little to do meanwhile."""
    try:
        with build_before() as build:
            now, before = await asyncio.gather(
                _waited(stage, NOW, PEOPLE_NOW), _waited(stage, build, PEOPLE_BEFORE)
            )
            return _table(("before", before), ("now", now))
    except BuildMissing as missing:
        return f"{_table(('now', await _waited(stage, NOW, PEOPLE_NOW)))}\n\n{without_before(missing)}"
    finally:
        await stage.world.ask("DELETE", "/faults")


def _table(*builds: tuple[str, tuple[float | None, float | None]]) -> str:
    names = (
        "a booking is written, alone, s",
        f"the same with {SESSIONS} sessions hanging in another mailbox and {MAILS} mails at a mail server, s",
    )
    lines = [(name, *(_shown(took[place]) for _, took in builds)) for place, name in enumerate(names)]
    return markdown([("what", *(name for name, _ in builds)), *lines])


def _shown(seconds: float | None) -> str:
    return f"not within {GIVEN_UP_AFTER:.0f}" if seconds is None else f"{seconds:.1f}"


async def _waited(stage: Stage, build: Build, people: People) -> tuple[float | None, float | None]:
    """Seconds until a booking was written, alone and with the others; None where it took too long."""
    dsn = new_database(stage.where.dsn, f"fair_{build.name}")
    async with MailServer.start() as mails:
        environment = {
            **stage.where.environment,
            PREFIX + "DATABASE_URL": dsn,
            PREFIX + "SMTP_URL": f"smtp://127.0.0.1:{mails.port}",
            PREFIX + "SHUTDOWN_GRACE_SECONDS": "1",
        }
        with server(Role.ALL, environment, build=build) as served:
            async with grpc.aio.insecure_channel(served.service) as channel:
                client = Client(service=channel, bare=channel)
                for expert_id, person in ((HANGING, people.hanging), (BOOKED, people.booked)):
                    await put_expert(channel, expert_id)
                    await connect(client, stage.world, expert_id, person)
                alone = await _written(channel, "alone")
                await add_mails(dsn, environment[PREFIX + "ENCRYPTION_KEYS"], MAILS)
                async with asyncio.timeout(REACHED_WITHIN):
                    await mails.reached.wait()
                await _hang(stage, channel, people.hanging)
                return alone, await _written(channel, "with-others")


async def _hang(stage: Stage, channel: grpc.aio.Channel, person: str) -> None:
    """The sessions that don't get on, and some time for as many as have a place to begin."""
    await stage.world.ask(
        "POST", "/faults", kind="hang", seconds=HANGS_SECONDS, surface="graph", person=person, times=None
    )
    stub = SessionServiceStub(channel)
    for number in range(SESSIONS):
        await stub.PutSession(put_session_request(HANGING, f"hanging-{number}", FIRST_DAY))
    await asyncio.sleep(HEAD_START_SECONDS)


async def _written(channel: grpc.aio.Channel, session_id: str) -> float | None:
    stub = SessionServiceStub(channel)
    started = time.monotonic()
    await stub.PutSession(put_session_request(BOOKED, session_id, FIRST_DAY))
    asked = GetSessionRequest(expert_id=BOOKED, session_id=session_id)
    while (await stub.GetSession(asked)).session.event.status != WRITE_STATUS_WRITTEN:
        if time.monotonic() > started + GIVEN_UP_AFTER:
            return None
        await asyncio.sleep(LOOKED_EVERY)
    return time.monotonic() - started
