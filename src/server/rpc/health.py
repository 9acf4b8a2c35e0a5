"""Health as gRPC has it (grpc.health.v1), for whoever probes: it says a status and nothing else, so it is open to all.

The library's own holds a lock while it writes to a watcher: one that doesn't read keeps all others from hearing
anything, and the server from stopping.
"""

import asyncio
from typing import Final

import grpc
from grpc_health.v1 import health_pb2 as pb
from grpc_health.v1 import health_pb2_grpc

from server.rpc.calls import Context

SERVICE_NAME: Final = pb.DESCRIPTOR.services_by_name["Health"].full_name
SERVING: Final = pb.HealthCheckResponse.SERVING
NOT_SERVING: Final = pb.HealthCheckResponse.NOT_SERVING
UNKNOWN: Final = pb.HealthCheckResponse.SERVICE_UNKNOWN
MOST_WATCHERS: Final = 200
"""More than load balancers need; nobody has to say who they are for this."""
LONGEST_NAME: Final = 200


class Health(health_pb2_grpc.HealthServicer):
    def __init__(self, *, most_watchers: int = MOST_WATCHERS) -> None:
        self._most_watchers = most_watchers
        self._watchers = 0
        self._statuses: dict[str, int] = {}
        self._changed = asyncio.Event()
        self._stopping = False

    def set(self, service: str, status: int) -> None:
        """Without effect once it was said that the server stops."""
        if self._stopping or self._statuses.get(service) == status:
            return
        self._statuses[service] = status
        self._tell()

    def stop(self) -> None:
        """Nothing is served any more."""
        self._stopping = True
        self._statuses = dict.fromkeys(self._statuses, NOT_SERVING)
        self._tell()

    @property
    def watched(self) -> bool:
        """Whether somebody hears it at once when nothing is served any more."""
        return self._watchers > 0

    async def Check(self, request: pb.HealthCheckRequest, context: Context) -> pb.HealthCheckResponse:
        status = self._statuses.get(request.service)
        if status is None:
            await context.abort(grpc.StatusCode.NOT_FOUND, "no such service")
        return pb.HealthCheckResponse(status=status)

    async def Watch(self, request: pb.HealthCheckRequest, context: Context) -> None:
        if len(request.service) > LONGEST_NAME:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "no service has so long a name")
        if self._watchers >= self._most_watchers:
            await context.abort(
                grpc.StatusCode.RESOURCE_EXHAUSTED, "too many watch the health of this process"
            )
        self._watchers += 1
        try:
            await self._show(request.service, context)
        finally:
            self._watchers -= 1

    async def _show(self, service: str, context: Context) -> None:
        shown = None
        while True:
            changed, status = self._changed, self._statuses.get(service, UNKNOWN)
            if status != shown:
                await context.write(pb.HealthCheckResponse(status=status))
                shown = status
            await changed.wait()

    def _tell(self) -> None:
        """Those who wait hear it, and whoever comes later waits for the next time."""
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
