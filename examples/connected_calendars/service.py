"""The calls that the pages make, over the public client package, and which providers can be connected."""

import asyncio
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, Self

import grpc.aio
from aiohttp import web
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub

from calendarsync.v1.account_pb2 import Provider
from calendarsync.v1.account_service_pb2_grpc import AccountServiceStub
from calendarsync.v1.availability_service_pb2_grpc import AvailabilityServiceStub
from calendarsync.v1.calendar_service_pb2_grpc import CalendarServiceStub
from calendarsync.v1.expert_service_pb2_grpc import ExpertServiceStub
from calendarsync.v1.session_service_pb2_grpc import SessionServiceStub
from connected_calendars.providers import NAMES

HEALTH_TIMEOUT_SECONDS: Final = 5


class Offer(Enum):
    """Whether calendars of a provider can be connected."""

    YES = "yes"
    NOT_NOW = "not now"
    """The provider refuses the service's registration; its operator knows."""
    NO = "no"
    """The service isn't configured for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """Its parts by subject. Deadlines and repeats are those of the client package; what fails raises
    grpc.aio.AioRpcError, which becomes a page unless a handler knows better."""

    channel: grpc.aio.Channel
    experts: ExpertServiceStub
    accounts: AccountServiceStub
    calendars: CalendarServiceStub
    availability: AvailabilityServiceStub
    sessions: SessionServiceStub
    sessions_once: SessionServiceStub
    """The same without repeats: whoever waits at a browser is told at once, and tries again by themselves."""
    health: Any
    """A HealthStub, whose calls its annotations leave out."""

    @classmethod
    def on(cls, channel: grpc.aio.Channel, without_repeats: grpc.aio.Channel) -> Self:
        return cls(
            channel=channel,
            experts=ExpertServiceStub(channel),
            accounts=AccountServiceStub(channel),
            calendars=CalendarServiceStub(channel),
            availability=AvailabilityServiceStub(channel),
            sessions=SessionServiceStub(channel),
            sessions_once=SessionServiceStub(without_repeats),
            health=HealthStub(channel),
        )

    async def offers(self) -> dict[Provider.ValueType, Offer]:
        """Of each provider, in the order in which they are shown."""
        found = await asyncio.gather(*(self._offer(one) for one in NAMES))
        return dict(zip(NAMES, found, strict=True))

    async def _offer(self, provider: Provider.ValueType) -> Offer:
        """The service reports the health of each provider that it is configured for, by a name."""
        name = Provider.Name(provider).removeprefix("PROVIDER_")
        request = HealthCheckRequest(service=f"calendarsync.provider.{name}")
        try:
            answer = await self.health.Check(request, timeout=HEALTH_TIMEOUT_SECONDS)
        except grpc.aio.AioRpcError as error:
            if error.code() == grpc.StatusCode.NOT_FOUND:
                return Offer.NO
            raise
        return Offer.YES if answer.status == HealthCheckResponse.SERVING else Offer.NOT_NOW


SERVICE: Final = web.AppKey("service", Service)
