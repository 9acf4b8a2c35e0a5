"""The gRPC side: the services, health and reflection on one port."""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import grpc.aio
from grpc_health.v1 import health_pb2_grpc

from application.callers.known_callers import KnownCallers
from application.cells.find_moved import FindMoved
from calendarsync.v1 import (
    account_service_pb2,
    account_service_pb2_grpc,
    availability_service_pb2,
    availability_service_pb2_grpc,
    calendar_service_pb2,
    calendar_service_pb2_grpc,
    change_service_pb2,
    change_service_pb2_grpc,
    expert_service_pb2,
    expert_service_pb2_grpc,
    session_service_pb2,
    session_service_pb2_grpc,
)
from domain.account import Provider
from domain.caller import LOCAL, Caller
from server.addresses import Address
from server.alarms import OperatorAlarms
from server.metrics.calls import CallMetrics
from server.rpc import health, reflection
from server.rpc.bounds import Bounds
from server.rpc.callers.gate import Gate
from server.rpc.callers.identification import Identification, Identified, Unidentified
from server.rpc.callers.limits import CallerLimits
from server.rpc.calls.open_calls import OpenCalls
from server.rpc.calls.open_streams import OpenStreams
from server.rpc.calls.wrapper import WrappedMethods
from server.rpc.certificates import Certificates
from server.rpc.errors import ErrorAnswers
from server.rpc.servicers.accounts import Accounts
from server.rpc.servicers.availability import Availability
from server.rpc.servicers.calendars import Calendars
from server.rpc.servicers.changes import Changes
from server.rpc.servicers.experts import Experts
from server.rpc.servicers.sessions import Sessions
from server.tasks import task_for_good
from server.traces import Traces

SERVICES: Final = (
    expert_service_pb2.DESCRIPTOR.services_by_name["ExpertService"].full_name,
    account_service_pb2.DESCRIPTOR.services_by_name["AccountService"].full_name,
    calendar_service_pb2.DESCRIPTOR.services_by_name["CalendarService"].full_name,
    availability_service_pb2.DESCRIPTOR.services_by_name["AvailabilityService"].full_name,
    session_service_pb2.DESCRIPTOR.services_by_name["SessionService"].full_name,
    change_service_pb2.DESCRIPTOR.services_by_name["ChangeService"].full_name,
)
LAST_WORDS_SECONDS: Final = 2.0
"""How long streams may take to end when the server stops."""
QUIET_SECONDS: Final = 0.1
"""When no call has come for so long, there are no callers any more."""
QUIET_IF_WATCHED_SECONDS: Final = 0.5
"""The same where clients watch our health: they go elsewhere once they have read it, on whatever busy machine."""
DRAIN_SECONDS: Final = 5.0
DRAIN_SHARE: Final = 0.25
"""How long they have for it, also as a share of the grace time. What arrives while the library is already stopping is
answered with CANCELLED and without a reason (grpcio 1.85, https://github.com/grpc/grpc/issues/41785)."""
TURN_SECONDS: Final = 0.05
"""How soon a call that has arrived is known to be under way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Servicers:
    experts: Experts
    accounts: Accounts
    calendars: Calendars
    availability: Availability
    sessions: Sessions
    changes: Changes
    find_moved: FindMoved
    answer_to: ErrorAnswers

    def add_to(self, server: Any) -> None:
        """`server` takes what is added to a `grpc.aio.Server`."""
        expert_service_pb2_grpc.add_ExpertServiceServicer_to_server(self.experts, server)
        account_service_pb2_grpc.add_AccountServiceServicer_to_server(self.accounts, server)
        calendar_service_pb2_grpc.add_CalendarServiceServicer_to_server(self.calendars, server)
        availability_service_pb2_grpc.add_AvailabilityServiceServicer_to_server(self.availability, server)
        session_service_pb2_grpc.add_SessionServiceServicer_to_server(self.sessions, server)
        change_service_pb2_grpc.add_ChangeServiceServicer_to_server(self.changes, server)


def provider_service(provider: Provider) -> str:
    """The name under which health reports whether a provider accepts our registration."""
    return f"calendarsync.provider.{provider.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Who is let in, and how much of them. Without `known`, everybody is `everybody`, whatever they show."""

    known: KnownCallers | None = None
    everybody: Caller = LOCAL
    certificates: Certificates | None = None
    limits: CallerLimits = field(default_factory=CallerLimits)
    bounds: Bounds = field(default_factory=Bounds)
    reflection: bool = True

    @property
    def limits_of_each(self) -> CallerLimits | None:
        return None if self.known is None else self.limits

    def identification(self) -> Identification:
        if self.known is None:
            return Unidentified(self.everybody)
        of_clients = self.certificates is not None and self.certificates.of_clients
        return Identified(self.known, certificates=of_clients)


class GrpcServer:
    """A started server. `port` is the one it got."""

    def __init__(
        self,
        server: grpc.aio.Server,
        health_servicer: health.Health,
        open_calls: OpenCalls,
        streams: OpenStreams,
        port: int,
    ) -> None:
        self._server = server
        self._health = health_servicer
        self._open_calls = open_calls
        self._streams = streams
        self.port = port

    @property
    def open_streams(self) -> int:
        return len(self._streams)

    async def stop(self, grace: float) -> None:
        """Health says NOT_SERVING and streams end; once callers are gone, new calls are refused.

        All of it gets `grace` seconds. A repeat does nothing.
        """
        loop = asyncio.get_running_loop()
        latest = loop.time() + grace
        quiet = QUIET_IF_WATCHED_SECONDS if self._health.watched else QUIET_SECONDS
        self._health.stop()
        self._streams.end()
        await self._open_calls.callers_gone(
            quiet_seconds=quiet, within_seconds=min(DRAIN_SECONDS, grace * DRAIN_SHARE)
        )
        grace = max(latest - loop.time(), 0)
        stopping = asyncio.create_task(self._server.stop(grace), name="server stops")
        # What came in just now counts as under way only once it has had its turn.
        await asyncio.sleep(min(TURN_SECONDS, grace))
        answered = asyncio.create_task(self._open_calls.all_answered(), name="all calls are answered")
        await asyncio.wait({stopping, answered}, return_when=asyncio.FIRST_COMPLETED)
        answered.cancel()
        # Whoever doesn't take the end of a stream, or goes on watching our health, is not waited for. The second wait
        # must be over well before the first: when both run out at once the library crashes (grpcio 1.85).
        if not stopping.done() and latest - loop.time() > 2 * LAST_WORDS_SECONDS:
            await self._server.stop(LAST_WORDS_SECONDS)
        await stopping


@asynccontextmanager
async def grpc_server(
    servicers: Servicers,
    alarms: OperatorAlarms,
    address: Address,
    *,
    providers: Collection[Provider],
    metrics: CallMetrics,
    traces: Traces | None = None,
    door: Door | None = None,
) -> AsyncIterator[GrpcServer]:
    """Serves until the end, then stops at once unless `stop` was awaited before. Raises OSError for a bad address.

    Health tells of each of `providers` by itself.
    """
    door = door or Door()
    bounds, identification = door.bounds, door.identification()
    open_calls = OpenCalls(most=bounds.most_calls)
    streams = OpenStreams(most=bounds.most_streams, longest=bounds.connection_age)
    metrics.follow(streams)
    if door.known is not None:
        door.known.tell_of_withdrawn(streams.end_those_of)
    server = grpc.aio.server(
        options=bounds.options(door.limits_of_each), maximum_concurrent_rpcs=bounds.most_at_once
    )
    gate = Gate(identification, door.limits_of_each)
    wrapped = WrappedMethods(
        server,
        gate,
        open_calls,
        streams,
        metrics,
        servicers.find_moved,
        servicers.answer_to,
        traces,
    )
    servicers.add_to(wrapped)
    health_servicer = health.Health()
    health_pb2_grpc.add_HealthServicer_to_server(health_servicer, server)
    if door.reflection:
        reflection.serve(server, (*SERVICES, health.SERVICE_NAME), identification, servicers.answer_to)
    port = _listen(server, address, door.certificates)
    await server.start()
    for service in ("", *SERVICES):
        health_servicer.set(service, health.SERVING)
    running = GrpcServer(server, health_servicer, open_calls, streams, port)
    async with task_for_good(_follow(alarms, health_servicer, providers), name="health follows the alarms"):
        try:
            yield running
        finally:
            await running.stop(0)


def _listen(server: grpc.aio.Server, address: Address, certificates: Certificates | None) -> int:
    """The port. Raises OSError.

    By numbers only: the library takes names like `unix` for something else than hosts, and what a name leads to may
    have changed since it was found to be this machine.
    """
    port = address.port
    for one in address.numeric():
        at = str(one._replace(port=port))
        try:
            if certificates is None:
                port = server.add_insecure_port(at)
            else:
                port = server.add_secure_port(at, certificates.credentials())
        except RuntimeError as exc:
            raise OSError(f"can't listen at {address}") from exc
    return port


async def _follow(
    alarms: OperatorAlarms, health_servicer: health.Health, providers: Collection[Provider]
) -> None:
    while True:
        for provider in providers:
            misconfigured = alarms.is_raised(provider)
            state = health.NOT_SERVING if misconfigured else health.SERVING
            health_servicer.set(provider_service(provider), state)
        await alarms.changed()
