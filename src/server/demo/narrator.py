"""Tells the story in readable lines, and stops where reality differs."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import grpc
from google.rpc import error_details_pb2, status_pb2

Answer = TypeVar("Answer")


class NotAsTold(Exception):
    """A step of the story ended differently."""


class Narrator:
    """Prints chapters and steps to standard output."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._chapters = 0

    def chapter(self, title: str) -> None:
        self._chapters += 1
        print(f"\n{self._chapters}. {title}")  # noqa: T201 - a story is told

    def tell(self, line: str) -> None:
        print(f"   {line}")  # noqa: T201

    def expect(self, told: str, holds: object) -> None:
        """Tell a step that came out as it should. Raises NotAsTold when it did not."""
        if not holds:
            raise NotAsTold(told)
        self.tell(f"✓ {told}")

    def end(self) -> None:
        print(f"\nAs told, in {time.monotonic() - self._started:.1f} seconds.")  # noqa: T201


async def until(
    ask: Callable[[], Awaitable[Answer]], holds: Callable[[Answer], bool], *, told: str, within: float = 20
) -> Answer:
    """Ask again until the answer is as expected. Raises NotAsTold after `within` seconds."""
    deadline = time.monotonic() + within
    while not holds(answer := await ask()):
        if time.monotonic() > deadline:
            raise NotAsTold(f"{told} (waited {within:.0f} s)")
        await asyncio.sleep(0.1)
    return answer


async def refusal(call: Awaitable[object]) -> str:
    """The reason with which a call is refused, a name of ErrorReason. Raises NotAsTold when it isn't refused."""
    try:
        await call
    except grpc.aio.AioRpcError as error:
        for key, value in error.trailing_metadata() or ():
            if key == "grpc-status-details-bin" and isinstance(value, bytes):
                return _reason(status_pb2.Status.FromString(value))
        raise NotAsTold(f"a refusal without a reason: {error.code().name}") from error
    raise NotAsTold("a refusal, but the call succeeded")


def _reason(status: status_pb2.Status) -> str:
    info = error_details_pb2.ErrorInfo()
    if not any(detail.Unpack(info) for detail in status.details):
        raise NotAsTold("a refusal without an ErrorInfo")
    return info.reason
