"""One statement for all calls that ask while the one before runs."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from adapters.postgres.errors import StatementFailed
from adapters.postgres.line import Row, Statement
from adapters.postgres.pinned import PinnedConnection
from application.ports.store import StoreUnavailable

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class RowsUnreadable(Exception):
    """The statement of several calls is done, and the rows of one make no sense to us; the cause says why.

    Whose they are, each finds out alone.
    """


class SharedStatement(Generic[Item, Answer]):
    """`values` makes parameters of the items that share a run, and `answers` gives each its part of the rows, in order.

    A run is for items of at most `most` in `weight` together, or for a single one. It begins after they came: what was
    committed before a call is seen by it.
    """

    def __init__(
        self,
        connection: PinnedConnection,
        statement: Statement,
        *,
        values: Callable[[Sequence[Item]], Sequence[Any]],
        answers: Callable[[Sequence[Item], Sequence[Row]], Sequence[Answer]],
        weight: Callable[[Item], int] = lambda _: 1,
        most: int = 100,
    ) -> None:
        self.statement = statement
        self.values, self.answers = values, answers
        self._connection = connection
        self._weight, self._most = weight, most
        self._open: _Run[Item, Answer] | None = None
        self._left = 0

    async def ask(self, item: Item) -> Answer:
        """Raises StatementFailed, StoreUnavailable, or both in one, and RowsUnreadable where it was shared.

        Whoever is cancelled cancels nobody else.
        """
        weight = self._weight(item)
        run = self._open
        if run is None or run.closed or weight > self._left:
            run = self._open = _Run(self)
            self._left = self._most
            answer = run.add(item)
            self._connection.take(run)
        else:
            answer = run.add(item)
        self._left -= weight
        return await answer

    async def ask_alone(self, item: Item) -> Answer:
        """The same in a run of its own, for one whose run failed and that may not have been the reason."""
        run = _Run(self)
        answer = run.add(item)
        self._connection.take(run)
        return await answer


class _Run(Generic[Item, Answer]):
    """A turn on the connection for those who share it: a future each."""

    def __init__(self, shared: SharedStatement[Item, Answer]) -> None:
        self.statement = shared.statement
        self.closed = False
        self._shared = shared
        self._items: list[Item] = []
        self._futures: list[asyncio.Future[Answer]] = []

    def add(self, item: Item) -> asyncio.Future[Answer]:
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._items.append(item)
        self._futures.append(future)
        return future

    def values(self) -> Sequence[Any] | None:
        self.closed = True
        if any(future.done() for future in self._futures):  # cancelled
            left = [both for both in zip(self._items, self._futures, strict=True) if not both[1].done()]
            self._items, self._futures = [item for item, _ in left], [future for _, future in left]
        try:
            return self._shared.values(self._items) if self._items else None
        except Exception as error:  # noqa: BLE001 - the callers', and raised in each
            self._raise_in_all(error)
            return None

    def answered(self, rows: Sequence[Row]) -> None:
        try:
            answers = self._shared.answers(self._items, rows)
        except Exception as error:  # noqa: BLE001 - the callers', and raised in each
            self._raise_in_all(error if len(self._futures) == 1 else _unreadable(error))
            return
        for future, answer in zip(self._futures, answers, strict=True):
            if not future.done():
                future.set_result(answer)

    def failed(self, failure: StatementFailed | None) -> None:
        self.closed = True  # it may have failed before it began
        for future in self._futures:
            if not future.done():
                future.set_exception(
                    StoreUnavailable() if failure is None else failure.shared_by(len(self._futures))
                )

    def _raise_in_all(self, error: Exception) -> None:
        for future in self._futures:
            if not future.done():
                future.set_exception(error)


def _unreadable(error: Exception) -> RowsUnreadable:
    unreadable = RowsUnreadable()
    unreadable.__cause__ = error
    return unreadable
