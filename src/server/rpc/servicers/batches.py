"""Many requests in one call: each has a result of its own, and none is in another's way."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from google.protobuf.message import Message
from google.rpc.status_pb2 import Status

from application.cells.find_moved import FindMoved
from domain.ids import ExpertId
from server.rpc.callers.limits import OF_A_BATCH
from server.rpc.calls.deadline import require_time_left, what_ended
from server.rpc.calls.elsewhere import meaning_about
from server.rpc.calls.failures import log_unexpected
from server.rpc.calls.validation import require_valid_item
from server.rpc.errors import ErrorAnswers
from server.rpc.faults import RepeatedInBatch

R = TypeVar("R", bound=Message)
A = TypeVar("A")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind(Generic[R, A]):
    """`ids` are what a request is about, the expert first; `failed` makes a result of a failure. Requests that are put
    `in_order` come after all others, one after the other where they are about one expert."""

    ids: Callable[[R], tuple[str, ...]]
    put: Callable[[R], Awaitable[A]]
    failed: Callable[[Status], A]
    in_order: Callable[[R], bool] = lambda _: False


@dataclass(frozen=True, slots=True, kw_only=True)
class Batches:
    find_moved: FindMoved
    answer_to: ErrorAnswers

    async def __call__(
        self, kind: Kind[R, A], requests: Sequence[R], *, until: float | None = None
    ) -> list[A]:
        """Their results, in their order. Of two with the same ids the later one fails, and so does what isn't done
        `until` then, by the loop's clock."""
        repeated = _repeated([kind.ids(one) for one in requests])
        results: dict[int, A] = {}
        places = asyncio.Semaphore(OF_A_BATCH)

        async def put(numbers: Sequence[int]) -> None:
            async with places:
                for number in numbers:
                    results[number] = await self._result(
                        kind, requests[number], until, repeated=number in repeated
                    )

        for stage in _stages(kind, requests):
            async with asyncio.TaskGroup() as tasks:
                for numbers in stage:
                    tasks.create_task(put(numbers))
        return [results[number] for number in range(len(requests))]

    async def _result(self, kind: Kind[R, A], request: R, until: float | None, *, repeated: bool) -> A:
        limit = asyncio.timeout_at(until)
        try:
            if repeated:
                raise RepeatedInBatch
            require_valid_item(request)
            require_time_left(until)
            async with limit:
                return await kind.put(request)
        except Exception as error:  # noqa: BLE001 - what would end a call of its own ends none of those beside it
            ended_by, expert_id = what_ended(limit, error), ExpertId(kind.ids(request)[0])
            meant = await meaning_about(expert_id, ended_by, self.find_moved)
            answer = self.answer_to(meant)
            log_unexpected(answer, meant)
            return kind.failed(answer.status)


def _stages(kind: Kind[R, A], requests: Sequence[R]) -> tuple[Collection[Sequence[int]], ...]:
    """The numbers of the requests: stage after stage, in each of which some are put one after the other."""
    alone: list[list[int]] = []
    of_expert: defaultdict[str, list[int]] = defaultdict(list)
    for number, request in enumerate(requests):
        if kind.in_order(request):
            of_expert[kind.ids(request)[0]].append(number)
        else:
            alone.append([number])
    return alone, of_expert.values()


def _repeated(ids: Sequence[tuple[str, ...]]) -> frozenset[int]:
    """The numbers of those that name what an earlier one names. What names nothing is invalid, and no repeat."""
    first: dict[tuple[str, ...], int] = {}
    return frozenset(
        number for number, one in enumerate(ids) if all(one) and first.setdefault(one, number) != number
    )
