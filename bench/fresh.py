"""Keeping calendars fresh: readings that find nothing changed, by a worker of this build and one of the build before.

Each build has a database of its own with the same calendars. At a usual pace both run together; with everything
overdue one after the other, so that neither's PostgreSQL is counted for the other.
"""

import asyncio
import base64
import os
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import aiohttp
import psycopg
from psycopg import AsyncConnection

from adapters.postgres.embedded import embedded_postgres
from bench.builds import NOW, Build, BuildMissing, build_before, without_before
from bench.children import child
from bench.databases import connections_to, new_database
from bench.fleet import CALENDARS, latest, load_fleet, require_unchanged, set_due
from bench.processors import parent_of, resident, spent_by, spent_by_family
from bench.surroundings import server, settings_environment
from bench.table import markdown
from server.runtime.settings import Role

PLACES = 64
PLACES_SETTING = {"now": "reading_places", "before": "worker_concurrency"}
"""What each build calls the places of a worker for readings."""
LAP = timedelta(minutes=5)
SIZES = (10_000, 50_000, 100_000)
A_DAY = timedelta(days=1)
SWEPT_EVERY = timedelta(seconds=15)
"""By the build before, which finds what is due in no other way: a shorter time would tell nothing of it."""
STARTS_WITHIN = timedelta(seconds=6)
LOOKED_EVERY = 0.2
OVERDUE = timedelta(hours=1)
MEASURED_SECONDS = 14.5
"""All that belongs to one sweep of the build before, which reads what it has found in less than that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A database server and a provider. `postgres` is the server's process."""

    dsn: str
    postgres: int
    provider: str
    ca_file: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A build, the database it works on, and its settings for that."""

    build: Build
    dsn: str
    environment: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """What was used up to a moment: seconds of processor time, and bytes of WAL."""

    at: float
    readings: int
    worker: float
    postgres: float
    wal: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What one process of a build did.

    `longest_overdue` is how many seconds a calendar was overdue at most, at a usual pace. `first` and `last` are taken
    with everything overdue, from the start on.
    """

    longest_overdue: float
    first: Spot
    last: Spot
    resident: int
    connections: int

    @property
    def a_reading(self) -> tuple[float, float, float]:
        """The worker's seconds, PostgreSQL's seconds, and bytes of WAL."""
        first, last = self.first, self.last
        readings = last.readings - first.readings
        return (
            (last.worker - first.worker) / readings,
            (last.postgres - first.postgres) / readings,
            (last.wal - first.wal) / readings,
        )

    @property
    def rate(self) -> float:
        """Readings a second."""
        return (self.last.readings - self.first.readings) / (self.last.at - self.first.at)

    def figures(self) -> list[float]:
        """In the order of the table's lines."""
        worker, postgres, wal = self.a_reading
        return [
            self.rate,
            worker * 1000,
            postgres * 1000,
            wal / 1000,
            self.resident / 1e6,
            float(self.connections),
            self.longest_overdue,
        ]


LINES = (
    f"readings a second, all overdue, {PLACES} places",
    "worker's processor time a reading, ms",
    "PostgreSQL's processor time a reading, ms",
    "WAL a reading, kB",
    "worker's memory, MB",
    "worker's connections to the database",
    f"longest overdue, {CALENDARS:,} due evenly in {LAP // timedelta(minutes=1)} minutes, s",
)


def fresh() -> str:
    """The table, without the build before where that can't be had, and what numbers of calendars take."""
    with _place() as place:
        try:
            with build_before() as build:
                now, before = _measured(place, [NOW, build])
                return f"{_table(now, before)}\n\n{_sizes(now)}"
        except BuildMissing as missing:
            (now,) = _measured(place, [NOW])
            return f"{_table(now)}\n\n{without_before(missing)}\n\n{_sizes(now)}"


def _table(now: Kept, before: Kept | None = None) -> str:
    if before is None:
        return markdown([("what", "now"), *zip(LINES, map(_shown, now.figures()), strict=True)])
    pairs = zip(LINES, before.figures(), now.figures(), strict=True)
    lines = [(name, _shown(old), _shown(new), f"{new / old:.2f}") for name, old, new in pairs]
    return markdown([("what", "before", "now", "now of before"), *lines])


def _sizes(kept: Kept) -> str:
    """What so many calendars take, each read once in five minutes."""
    worker, postgres, wal = kept.a_reading
    lines = []
    for calendars in SIZES:
        rate = calendars / LAP.total_seconds()
        lines.append(
            (
                f"{calendars:,}",
                f"{rate:,.0f}",
                f"{rate / kept.rate:.1f}",
                f"{rate * worker:.2f}",
                f"{rate * postgres:.2f}",
                f"{rate * wal * A_DAY.total_seconds() / 1e9:,.1f}",
            )
        )
    head = (
        "calendars",
        "readings/s",
        "processes, full",
        "their processors",
        "PostgreSQL's processors",
        "WAL a day, GB",
    )
    return markdown([head, *lines])


def _shown(figure: float) -> str:
    if figure >= 100 or figure.is_integer():
        return f"{figure:,.0f}"
    return f"{figure:.1f}" if figure >= 10 else f"{figure:.2f}"


@contextmanager
def _place() -> Iterator[Place]:
    with tempfile.TemporaryDirectory(prefix="calendarsync-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL's own account must get in when we are root
        ca_file = folder / "ca.pem"
        command = [sys.executable, "-m", "bench.provider", str(ca_file)]
        with (
            embedded_postgres(folder / "postgres", durable=True) as dsn,
            child(command, folder=NOW.folder, environment=NOW.environment(os.environ)) as provider,
            psycopg.connect(dsn, autocommit=True) as connection,
        ):
            # Its turn would fall on either build by chance, and most of its work would be what loading left.
            connection.execute("ALTER SYSTEM SET autovacuum = off")
            connection.execute("SELECT pg_reload_conf()")
            yield Place(
                dsn=dsn,
                postgres=parent_of(connection.info.backend_pid),
                provider=f"https://localhost:{provider.told['port']}",
                ca_file=ca_file,
            )


def _measured(place: Place, builds: Sequence[Build]) -> list[Kept]:
    subjects = [_loaded(place, build) for build in builds]
    overdue = _at_a_usual_pace(subjects)
    return [_with_all_overdue(place, one, longest) for one, longest in zip(subjects, overdue, strict=True)]


def _loaded(place: Place, build: Build) -> Subject:
    dsn = new_database(place.dsn, build.name)
    keys = "bench:" + base64.b64encode(os.urandom(32)).decode()
    environment = settings_environment(
        {
            "database_url": dsn,
            "encryption_keys": keys,
            "microsoft_client_id": "bench",
            "microsoft_client_secret": "bench",
            "microsoft_authority": f"{place.provider}/common",
            "microsoft_graph_url": f"{place.provider}/v1.0",
            "microsoft_ca_file": place.ca_file,
            "mail": "off",
            "push": "off",
            PLACES_SETTING[build.name]: PLACES,
        }
    )
    migrating = [sys.executable, "-m", "server", "migrate"]
    settings = build.environment(environment)
    subprocess.run(migrating, cwd=build.folder, env=settings, check=True, capture_output=True)
    load_fleet(dsn, keys)
    return Subject(build=build, dsn=dsn, environment=environment)


def _at_a_usual_pace(subjects: Sequence[Subject]) -> list[float]:
    """Seconds that a calendar of each was overdue at most."""
    for subject in subjects:
        set_due(subject.dsn, first=STARTS_WITHIN, spread=LAP)
    with ExitStack() as stack:
        for subject in subjects:
            stack.enter_context(server(Role.WORKER, subject.environment, build=subject.build))
        return _longest_overdue([subject.dsn for subject in subjects])


def _longest_overdue(dsns: Sequence[str]) -> list[float]:
    with ExitStack() as stack:
        connections = [stack.enter_context(psycopg.connect(dsn, autocommit=True)) for dsn in dsns]
        found = [0.0] * len(dsns)
        until = time.monotonic() + (STARTS_WITHIN + SWEPT_EVERY).total_seconds()
        while time.monotonic() < until:
            found = [
                max(most, latest(connection)) for most, connection in zip(found, connections, strict=True)
            ]
            time.sleep(LOOKED_EVERY)
        return found


def _with_all_overdue(place: Place, subject: Subject, longest: float) -> Kept:
    set_due(subject.dsn, first=-OVERDUE, spread=OVERDUE / 2)
    with server(Role.WORKER, subject.environment, build=subject.build) as worker:
        first, last = asyncio.run(_worked(place, subject.dsn, worker.pid))
        used, connections = resident(worker.pid), connections_to(subject.dsn)
    with psycopg.connect(subject.dsn) as connection:
        require_unchanged(connection, last.readings - first.readings)
    return Kept(longest_overdue=longest, first=first, last=last, resident=used, connections=connections)


async def _worked(place: Place, dsn: str, worker: int) -> tuple[Spot, Spot]:
    trusting = ssl.create_default_context(cafile=place.ca_file)
    async with (
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trusting)) as http,
        await AsyncConnection.connect(dsn, autocommit=True) as connection,
    ):

        async def readings() -> int:
            async with http.get(f"{place.provider}/count") as answer:
                return int((await answer.json())["views"])

        async def spot() -> Spot:
            cursor = await connection.execute("SELECT pg_current_wal_lsn() - '0/0'")
            (wal,) = await cursor.fetchone() or (0,)
            return Spot(
                at=time.monotonic(),
                readings=await readings(),
                worker=spent_by(worker),
                postgres=spent_by_family(place.postgres),
                wal=int(wal),
            )

        first = await spot()
        await asyncio.sleep(MEASURED_SECONDS)
        last = await spot()
        assert last.readings > first.readings, "the worker reads nothing"
        return first, last
