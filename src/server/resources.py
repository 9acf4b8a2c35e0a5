"""Opens what the process needs from outside, in order, and hands it to the container; closes it in reverse."""

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import psycopg
from procrastinate import App

from adapters.crypto import KeyRing
from adapters.graph.microsoft import open_microsoft
from adapters.graph.settings import ClientCertificate, MicrosoftSettings
from adapters.mailer import SmtpMailer, SmtpSettings, parse_sender, trusting
from adapters.postgres.grant_vault import PostgresGrantVault
from adapters.postgres.job_queue import job_app
from adapters.postgres.migrate import MigrationRefused, migrate
from adapters.postgres.pool import Pool, open_pool
from adapters.postgres.store import PostgresStore
from application.ports.store import StoreUnavailable
from server.clock import SystemClock
from server.container import Container
from server.id_source import RandomIds
from server.settings import Settings

PEM_BLOCK = re.compile(r"(-----BEGIN ([A-Z ]+)-----.+?-----END \2-----\n?)", re.DOTALL)
UNREACHABLE = "the database can't be reached: is CALENDARSYNC_DATABASE_URL right?"


class ProcessFailed(Exception):
    """The process can't start, or can't go on; the text is one line for its operator and holds no secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    container: Container
    pool: Pool
    jobs: App


@asynccontextmanager
async def open_resources(settings: Settings, *, public_url: str) -> AsyncIterator[Resources]:
    """Raises ProcessFailed when the database can't be reached or doesn't fit this program."""
    dsn = settings.database_url.get_secret_value()
    cipher = KeyRing.parse(settings.encryption_keys.get_secret_value())
    clock = SystemClock()
    sender = parse_sender(settings.mail_from)
    async with AsyncExitStack() as stack:
        try:
            pool = await stack.enter_async_context(open_pool(dsn, max_size=settings.database_pool_size))
        except StoreUnavailable:
            raise ProcessFailed(UNREACHABLE) from None
        await migrated(dsn)
        jobs = job_app()
        vault = PostgresGrantVault(pool=pool, cipher=cipher)
        ports = await stack.enter_async_context(open_microsoft(microsoft_settings(settings), vault, clock))
        container = Container(
            store=PostgresStore(pool=pool, cipher=cipher, job_app=jobs),
            clock=clock,
            ids=RandomIds(),
            sign_in=ports.sign_in,
            directory=ports.directory,
            reader=ports.reader,
            writer=ports.writer,
            mailer=SmtpMailer(
                smtp=SmtpSettings.parse(settings.smtp_url.get_secret_value()),
                sender=sender,
                tls=trusting(settings.smtp_ca_file),
                clock=clock,
            ),
            public_url=public_url,
            return_urls=settings.return_urls,
            read_budget=timedelta(seconds=settings.read_budget_seconds),
        )
        container.check_dependencies()
        yield Resources(container=container, pool=pool, jobs=jobs)


async def migrated(dsn: str) -> list[str]:
    """Bring the schema up to date and name what was applied. Raises ProcessFailed."""
    try:
        return await migrate(dsn)
    except psycopg.OperationalError:
        raise ProcessFailed(UNREACHABLE) from None
    except MigrationRefused as refused:
        raise ProcessFailed(f"the database's schema can't be brought up to date: {refused}") from None


def microsoft_settings(settings: Settings) -> MicrosoftSettings:
    """Raises ProcessFailed when the certificate's file is not as it must be."""
    return MicrosoftSettings(
        client_id=settings.microsoft_client_id,
        credential=_credential(settings),
        authority=settings.microsoft_authority,
        graph_url=settings.microsoft_graph_url,
        ca_file=settings.microsoft_ca_file,
    )


def _credential(settings: Settings) -> str | ClientCertificate:
    if settings.microsoft_client_secret is not None:
        return settings.microsoft_client_secret.get_secret_value()
    file = settings.microsoft_client_certificate_file
    blocks = PEM_BLOCK.findall(file.read_text(encoding="ascii", errors="replace")) if file else []
    keys = [text for text, kind in blocks if kind.endswith("PRIVATE KEY")]
    certificates = [text for text, kind in blocks if kind == "CERTIFICATE"]
    if len(keys) != 1 or not certificates:
        raise ProcessFailed(
            "CALENDARSYNC_MICROSOFT_CLIENT_CERTIFICATE_FILE must hold one private key and its certificate, as PEM"
        )
    return ClientCertificate(private_key=keys[0], certificate=certificates[0])
