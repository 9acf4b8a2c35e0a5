"""What is measured of a process as long as it runs, whatever it does."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from domain.account import Provider
from server.build import build_version
from server.metrics.certificates import CertificateExpiry
from server.metrics.process import Alarms, tell_of_process
from server.metrics.tasks import Tasks
from server.runtime.container import Container
from server.runtime.settings import Role, Settings
from server.tasks import task_for_good


@asynccontextmanager
async def measuring(container: Container, settings: Settings, role: Role) -> AsyncIterator[None]:
    """Until the end of the block, which is to hold all that answers and works."""
    metrics = container.metrics()
    tell_of_process(metrics.registry, version=build_version(), role=role.value)
    if Provider.GOOGLE in container.calendar_providers():
        metrics.providers.allowed_a_day(Provider.GOOGLE, settings.google_project_per_day)
    metrics.registry.register(Tasks())
    metrics.registry.register(Alarms(lambda: container.alarms().raised, container.calendar_providers()))
    metrics.registry.register(container.census_taker())
    metrics.registry.register(CertificateExpiry(certificates_of(settings)))
    async with task_for_good(metrics.loop_lag.follow(), name="loop lag"):
        yield


def certificates_of(settings: Settings) -> dict[str, Path]:
    """The files that hold those that others look at, by use."""
    files = {
        "microsoft_client": settings.microsoft_client_certificate_file,
        "microsoft_next_client": settings.microsoft_next_client_certificate_file,
        "grpc": settings.grpc_certificate_file,
    }
    return {use: file for use, file in files.items() if file is not None}
