"""Twenty thousand calendars in a database, as they are while they are kept fresh and nothing changes in them."""

import json
import os
import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
from psycopg import Connection, sql

from adapters.crypto import KeyRing
from adapters.graph.entries import entry_from_graph
from adapters.postgres.sealing import place
from adapters.postgres.spans import spans_to_value
from bench.provider import events
from domain.account import AccountKind, AccountStatus, Provider
from domain.blocking import busy_time
from domain.expert import Plan
from domain.reading import Pace

CALENDARS = 20_000
AN_ACCOUNT = 5
ZONE = "Europe/Berlin"
TOKEN_CHARACTERS = 1_600
"""As long as Microsoft's are."""
SCOPES = ["Calendars.ReadWrite", "User.Read"]
LATER = timedelta(days=1)
TABLES = ("expert", "account", "account_grant", "calendar", "calendar_settings", "reading", "subscription")


def load_fleet(dsn: str, keys: str) -> None:
    """Into a database with the schema of either build and nothing else. None is due within the next day."""
    now = datetime.now(UTC)
    accounts = range(CALENDARS // AN_ACCOUNT)
    with psycopg.connect(dsn) as connection:
        _copy(
            connection,
            "expert (expert_id, plan, time_zone, person)",
            ((_expert(one), Plan.PRO.value, ZONE, b"") for one in accounts),
        )
        _copy(
            connection,
            "account (account_id, expert_id, provider, tenant_id, object_id, kind, status, person, connected_at,"
            " grant_version, list_due_at)",
            (
                (
                    *(_account(one), _expert(one), Provider.MICROSOFT.value, "tenant", f"object-{one}"),
                    *(AccountKind.WORK.value, AccountStatus.ACTIVE.value, b"", now, 1, now + LATER),
                )
                for one in accounts
            ),
        )
        ring = KeyRing.parse(keys)
        _copy(
            connection,
            "account_grant (account_id, scopes, secret, grant_version, rotation)",
            ((_account(one), SCOPES, _grant(ring, one), 1, 0) for one in accounts),
        )
        _copy(
            connection,
            "calendar (calendar_id, account_id, remote_id, details, color, is_primary, writable, shared, missing)",
            (
                (*(calendar, _account(one), f"AAMk-{calendar}"), *(b"", "#a6d1f5", False, True, False, False))
                for one in accounts
                for calendar in _calendars(one)
            ),
        )
        # Readings and subscriptions come with the choice, by a trigger of the schema's own.
        _copy(
            connection,
            "calendar_settings (expert_id, conflict_calendar_ids, version)",
            ((_expert(one), _calendars(one), 1) for one in accounts),
        )
        _read_once(connection, now)
    with psycopg.connect(dsn, autocommit=True) as connection:
        _vacuum(connection)


def set_due(dsn: str, *, first: timedelta, spread: timedelta) -> None:
    """Every calendar is due: the first after `first` from now, the others evenly over `spread`, in the order of their
    rows, so that a part of a lap touches as large a part of the pages as the lap does. No job is left in the queue of
    the build before."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("DELETE FROM procrastinate_jobs")
        connection.execute(
            sql.SQL(
                """
                UPDATE {schedule} SET due_at = now() + %(first)s + %(spread)s * numbered.share
                FROM (SELECT calendar_id, percent_rank() OVER (ORDER BY calendar_id) AS share FROM reading) AS numbered
                WHERE {schedule}.calendar_id = numbered.calendar_id
                """
            ).format(schedule=_schedule(connection)),
            {"first": first, "spread": spread},
        )
        _vacuum(connection)
        connection.execute("CHECKPOINT")


def latest(connection: Connection) -> float:
    """Seconds that the calendar which waits longest is overdue."""
    asked = sql.SQL("SELECT greatest(extract(epoch FROM now() - min(due_at)), 0) FROM {}")
    return float(_one(connection, asked.format(_schedule(connection))))


def require_unchanged(connection: Connection, readings: int) -> None:
    """So many readings were stored within the last minute, and none of all found anything new."""
    asked = sql.SQL("SELECT count(*) FROM {} WHERE read_at > now() - interval '1 minute'")
    stored = _one(connection, asked.format(_schedule(connection)))
    assert stored >= readings, f"{readings} readings, of which {stored} were stored"
    changes = _one(connection, sql.SQL("SELECT count(*) FROM change"))
    assert not changes, f"{changes} changes were found where there were none"


def _vacuum(connection: Connection) -> None:
    """All but the job queue, which is empty now and planned for as if it always were."""
    tables = sql.SQL(", ").join([*map(sql.Identifier, TABLES), _schedule(connection)])
    connection.execute(sql.SQL("VACUUM (ANALYZE) {}").format(tables))


def _read_once(connection: Connection, now: datetime) -> None:
    """What every calendar's last reading has left, five minutes ago."""
    window = Pace().window(now)
    busy = busy_time(
        [entry_from_graph(one) for one in events()],
        window=window,
        zone=ZoneInfo(ZONE),
        tentative_blocks=False,
    )
    connection.execute(
        """
        UPDATE reading SET window_start = %(start)s, window_end = %(end)s, read_at = %(read_at)s, zone = %(zone)s,
            busy = %(busy)s, due_at = %(due_at)s
        """,
        {
            "start": window.start,
            "end": window.end,
            "read_at": now - timedelta(minutes=5),
            "zone": ZONE,
            "busy": spans_to_value(busy),
            "due_at": now + LATER,
        },
    )
    connection.execute("UPDATE subscription SET due_at = %(due_at)s", {"due_at": now + LATER})


def _copy(connection: Connection, into: str, rows: Iterable[tuple[object, ...]]) -> None:
    with connection.cursor().copy(f"COPY {into} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _schedule(connection: Connection) -> sql.Identifier:
    apart = _one(connection, sql.SQL("SELECT to_regclass('reading_schedule') IS NOT NULL"))
    return sql.Identifier("reading_schedule" if apart else "reading")


def _one(connection: Connection, question: sql.SQL | sql.Composed) -> Any:
    row = connection.execute(question).fetchone()
    assert row is not None
    return row[0]


def _expert(number: int) -> str:
    return f"expert-{number:05}"


def _account(number: int) -> str:
    return f"account-{number:05}"


def _calendars(number: int) -> list[str]:
    return [f"calendar-{number:05}-{one}" for one in range(AN_ACCOUNT)]


def _grant(ring: KeyRing, number: int) -> bytes:
    """MSAL's cache with tokens that last longer than the run, sealed for its row."""
    home, now = f"object-{number}.tenant", int(time.time())
    common = {"home_account_id": home, "environment": "localhost", "client_id": "bench", "realm": "tenant"}
    access = common | {
        "credential_type": "AccessToken",
        "secret": _token(),
        "target": " ".join(SCOPES),
        "cached_at": str(now),
        "expires_on": str(now + 86_400),
        "token_type": "Bearer",
    }
    renewing = common | {"credential_type": "RefreshToken", "secret": _token(), "target": " ".join(SCOPES)}
    person = common | {"username": f"person-{number}@example.com", "authority_type": "MSSTS"}
    cache = {"AccessToken": {"one": access}, "RefreshToken": {"one": renewing}, "Account": {"one": person}}
    secret = json.dumps(cache).encode()
    return ring.seal(secret, context=place("account_grant", _account(number), column="secret"))


def _token() -> str:
    return os.urandom(TOKEN_CHARACTERS // 2).hex()
