"""Opens the gRPC side as the settings say: with which certificate, for whom, and how much of each."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

import structlog

from application.callers.known_callers import KnownCallers
from application.ports.store import StoreUnavailable
from domain.caller import ANYONE, LOCAL
from server.rpc.bounds import Bounds
from server.rpc.callers.limits import CallerLimits
from server.rpc.certificates import CertificateFiles, Certificates, CertificatesUnusable, open_certificates
from server.rpc.server import Door, GrpcServer, grpc_server
from server.runtime.callers import open_known_callers
from server.runtime.process_failed import ProcessFailed
from server.runtime.resources import UNREACHABLE, Resources
from server.runtime.settings import Settings, variable

log = structlog.stdlib.get_logger("server.runtime.grpc_door")


@asynccontextmanager
async def open_grpc(settings: Settings, resources: Resources) -> AsyncIterator[GrpcServer]:
    """Raises ProcessFailed."""
    container = resources.container
    async with AsyncExitStack() as stack:
        certificates = None
        if (files := certificate_files(settings)) is not None:
            try:
                opening = open_certificates(files, container.alarms())
                certificates = await stack.enter_async_context(opening)
            except CertificatesUnusable as unusable:
                raise ProcessFailed(told_of(unusable)) from None
        known = None
        if identifies_callers(settings):
            try:
                known = await stack.enter_async_context(open_known_callers(resources.pool, container.clock()))
            except StoreUnavailable:
                raise ProcessFailed(UNREACHABLE) from None
        try:
            server = await stack.enter_async_context(
                grpc_server(
                    container.servicers(),
                    container.alarms(),
                    settings.grpc_address,
                    providers=container.calendar_providers(),
                    metrics=container.metrics().calls,
                    traces=resources.traces,
                    door=_door(settings, known, certificates),
                )
            )
        except OSError:
            raise ProcessFailed(
                f"can't listen at {variable('grpc_address')} {settings.grpc_address}"
            ) from None
        for warning in warnings_of(settings):
            log.warning(warning)
        yield server


def identifies_callers(settings: Settings) -> bool:
    if settings.identify_callers == "auto":
        return settings.grpc_certificate_file is not None or not settings.grpc_address.only_here
    return settings.identify_callers == "yes"


def certificate_files(settings: Settings) -> CertificateFiles | None:
    if settings.grpc_certificate_file is None or settings.grpc_private_key_file is None:
        return None
    return CertificateFiles(
        chain=settings.grpc_certificate_file,
        private_key=settings.grpc_private_key_file,
        client_ca=settings.grpc_client_ca_file,
    )


def require_certificates(settings: Settings) -> None:
    """Raises ProcessFailed where the files are of no use."""
    try:
        if (files := certificate_files(settings)) is not None:
            Certificates(files)
    except CertificatesUnusable as unusable:
        raise ProcessFailed(told_of(unusable)) from None


def told_of(unusable: CertificatesUnusable) -> str:
    return f"{variable('grpc_certificate_file')} and what belongs to it: {unusable}"


def warnings_of(settings: Settings) -> list[str]:
    """What an operator has accepted and should be reminded of."""
    if settings.grpc_address.only_here:
        return []
    warnings = []
    if settings.grpc_certificate_file is None:
        warnings.append(
            "INSECURE: gRPC is reached from beyond this machine without TLS: tokens and all else can be read on the way"
        )
    if not identifies_callers(settings):
        warnings.append(
            "INSECURE: gRPC is reached from beyond this machine, and whoever reaches it may do everything"
        )
    return warnings


def _door(settings: Settings, known: KnownCallers | None, certificates: Certificates | None) -> Door:
    return Door(
        known=known,
        everybody=LOCAL if settings.grpc_address.only_here else ANYONE,
        certificates=certificates,
        reflection=settings.grpc_reflection == "on",
        limits=CallerLimits(
            calls_at_once=settings.caller_calls_at_once,
            calls_per_second=settings.caller_calls_per_second,
            streams=settings.caller_streams,
            intervals_per_second=settings.caller_intervals_per_second,
        ),
        bounds=Bounds(
            most_connections=settings.most_connections,
            most_streams=settings.most_streams,
            most_calls=settings.most_calls,
            connection_age=timedelta(seconds=settings.connection_age_seconds),
            connection_idle=timedelta(seconds=settings.connection_idle_seconds),
        ),
    )
