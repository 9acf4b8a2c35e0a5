"""What makes others wait: a mail server that never answers, and mails for it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from psycopg import AsyncConnection, AsyncCursor
from psycopg.rows import TupleRow

from adapters.crypto import KeyRing
from adapters.postgres.sealing import hash_of, place, seal_fields, seal_text
from domain.access import LossCause
from domain.account import AccountKind, AccountStatus, Provider
from domain.expert import Plan

OVERDUE = timedelta(minutes=1)
"""Longer than the sweep of the build before leaves a mail to the job that was queued for it."""


class MailServer:
    """Takes every connection and says nothing."""

    def __init__(self) -> None:
        self.port = 0
        self.reached = asyncio.Event()
        self._ended = asyncio.Event()

    @classmethod
    @asynccontextmanager
    async def start(cls) -> AsyncIterator["MailServer"]:
        server = cls()
        serving = await asyncio.start_server(server._hang, "127.0.0.1", 0)
        server.port = serving.sockets[0].getsockname()[1]
        try:
            yield server
        finally:
            server._ended.set()
            serving.close()

    async def _hang(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reached.set()
        await self._ended.wait()
        writer.close()


async def add_mails(dsn: str, keys: str, count: int) -> None:
    """So many experts who lost access to an account, which nothing but a mail about it is due for."""
    ring, now = KeyRing.parse(keys), datetime.now(UTC)
    async with await AsyncConnection.connect(dsn) as connection, connection.cursor() as cursor:
        for number in range(count):
            await _add_mail(cursor, ring, number, now)


async def _add_mail(cursor: AsyncCursor[TupleRow], ring: KeyRing, number: int, now: datetime) -> None:
    expert, account, incident, token = (
        f"{kind}-{number}" for kind in ("lost", "account", "incident", "token")
    )
    person = {"email": f"{expert}@example.com", "display_name": "Jonas Weber"}
    await cursor.execute(
        "INSERT INTO expert (expert_id, plan, time_zone, person) VALUES (%s, %s, 'UTC', %s)",
        (expert, Plan.PRO.value, seal_fields(ring, person, context=place("expert", expert, column="person"))),
    )
    await cursor.execute(
        """
        INSERT INTO account (account_id, expert_id, provider, tenant_id, object_id, kind, status, loss_cause, person,
            connected_at, grant_version)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 1)
        """,
        (
            *(account, expert, Provider.MICROSOFT.value, f"tenant-{number}", "object"),
            *(
                AccountKind.WORK.value,
                AccountStatus.RECONNECT_REQUIRED.value,
                LossCause.SIGN_IN_REQUIRED.value,
            ),
            *(seal_fields(ring, person, context=place("account", account, column="person")), now),
        ),
    )
    # Without a refresh token nobody needs to be asked whether access is really gone.
    await cursor.execute(
        "INSERT INTO account_grant (account_id, scopes, secret, grant_version, rotation) VALUES (%s, '{}', %s, 1, 0)",
        (account, ring.seal(b"{}", context=place("account_grant", account, column="secret"))),
    )
    await cursor.execute(
        """
        INSERT INTO incident (incident_id, account_id, expert_id, cause, token_hash, token, opened_at, notices,
            mail_failures, mail_due_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s, 0, 0, %s)
        """,
        (
            *(incident, account, expert, LossCause.SIGN_IN_REQUIRED.value, hash_of(token)),
            *(
                seal_text(ring, token, context=place("incident", incident, column="token")),
                now,
                now - OVERDUE,
            ),
        ),
    )
