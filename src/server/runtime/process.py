"""The running process: opens, serves, and stops in the reverse order within its grace time."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog

from adapters.postgres.opened_cell import tell_address
from adapters.postgres.pool import Pool
from application.ports.store import StoreUnavailable
from domain.connection import Confirming
from server.addresses import Address
from server.build import build_version
from server.http.app import HttpServer, http_server
from server.http.connections.limits import HttpLimits
from server.logs import described, log_stray_errors
from server.rpc.server import GrpcServer
from server.runtime.container import Container
from server.runtime.grpc_door import open_grpc
from server.runtime.measuring import measuring
from server.runtime.open_files import all_files, within_files
from server.runtime.process_failed import ProcessFailed
from server.runtime.resources import UNREACHABLE, Resources, open_resources
from server.runtime.settings import Role, Settings, variable
from server.runtime.settings.edge import http_limits
from server.runtime.stop_signals import StopSignals
from server.runtime.worker import Worker
from server.time_zones import zones_version

log = structlog.stdlib.get_logger("server.runtime.process")
WITH_GRPC = {Role.ALL, Role.API}
WITH_PAGES = {Role.ALL, Role.WEB}
WITH_JOBS = {Role.ALL, Role.WORKER}
OF_OPERATORS = HttpLimits(connections=64, connections_per_address=32)
"""At the door for those who operate the service, so that it can't use up the files either."""
PART_BESIDE_CALLS = 0.15
"""Of the loop's time, for HTTP in a process that answers calls as well: docs/performance.md says what a flood does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """What a started process has. `grpc_port` is None where the role serves no gRPC; `worker` where it runs no jobs."""

    container: Container
    public_url: str
    http_port: int
    operations_port: int
    grpc_port: int | None
    worker: asyncio.Task[None] | None


@asynccontextmanager
async def running(
    settings: Settings, role: Role = Role.ALL, *, hurry: asyncio.Event | None = None
) -> AsyncIterator[Running]:
    """A process of this role inside the present loop; ready when entered, stopped within the grace time in the end.

    Once `hurry` is set, nothing gets any grace. Raises ProcessFailed.
    """
    hurry = hurry or asyncio.Event()
    if settings.confirm_connections is Confirming.OFF:
        log.warning("anybody's browser counts as the expert's", setting=variable("confirm_connections"))
    async with AsyncExitStack() as stack:
        listening = stack.enter_context(_listening(settings.http_address, "HTTP_ADDRESS"))
        watching = stack.enter_context(_listening(settings.operations_address, "OPERATIONS_ADDRESS"))
        port = listening.getsockname()[1]
        public_url = settings.public_url or f"http://localhost:{port}"
        resources = await stack.enter_async_context(open_resources(settings, public_url=public_url))
        container, grace = resources.container, settings.shutdown_grace_seconds
        await stack.enter_async_context(measuring(container, settings, role))
        grpc = None
        if role in WITH_GRPC:
            grpc = await stack.enter_async_context(open_grpc(settings, resources))
        if role in WITH_PAGES:
            await _tell_address(resources.pool, public_url)
        make_app = container.web_app if role in WITH_PAGES else container.health_app
        http = await stack.enter_async_context(
            http_server(
                make_app(https=public_url.startswith("https://")),
                listening,
                grace=grace,
                part=PART_BESIDE_CALLS if grpc is not None else 1,
                limits=within_files(http_limits(settings), all_files()),
            )
        )
        operations = await stack.enter_async_context(
            http_server(container.operations_app(), watching, grace=0, limits=OF_OPERATORS)
        )
        worker = _start_worker(settings, resources, hurry) if role in WITH_JOBS else None
        try:
            yield Running(
                container=container,
                public_url=public_url,
                http_port=port,
                operations_port=operations.port,
                grpc_port=grpc.port if grpc else None,
                worker=worker,
            )
        finally:
            container.readiness().stopping = True
            stopping_at = asyncio.get_running_loop().time()
            await _stop(grpc, http, worker, grace, hurry)
            left = 0 if hurry.is_set() else grace - (asyncio.get_running_loop().time() - stopping_at)
            left_over = timedelta(seconds=max(left, 0))
            await asyncio.gather(
                container.reads().close(grace=left_over),
                container.single_live_reads().close(grace=left_over),
                container.give_back().close(grace=left_over),
            )


def run_process(
    settings: Settings,
    role: Role,
    signals: StopSignals,
    *,
    on_ready: Callable[[Running], None] | None = None,
) -> None:
    """Serves until SIGTERM or SIGINT; a second one takes the grace away. Raises ProcessFailed."""
    try:
        asyncio.run(_serve(settings, role, signals, on_ready))
    except asyncio.CancelledError:
        log.info("stopped before it was ready")


async def _serve(
    settings: Settings, role: Role, signals: StopSignals, on_ready: Callable[[Running], None] | None
) -> None:
    asyncio.get_running_loop().set_exception_handler(log_stray_errors)
    with signals.listened_to():
        async with _interruptible(running(settings, role, hurry=signals.hurry), signals.stop) as process:
            log.info(
                "ready",
                version=build_version(),
                role=role.value,
                grpc=process.grpc_port and str(settings.grpc_address._replace(port=process.grpc_port)),
                http=str(settings.http_address._replace(port=process.http_port)),
                operations=str(settings.operations_address._replace(port=process.operations_port)),
                public_url=process.public_url,
                providers=sorted(one.name for one in process.container.calendar_providers()),
                time_zones=zones_version(),
            )
            if not settings.operations_address.loopback:
                log.warning("whoever reaches this address may read what the service measures of itself")
            if on_ready is not None:
                on_ready(process)
            await _first(signals.stop, process.worker)
            log.info("stopping", grace=settings.shutdown_grace_seconds)
    log.info("stopped")
    if not signals.stop.is_set():
        raise ProcessFailed("the worker ended by itself: the log says why")


@asynccontextmanager
async def _interruptible(
    process: AbstractAsyncContextManager[Running], stop: asyncio.Event
) -> AsyncIterator[Running]:
    """Ends a start that is still under way when `stop` is set: it may be waiting for its database."""
    starting = asyncio.current_task()
    assert starting is not None

    async def interrupt() -> None:
        await stop.wait()
        starting.cancel()

    interrupting = asyncio.create_task(interrupt(), name="interrupts the start")
    async with process as started:
        interrupting.cancel()
        yield started


async def _tell_address(pool: Pool, public_url: str) -> None:
    """Raises ProcessFailed."""
    try:
        await tell_address(pool, public_url)
    except StoreUnavailable:
        raise ProcessFailed(UNREACHABLE) from None


def _start_worker(settings: Settings, resources: Resources, hurry: asyncio.Event) -> asyncio.Task[None]:
    container = resources.container
    lanes = container.work().lanes(settings.worker_concurrency, reading_places=settings.reading_places)
    container.metrics().work.follow(lanes)
    worker = Worker(
        lanes=lanes,
        wake_ups=resources.wake_ups,
        show_life=container.show_life(),
        forget_ended=container.forget_ended(),
        recover=container.recover(),
        sweep_every=timedelta(seconds=settings.sweep_seconds),
        grace=timedelta(seconds=settings.shutdown_grace_seconds),
        hurry=hurry,
    )
    return asyncio.create_task(worker.run(), name="worker")


async def _stop(
    grpc: GrpcServer | None,
    http: HttpServer,
    worker: asyncio.Task[None] | None,
    grace: float,
    hurry: asyncio.Event,
) -> None:
    """All at once, so that each has the whole grace time, until somebody is in a hurry."""
    parts = [asyncio.create_task(http.stop(), name="HTTP stops")]
    if grpc is not None:
        parts.append(asyncio.create_task(grpc.stop(grace), name="gRPC stops"))
    if worker is not None:
        worker.cancel()
        parts.append(worker)
    stopped = asyncio.gather(*parts, return_exceptions=True)
    hurried = asyncio.create_task(hurry.wait(), name="hurry")
    first: set[asyncio.Future[Any]] = {stopped, hurried}
    await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
    hurried.cancel()
    if not stopped.done():
        await http.cut_off()
        if grpc is not None:
            await grpc.stop(0)
    for outcome in await stopped:
        if isinstance(outcome, Exception):  # a worker that was cancelled has done as it was told
            log.error("a part did not stop cleanly", **described(outcome))


async def _first(stop: asyncio.Event, worker: asyncio.Task[None] | None) -> None:
    """Waits for the signal; a worker that ends by itself is a fault, which ends the process with it."""
    waiting = asyncio.create_task(stop.wait(), name="signal")
    try:
        await asyncio.wait({waiting, worker} if worker else {waiting}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()


@contextmanager
def _listening(address: Address, setting: str) -> Iterator[socket.socket]:
    """Bound before anything else, so that the port is known to whoever needs the public address."""
    try:
        listening = address.bound()
    except OSError:
        raise ProcessFailed(f"can't listen at CALENDARSYNC_{setting} {address}") from None
    with listening:
        yield listening
