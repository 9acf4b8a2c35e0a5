"""Answers that their servicer wrote as bytes itself."""

from collections.abc import Callable
from typing import Any

from google.protobuf.message import Message

Answer = Message | bytes


def serializing_unless_written(serialize: Callable[[Any], bytes]) -> Callable[[Answer], bytes]:
    """For a method's handler: `serialize`, but for what is bytes already."""

    def serialized(answer: Answer) -> bytes:
        return answer if isinstance(answer, bytes) else serialize(answer)

    return serialized
