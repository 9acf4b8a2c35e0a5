"""The running process: opens, serves, and stops in the reverse order within its grace time."""

import asyncio
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta

import structlog

from server.addresses import Address
from server.http.app import HttpServer, http_server
from server.logs import described, log_stray_errors
from server.rpc.server import GrpcServer, grpc_server
from server.runtime.container import Container
from server.runtime.resources import ProcessFailed, Resources, open_resources
from server.runtime.settings import Role, Settings
from server.runtime.worker import Worker

log = structlog.stdlib.get_logger("server.runtime.process")
WITH_GRPC = {Role.ALL, Role.API}
WITH_PAGES = {Role.ALL, Role.WEB}
WITH_JOBS = {Role.ALL, Role.WORKER}


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """What a started process has. `grpc_port` is None where the role serves no gRPC; `worker` where it runs no jobs."""

    container: Container
    public_url: str
    http_port: int
    grpc_port: int | None
    worker: asyncio.Task[None] | None


@asynccontextmanager
async def running(settings: Settings, role: Role = Role.ALL) -> AsyncIterator[Running]:
    """A process of this role inside the present loop; ready when entered, stopped within the grace time in the end.

    Raises ProcessFailed.
    """
    async with AsyncExitStack() as stack:
        listening = stack.enter_context(_listening(settings.http_address))
        port = listening.getsockname()[1]
        public_url = settings.public_url or f"http://localhost:{port}"
        resources = await stack.enter_async_context(open_resources(settings, public_url=public_url))
        container, grace = resources.container, settings.shutdown_grace_seconds
        grpc = await _start_grpc(stack, settings, container) if role in WITH_GRPC else None
        app = container.web_app() if role in WITH_PAGES else container.health_app()
        http = await stack.enter_async_context(http_server(app, listening, grace=grace))
        worker = _start_worker(settings, resources) if role in WITH_JOBS else None
        try:
            yield Running(
                container=container,
                public_url=public_url,
                http_port=port,
                grpc_port=grpc.port if grpc else None,
                worker=worker,
            )
        finally:
            container.readiness().stopping = True
            stopping_at = asyncio.get_running_loop().time()
            await _stop(grpc, http, worker, grace)
            left = grace - (asyncio.get_running_loop().time() - stopping_at)
            left_over = timedelta(seconds=max(left, 0))
            await asyncio.gather(
                container.reads().close(grace=left_over), container.single_live_reads().close(grace=left_over)
            )


async def serve(
    settings: Settings, role: Role = Role.ALL, *, on_ready: Callable[[Running], None] | None = None
) -> None:
    """Runs a process until SIGTERM or SIGINT; a second one ends it at once. Raises ProcessFailed."""
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(log_stray_errors)
    told_to_stop = asyncio.Event()

    def stop() -> None:
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(name)
        told_to_stop.set()

    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop)
    async with running(settings, role) as process:
        log.info(
            "ready",
            role=role.value,
            grpc=process.grpc_port and str(settings.grpc_address._replace(port=process.grpc_port)),
            http=str(settings.http_address._replace(port=process.http_port)),
            public_url=process.public_url,
        )
        if on_ready is not None:
            on_ready(process)
        await _first(told_to_stop, process.worker)
        log.info("stopping", grace=settings.shutdown_grace_seconds)
    log.info("stopped")
    if not told_to_stop.is_set():
        raise ProcessFailed("the worker ended by itself: the log says why")


async def _start_grpc(stack: AsyncExitStack, settings: Settings, container: Container) -> GrpcServer:
    try:
        return await stack.enter_async_context(
            grpc_server(container.servicers(), container.alarms(), settings.grpc_address)
        )
    except OSError:
        raise ProcessFailed(f"can't listen at CALENDARSYNC_GRPC_ADDRESS {settings.grpc_address}") from None


def _start_worker(settings: Settings, resources: Resources) -> asyncio.Task[None]:
    resources.container.job_bodies().register_on(resources.jobs)
    worker = Worker(
        app=resources.jobs,
        pool=resources.pool,
        sweep_due=resources.container.sweep_due(),
        sweep_every=timedelta(seconds=settings.sweep_seconds),
        concurrency=settings.worker_concurrency,
        grace=timedelta(seconds=settings.shutdown_grace_seconds),
    )
    return asyncio.create_task(worker.run(), name="worker")


async def _stop(
    grpc: GrpcServer | None, http: HttpServer, worker: asyncio.Task[None] | None, grace: float
) -> None:
    """All at once, so that each has the whole grace time."""
    parts: list[Awaitable[None]] = [http.stop()]
    if grpc is not None:
        parts.append(grpc.stop(grace))
    if worker is not None:
        worker.cancel()
        parts.append(worker)
    for outcome in await asyncio.gather(*parts, return_exceptions=True):
        if isinstance(outcome, Exception):  # a worker that was cancelled has done as it was told
            log.error("a part did not stop cleanly", **described(outcome))


async def _first(told_to_stop: asyncio.Event, worker: asyncio.Task[None] | None) -> None:
    """Waits for the signal; a worker that ends by itself is a fault, which ends the process with it."""
    waiting = asyncio.create_task(told_to_stop.wait(), name="signal")
    try:
        await asyncio.wait({waiting, worker} if worker else {waiting}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()


@contextmanager
def _listening(address: Address) -> Iterator[socket.socket]:
    """Bound before anything else, so that the port is known to whoever needs the public address."""
    try:
        listening = address.bound()
    except OSError:
        raise ProcessFailed(f"can't listen at CALENDARSYNC_HTTP_ADDRESS {address}") from None
    with listening:
        yield listening
