"""A caller with the patience that the contract asks for: what was not answered is asked again, of any replica."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Final, TypeVar

import grpc
import grpc.aio
from google.rpc import error_details_pb2, status_pb2

from tests.support.calls import Calls

Answer = TypeVar("Answer")
PATIENCE_SECONDS: Final = 20.0
"""For one question, with all its repeats."""
DEADLINE_SECONDS: Final = 6.0
"""For one try."""
AGAIN: Final = frozenset(
    {
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.CANCELLED,
        grpc.StatusCode.UNKNOWN,
        grpc.StatusCode.INTERNAL,
    }
)
FINAL_REASONS: Final = frozenset({"AVAILABILITY_UNKNOWN", "CALENDARS_UNREADABLE"})
"""Said with a code that asks for patience, but an answer all the same."""


class Refused(Exception):
    """The service said no, and nothing was changed. The text is the reason, such as TIME_TAKEN."""


class NoAnswer(Exception):
    """Nobody knows what became of it."""


@dataclass(slots=True, kw_only=True)
class Asking:
    """`callers` are those of the processes that are there now. `calls` and `repeats` count tries, `faults` what no
    client should ever see."""

    callers: Callable[[], Sequence[Calls]]
    random: Random
    calls: Counter[str] = field(default_factory=Counter)
    repeats: Counter[str] = field(default_factory=Counter)
    internal: list[str] = field(default_factory=list)

    async def __call__(self, what: str, call: Callable[[Calls], Awaitable[Answer]]) -> Answer:
        """The answer. Raises Refused, and NoAnswer when the patience is at its end."""
        end = asyncio.get_running_loop().time() + PATIENCE_SECONDS
        for tries in count(1):
            self.calls[what] += 1
            try:
                async with asyncio.timeout(DEADLINE_SECONDS):
                    return await call(self.random.choice(self.callers()))
            except TimeoutError:
                why = "no answer in time"
            except asyncio.CancelledError:
                if _ends():
                    raise
                why = "the channel was closed"
            except grpc.aio.AioRpcError as error:
                why = self._judge(what, error)
            if asyncio.get_running_loop().time() > end:
                raise NoAnswer(what)
            self.repeats[why] += 1
            await asyncio.sleep(min(0.05 * 2**tries, 1.0) * self.random.uniform(0.5, 1))
        raise AssertionError("unreachable")

    def _judge(self, what: str, error: grpc.aio.AioRpcError) -> str:
        """Why another try is of use. Raises Refused where it is of none."""
        reason = reason_of(error)
        if error.code() is grpc.StatusCode.INTERNAL and reason:
            self.internal.append(f"{what}: {reason}")
        if error.code() not in AGAIN or reason in FINAL_REASONS:
            raise Refused(reason or error.code().name)
        return reason or error.code().name


def _ends() -> bool:
    """Whether this very task is to end. A call whose channel another task closes raises CancelledError, too."""
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0


def reason_of(error: grpc.aio.AioRpcError) -> str:
    """The ErrorInfo's reason; empty where the library itself gave up."""
    packed = dict(error.trailing_metadata() or ()).get("grpc-status-details-bin")
    if isinstance(packed, bytes):
        for one in status_pb2.Status.FromString(packed).details:
            info = error_details_pb2.ErrorInfo()
            with suppress(TypeError):
                if one.Unpack(info):
                    return info.reason
    return ""
