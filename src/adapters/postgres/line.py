"""One connection by libpq's own calls: statements are sent and answered from the event loop, without pool and cursor.

For a small statement, what psycopg's pool and cursor do takes several times as long as libpq and the server together.
docs/performance.md has the figures.
"""

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import AsyncConnection, abc, postgres
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, DiagnosticField, ExecStatus, Format
from psycopg.pq.abc import PGresult

from adapters.postgres.errors import StatementFailed, statement_failed

Row = tuple[Any, ...]
GOOD = {ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK}


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """To be prepared. `text` has its parameters as $1, $2 and so on; `types` names theirs, as in `text[]`."""

    name: str
    text: str
    types: tuple[str, ...]


Results = Sequence[PGresult]


class Line:
    """Runs one statement at a time on a connection that is otherwise left alone, and that it closes in the end."""

    def __init__(self, connection: AsyncConnection[Any]) -> None:
        self._connection = connection
        self._pgconn = connection.pgconn
        self._socket = self._pgconn.socket
        self._loop = asyncio.get_running_loop()
        self._answered: Callable[[Results], None] = _ignore
        self._lost: Callable[[], None] = _ignore
        self._dumping: dict[str, abc.Transformer] = {}
        self._loading = Transformer(connection)
        self._results: list[PGresult] = []
        self._open, self._busy, self._writing, self._ending = True, False, False, False
        self._pgconn.notice_handler = self._heed
        self._loop.add_reader(self._socket, self.look)

    async def set_up(self, first: str, statements: Collection[Statement], last: str) -> list[Row]:
        """Run `first`, have statements prepared, and run `last`, all in one transaction; returns the rows of `last`.

        Raises StatementFailed, or psycopg.OperationalError when the connection goes.
        """
        done: asyncio.Future[Results] = self._loop.create_future()
        prepare = [f"PREPARE {one.name} {_parenthesised(one.types)} AS {one.text};" for one in statements]
        self.serve(answered=_give(done), lost=lambda: _fail(done))
        self._busy = True
        self._attempt(lambda: self._pgconn.send_query("".join([first, *prepare, last]).encode()))
        rows = self.rows(await done)
        # Made now, since they go by the session's settings.
        self._loading = Transformer(self._connection)
        for one in statements:
            self._dumping[one.name] = dumping = Transformer(self._connection)
            dumping.set_dumper_types([postgres.types.get_oid(name) for name in one.types], Format.BINARY)
        return rows

    def serve(self, *, answered: Callable[[Results], None], lost: Callable[[], None]) -> None:
        """From now on `answered` is called with the results of each statement, which `rows` reads, and `lost` once,
        when the connection is gone: whether a statement on its way is done then, nobody knows."""
        self._answered, self._lost = answered, lost
        if not self._open:
            lost()

    def send(self, statement: Statement, values: Sequence[Any]) -> None:
        """Raises StatementFailed for values that their types can't hold; then nothing was sent."""
        formats = [PyFormat.BINARY] * len(values)
        try:
            written = self._dumping[statement.name].dump_sequence(values, formats)
        except psycopg.Error as error:
            raise statement_failed(error) from None
        except (UnicodeError, OverflowError):
            raise StatementFailed("") from None
        self._busy = True
        self._attempt(
            lambda: self._pgconn.send_query_prepared(
                statement.name.encode(), written, [Format.BINARY] * len(values), Format.BINARY
            )
        )

    def rows(self, results: Results) -> list[Row]:
        """Raises StatementFailed."""
        for result in results:
            if result.status not in GOOD:
                raise statement_failed(error_from_result(result)) from None
        self._loading.set_pgresult(results[-1])
        try:
            return self._loading.load_rows(0, results[-1].ntuples, tuple)
        except psycopg.Error as error:
            raise statement_failed(error) from None

    def look(self) -> None:
        """Take in what came from the server: an answer, or something unasked, such as its farewell."""
        self._attempt(self._take_in)

    def close(self) -> None:
        if self._open:
            self._open = False
            self._loop.remove_reader(self._socket)
            self._loop.remove_writer(self._socket)
            self._pgconn.finish()

    def _attempt(self, act: Callable[[], None]) -> None:
        """What libpq raises here means that the connection is of no more use."""
        if not self._open:
            return
        try:
            act()
            self._flush()
        except psycopg.Error:
            if self._open:
                self.close()
                self._lost()

    def _take_in(self) -> None:
        self._pgconn.consume_input()
        while not self._pgconn.is_busy() and self._busy:  # asked first: only then what came is looked at
            result = self._pgconn.get_result()
            if result is not None:
                self._heed(result)
                self._results.append(result)
                continue
            self._require_alive()
            results, self._results, self._busy = self._results, [], False
            self._answered(results)
        self._require_alive()

    def _heed(self, said: PGresult) -> None:
        """The farewell comes before the end, as an error or, when nothing runs, as a notice."""
        severity = said.error_field(DiagnosticField.SEVERITY_NONLOCALIZED)
        self._ending = self._ending or severity in {b"FATAL", b"PANIC"}

    def _require_alive(self) -> None:
        """A dead connection's last result is libpq's word and not the server's."""
        if self._ending or self._pgconn.status != ConnStatus.OK:
            raise psycopg.OperationalError

    def _flush(self) -> None:
        """What the socket doesn't take at once goes when it takes more."""
        unsent = self._pgconn.flush() != 0
        if unsent and not self._writing:
            self._loop.add_writer(self._socket, self.look)
        elif self._writing and not unsent:
            self._loop.remove_writer(self._socket)
        self._writing = unsent


def _parenthesised(types: Sequence[str]) -> str:
    return f"({', '.join(types)})" if types else ""


def _ignore(_: Results = ()) -> None:
    """Nobody has asked yet."""


def _give(done: asyncio.Future[Results]) -> Callable[[Results], None]:
    return lambda results: None if done.done() else done.set_result(results)


def _fail(done: asyncio.Future[Results]) -> None:
    if not done.done():
        done.set_exception(psycopg.OperationalError())
