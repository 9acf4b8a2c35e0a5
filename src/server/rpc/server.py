"""The gRPC side: the services, health and reflection on one port."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import grpc.aio
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

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
from server.addresses import Address
from server.alarms import OperatorAlarms
from server.metrics.calls import CallMetrics
from server.rpc.calls.open_calls import OpenCalls
from server.rpc.calls.open_streams import MOST_STREAMS, OpenStreams
from server.rpc.calls.wrapper import WrappedMethods
from server.rpc.servicers.accounts import Accounts
from server.rpc.servicers.availability import Availability
from server.rpc.servicers.calendars import Calendars
from server.rpc.servicers.changes import Changes
from server.rpc.servicers.experts import Experts
from server.rpc.servicers.sessions import Sessions
from server.tasks import task_for_good
from server.traces import Traces

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING

SERVICES: Final = (
    expert_service_pb2.DESCRIPTOR.services_by_name["ExpertService"].full_name,
    account_service_pb2.DESCRIPTOR.services_by_name["AccountService"].full_name,
    calendar_service_pb2.DESCRIPTOR.services_by_name["CalendarService"].full_name,
    availability_service_pb2.DESCRIPTOR.services_by_name["AvailabilityService"].full_name,
    session_service_pb2.DESCRIPTOR.services_by_name["SessionService"].full_name,
    change_service_pb2.DESCRIPTOR.services_by_name["ChangeService"].full_name,
)
LARGEST_MESSAGE: Final = 16 * 1024 * 1024
"""Bytes. What is larger is refused by the transport, without a reason; requests have a smaller limit of their own."""
LAST_WORDS_SECONDS: Final = 2.0
"""How long streams may take to end when the server stops."""
QUIET_SECONDS: Final = 0.1
"""When no call has come for so long, callers have noticed that this server is about to stop."""
DRAIN_SECONDS: Final = 5.0
DRAIN_SHARE: Final = 0.25
"""How long they have for it, also as a share of the grace time. What arrives while the library is already stopping is
answered with CANCELLED and without a reason (grpcio 1.85, https://github.com/grpc/grpc/issues/41785)."""
TURN_SECONDS: Final = 0.05
"""How soon a call that has arrived is known to be under way."""
PING_FLOOR: Final = timedelta(seconds=5)
"""How often clients may ping, as the contract says: on a stream on which nothing happens, the library's own enforcement
ends the connection of who pings more often."""
MOST_ARRIVED: Final = 10_000
"""Calls of one method that wait to be taken up, which the library does one by one.

Core ends what is more than this as CANCELLED, without a reason; left to itself, some of more than 1,000 and all of more
than 3,000 (grpcio 1.85). After a restart that many watchers come at once. A connection's streams have no limit, since
all that came on it afterwards would wait for one of them to end.
"""
OPTIONS: Final = (
    ("grpc.max_receive_message_length", LARGEST_MESSAGE),
    ("grpc.max_send_message_length", LARGEST_MESSAGE),
    ("grpc.so_reuseport", 0),  # a second process on the same port is a mistake, and should fail
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.server.max_pending_requests", MOST_ARRIVED),
    ("grpc.server.max_pending_requests_hard_limit", MOST_ARRIVED),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Servicers:
    experts: Experts
    accounts: Accounts
    calendars: Calendars
    availability: Availability
    sessions: Sessions
    changes: Changes
    find_moved: FindMoved

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


class GrpcServer:
    """A started server. `port` is the one it got."""

    def __init__(
        self,
        server: grpc.aio.Server,
        health_servicer: health.aio.HealthServicer,
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
        await self._health.enter_graceful_shutdown()
        self._streams.end()
        await self._open_calls.callers_gone(
            quiet_seconds=QUIET_SECONDS, within_seconds=min(DRAIN_SECONDS, grace * DRAIN_SHARE)
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


def server_options(ping_floor: timedelta) -> list[tuple[str, int]]:
    """Pings that were sent at the floor may arrive closer to each other: half of it is held to."""
    closest = ping_floor / 2 // timedelta(milliseconds=1)
    return [*OPTIONS, ("grpc.http2.min_ping_interval_without_data_ms", closest)]


@asynccontextmanager
async def grpc_server(
    servicers: Servicers,
    alarms: OperatorAlarms,
    address: Address,
    *,
    metrics: CallMetrics,
    traces: Traces | None = None,
    ping_floor: timedelta = PING_FLOOR,
    most_streams: int = MOST_STREAMS,
) -> AsyncIterator[GrpcServer]:
    """Serves until the end, then stops at once unless `stop` was awaited before. Raises OSError for a bad address."""
    open_calls, streams = OpenCalls(), OpenStreams(most=most_streams)
    metrics.follow(streams)
    server = grpc.aio.server(options=server_options(ping_floor))
    wrapped = WrappedMethods(server, open_calls, streams, metrics, servicers.find_moved, traces)
    servicers.add_to(wrapped)
    health_servicer = health.aio.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(health_servicer, server)
    reflection.enable_server_reflection((*SERVICES, health.SERVICE_NAME, reflection.SERVICE_NAME), server)
    try:
        port = server.add_insecure_port(str(address))
    except RuntimeError as exc:
        raise OSError(f"can't listen at {address}") from exc
    await server.start()
    for service in ("", *SERVICES):
        await health_servicer.set(service, SERVING)
    running = GrpcServer(server, health_servicer, open_calls, streams, port)
    async with task_for_good(_follow(alarms, health_servicer), name="health follows the alarms"):
        try:
            yield running
        finally:
            await running.stop(0)


async def _follow(alarms: OperatorAlarms, health_servicer: health.aio.HealthServicer) -> None:
    service = provider_service(Provider.MICROSOFT)
    while True:
        status = NOT_SERVING if alarms.is_raised(Provider.MICROSOFT) else SERVING
        await health_servicer.set(service, status)
        await alarms.changed()
