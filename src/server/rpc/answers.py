"""Answers that their servicer wrote as bytes itself."""

from collections.abc import Callable
from typing import Any, Final

from google.protobuf.message import Message

from server.rpc.faults import AnswerTooLarge

Answer = Message | bytes
LARGEST_ANSWER: Final = 4 * 1024 * 1024
"""Bytes: what gRPC's libraries take unless they are told otherwise. Their own refusal has no reason."""


def within_limits(answer: bytes) -> bytes:
    """The answer. Raises AnswerTooLarge."""
    if len(answer) > LARGEST_ANSWER:
        raise AnswerTooLarge(size=len(answer), limit=LARGEST_ANSWER)
    return answer


def serializing_unless_written(serialize: Callable[[Any], bytes]) -> Callable[[Answer], bytes]:
    """For a method's handler: `serialize`, but for what is bytes already."""

    def serialized(answer: Answer) -> bytes:
        return answer if isinstance(answer, bytes) else serialize(answer)

    return serialized
