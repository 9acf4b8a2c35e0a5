"""This build's calls beside those of the build before, each on a database of its own in the same server."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from google.protobuf.message import Message

from bench.availability import (
    BATCH_LIST_BUSY_TIMES,
    CHECK_TIMES,
    LIST_BUSY_TIMES,
    busy_request,
    check_request,
)
from bench.builds import Build
from bench.client import Client
from bench.databases import new_database
from bench.pairs import Pair
from bench.people import ASKED, TEAM, window
from bench.sampling import Call
from bench.sessions import put_anew
from bench.stage import Stage, stage
from bench.statements import WRITERS
from bench.surroundings import Surroundings, server
from calendarsync.v1.availability_service_pb2 import BatchListBusyTimesRequest
from server.runtime.settings import PREFIX, Role


@asynccontextmanager
async def stage_before(here: Surroundings, build: Build) -> AsyncIterator[Stage]:
    """A server of that build with the same experts and calendars; the sandbox is shared."""
    dsn = new_database(here.dsn, build.name)
    environment = {**here.environment, PREFIX + "DATABASE_URL": dsn}
    with server(Role.API, environment, build=build) as served:
        where = Surroundings(dsn=dsn, sandbox=here.sandbox, server=served, environment=environment)
        async with stage(where) as before:
            yield before


def pairs(now: Client, before: Client) -> list[Pair]:
    busy, check = busy_request(ASKED), check_request(ASKED)
    batch = BatchListBusyTimesRequest(expert_ids=TEAM, window=window())
    return [
        _pair("ListBusyTimes", 16, now, before, _same(LIST_BUSY_TIMES, busy)),
        _pair("CheckTimes of 50", 16, now, before, _same(CHECK_TIMES, check)),
        _pair(
            "BatchListBusyTimes of 20, an expert",
            4,
            now,
            before,
            _same(BATCH_LIST_BUSY_TIMES, batch),
            answers=len(TEAM),
        ),
        _pair("PutSession, new", WRITERS, now, before, lambda client: put_anew(client, "beside")),
    ]


def _same(method: str, request: Message) -> Callable[[Client], Call]:
    return lambda client: client.calling(client.service, method, request)


def _pair(
    name: str,
    in_flight: int,
    now: Client,
    before: Client,
    calling: Callable[[Client], Call],
    *,
    answers: int = 1,
) -> Pair:
    return Pair(
        name=name,
        in_flight=in_flight,
        now=now.sampler(calling(now), in_flight=in_flight, answers=answers),
        before=before.sampler(calling(before), in_flight=in_flight, answers=answers),
    )
