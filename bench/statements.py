"""The bare SQL behind PutSession, by libpq alone.

pgbench would be the usual yardstick for writes, but the embedded server comes without it. Prepared statements sent by
libpq from one thread a connection are the nearest thing. They write the rows that the service writes, and wake the same
listeners, in the plainest way: each session in a transaction of its own, a statement after the other.
"""

import asyncio
import os
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from statistics import median

import psycopg
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGconn

from bench.people import BOOKERS
from bench.sampling import Sample

PUT_SESSION = b"""
    INSERT INTO session (expert_id, session_id, starts_at, ends_at, details, cancelled, revision, written_revision,
        status, failures, due_at, copies)
    VALUES ($1, $2, now(), now() + interval '30 minutes', decode($3, 'hex'), false, 1, 0, 'PENDING', 0, now(), 0)
    """
PUT_CHANGE = b"""
    WITH added AS (
        INSERT INTO change (expert_id, type, at, session_id) VALUES ($1, 'SESSION_ACCEPTED', now(), $2)
    )
    SELECT pg_notify('calendarsync_change', ''), pg_notify('calendarsync_due', 'write_session')
    """
WRITERS = 8
SEALED_BYTES = 320
"""What the details of a session of the run take when sealed."""


class Writers:
    """Connections that each put sessions with their changes, one transaction after the other."""

    def __init__(self, connections: list[PGconn]) -> None:
        self._connections = connections
        self._numbers = count()

    async def sample(self, seconds: float) -> Sample:
        """All at once for so long."""
        return await asyncio.to_thread(self._sample, seconds)

    def _sample(self, seconds: float) -> Sample:
        took: list[float] = []
        failed: list[BaseException] = []
        started = time.perf_counter()

        def write(connection: PGconn) -> None:
            try:
                begun = started
                while begun < started + seconds:
                    self._put(connection)
                    now = time.perf_counter()
                    took.append(now - begun)
                    begun = now
            except BaseException as error:
                failed.append(error)
                raise

        threads = [threading.Thread(target=write, args=(one,)) for one in self._connections]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failed:
            raise failed[0]
        elapsed = time.perf_counter() - started
        return Sample(calls=len(took), seconds=elapsed, median_ms=median(took) * 1000)

    def _put(self, connection: PGconn) -> None:
        number = next(self._numbers)
        ids = [BOOKERS[number % len(BOOKERS)].encode(), f"bare-{number}".encode()]
        for name, values in (
            (b"begin", []),
            (b"session", [*ids, os.urandom(SEALED_BYTES).hex().encode()]),
            (b"change", ids),
            (b"commit", []),
        ):
            result = connection.exec_prepared(name, values)
            assert result.status in {ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK}, result.error_message


@contextmanager
def writing(dsn: str) -> Iterator[Writers]:
    """Connections with the statements prepared."""
    with ExitStack() as stack:
        connections = []
        for _ in range(WRITERS):
            connection = stack.enter_context(psycopg.connect(dsn, autocommit=True)).pgconn
            for name, statement in (
                (b"begin", b"BEGIN"),
                (b"session", PUT_SESSION),
                (b"change", PUT_CHANGE),
                (b"commit", b"COMMIT"),
            ):
                result = connection.prepare(name, statement)
                assert result.status == ExecStatus.COMMAND_OK, result.error_message
            connections.append(connection)
        yield Writers(connections)
