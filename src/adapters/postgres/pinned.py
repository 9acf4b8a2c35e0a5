"""A connection that the event loop keeps to itself: prepared statements run on it one after the other, each at once for
all who asked before its turn came.

Statements that share one are cheaper than statements in a pipeline or on several connections, and whoever asks while
one runs waits no longer than for the next.
"""

import asyncio
import logging
import random
from collections import deque
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, Final, Protocol

from psycopg import AsyncConnection
from psycopg.pq.abc import PGresult

from adapters.postgres.cells import DEFAULT_CELL, search_path
from adapters.postgres.dsn import refusal_in
from adapters.postgres.errors import StatementFailed, translated
from adapters.postgres.line import Line, Row, Statement
from adapters.postgres.pool import (
    CONNECT_TIMEOUT,
    PLANNED_ONCE,
    SESSION_SETTINGS,
    STATEMENT_TIMEOUT,
    require_right_place,
)
from application.ports.store import StoreUnavailable

ANSWER_WITHIN: Final = STATEMENT_TIMEOUT + timedelta(seconds=2)
"""The server ends a statement before that: one that keeps silent for longer is gone without a word."""
FIRST_PAUSE, LONGEST_PAUSE = timedelta(milliseconds=100), timedelta(seconds=1)
SETTINGS: Final = {
    **SESSION_SETTINGS,
    **PLANNED_ONCE,
    # Whoever waited for a lock must see what its holder wrote.
    "default_transaction_isolation": "read committed",
}
SET_UP: Final = "SELECT set_config(name, value, false) FROM (VALUES {}) AS one (name, value);"
WHERE: Final = "SELECT pg_is_in_recovery(), current_schema(), pg_postmaster_start_time();"

_log = logging.getLogger(__name__)


class Turn(Protocol):
    """Something to be run on the connection, once, when its turn has come."""

    @property
    def statement(self) -> Statement: ...

    def values(self) -> Sequence[Any] | None:
        """For the parameters, asked for just before they are sent; None when there is nothing left to do."""
        ...

    def answered(self, rows: Sequence[Row]) -> None: ...

    def failed(self, failure: StatementFailed | None) -> None:
        """None: the connection went or kept silent, and nobody knows what is done."""
        ...


class PinnedConnection:
    """Open as long as `open_pinned`, which makes it, is; made anew when it breaks.

    What was on its way then fails, and so does all that waits when nothing has moved for `answer_within`: each with
    StoreUnavailable. The rest waits for the new connection.
    """

    def __init__(
        self,
        dsn: str,
        statements: Collection[Statement],
        *,
        settings: Mapping[str, str] | None = None,
        answer_within: timedelta = ANSWER_WITHIN,
        cell: str = DEFAULT_CELL,
    ) -> None:
        self._dsn, self._statements, self._set_up = dsn, statements, _set_up(cell, settings)
        self._cell = cell
        self._answer_within = answer_within.total_seconds()
        self._loop = asyncio.get_running_loop()
        self._line: Line | None = None
        self._gone = asyncio.Event()
        self._turns: deque[Turn] = deque()
        self._running: Turn | None = None
        self._moved = 0.0
        self._watch: asyncio.TimerHandle | None = None
        self._made_anew: list[Callable[[], None]] = []
        self.reconnects = 0
        """How often it was made anew."""
        self.server = ""
        """When it was started: the same for two connections means that they lead to the same history."""

    def when_made_anew(self, tell: Callable[[], None]) -> None:
        """Each time, before anything is asked on the new connection."""
        self._made_anew.append(tell)

    def take(self, turn: Turn) -> None:
        """Its turn comes after those that were taken before."""
        if self._running is None and not self._turns:
            self._moved = self._loop.time()
            if self._line is not None:
                self._line.look()  # a farewell may have come, and not been noticed yet
        self._turns.append(turn)
        if self._watch is None:
            self._watch = self._loop.call_later(self._answer_within, self._check_moved)
        self._go_on()

    async def connect(self) -> None:
        """Raises psycopg.Error or TimeoutError."""
        async with asyncio.timeout(self._answer_within):
            self._line, self.server = await _line(self._dsn, self._cell, self._statements, self._set_up)
        self._gone.clear()
        self._line.serve(answered=self._answered, lost=self._lost)
        for tell in self._made_anew:
            tell()
        self._moved = self._loop.time()
        self._go_on()

    async def stay_connected(self) -> None:
        """For good."""
        pause = FIRST_PAUSE
        while True:
            begun = self._loop.time()
            await self._gone.wait()
            if self._loop.time() > begun + LONGEST_PAUSE.total_seconds():
                pause = FIRST_PAUSE
            else:
                await asyncio.sleep(pause.total_seconds() * random.uniform(0.5, 1))  # noqa: S311 - spreads, hides nothing
                pause = min(pause * 2, LONGEST_PAUSE)
            try:
                await self.connect()
                self.reconnects += 1
            except Exception as error:  # noqa: BLE001 - an outermost loop
                _log.warning("a connection to the database can't be made anew: %s", refusal_in(error).value)

    def close(self) -> None:
        if self._line is not None:
            self._line.close()
        if self._watch is not None:
            self._watch.cancel()
        self._line = self._watch = None
        self._fail_all()

    def _go_on(self) -> None:
        while self._line is not None and self._running is None and self._turns:
            turn = self._turns.popleft()
            values = turn.values()
            if values is None:
                continue
            self._running = turn
            try:
                self._line.send(turn.statement, values)
            except StatementFailed as failure:
                self._running = None
                turn.failed(failure)

    def _answered(self, results: Sequence[PGresult]) -> None:
        turn, self._running = self._running, None
        self._moved = self._loop.time()
        line = self._line
        assert turn is not None
        assert line is not None
        self._go_on()  # the server has the next while these are loaded
        try:
            rows = line.rows(results)
        except StatementFailed as failure:
            turn.failed(failure)
        else:
            turn.answered(rows)

    def _lost(self) -> None:
        _log.warning("a connection to the database is gone, and is made anew")
        turn, self._running, self._line = self._running, None, None
        self._gone.set()
        if turn is not None:
            turn.failed(None)

    def _check_moved(self) -> None:
        """Looks once in a while instead of timing each statement, which would cost more than sending it."""
        self._watch = None
        if self._running is None and not self._turns:
            return
        left = self._moved + self._answer_within - self._loop.time()
        if left > 0:
            self._watch = self._loop.call_later(left, self._check_moved)
            return
        if self._line is not None:
            self._line.close()
            self._lost()
        self._fail_all()

    def _fail_all(self) -> None:
        turns = [self._running] if self._running is not None else []
        turns += self._turns
        self._running = None
        self._turns.clear()
        for turn in turns:
            turn.failed(None)


@asynccontextmanager
async def open_pinned(
    dsn: str,
    statements: Collection[Statement],
    *,
    settings: Mapping[str, str] | None = None,
    answer_within: timedelta = ANSWER_WITHIN,
    cell: str = DEFAULT_CELL,
) -> AsyncIterator[PinnedConnection]:
    """With these statements prepared, and these settings of the session beside the usual ones.

    Raises StoreUnavailable when the first connection can't be made.
    """
    pinned = PinnedConnection(dsn, statements, settings=settings, answer_within=answer_within, cell=cell)
    try:
        async with translated():
            await pinned.connect()
    except TimeoutError:
        raise StoreUnavailable from None
    staying = asyncio.create_task(pinned.stay_connected(), name="pinned connection")
    try:
        yield pinned
    finally:
        # Up to Python 3.11 a cancellation that meets the end of psycopg's own waiting is lost (cpython issue 86296).
        while not staying.done():
            staying.cancel()
            await asyncio.wait([staying], timeout=FIRST_PAUSE.total_seconds())
        pinned.close()


def _set_up(cell: str, settings: Mapping[str, str] | None) -> str:
    """Of settings that stand in this program, and the cell's name, which has no quotes."""
    every = {"search_path": search_path(cell), **SETTINGS, **(settings or {})}
    return SET_UP.format(", ".join(f"('{name}', '{value}')" for name, value in every.items()))


async def _line(dsn: str, cell: str, statements: Collection[Statement], set_up: str) -> tuple[Line, str]:
    """A connection as the pool's are, with the statements prepared, and when its server was started.

    psycopg makes it, which resolves names without blocking and goes from host to host; libpq alone does neither.
    """
    connection = await AsyncConnection.connect(
        dsn, application_name="calendarsync", connect_timeout=int(CONNECT_TIMEOUT.total_seconds())
    )
    line = Line(connection)
    try:
        ((standby, schema, server),) = await line.set_up(set_up, statements, WHERE)
        require_right_place(standby, schema, cell)
    except BaseException:
        line.close()
        raise
    return line, server
