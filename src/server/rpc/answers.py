"""How large answers are at most, and those that their servicer wrote as bytes itself."""

from collections.abc import Callable, Iterable
from typing import Any, Final, TypeVar

from google.protobuf.message import Message

from server.rpc.faults import AnswerTooLarge

Answer = Message | bytes
LARGEST_ANSWER: Final = 4 * 1024 * 1024
"""Bytes: what gRPC's libraries take unless they are told otherwise. Their own refusal has no reason."""
LARGEST_PAGE: Final = LARGEST_ANSWER - 16 * 1024
"""Bytes of what is listed: the token for the next page needs room as well."""
BESIDE_AN_ITEM: Final = 8
"""Bytes before each item of a list: its field's number and its length."""

M = TypeVar("M", bound=Message)


def page_of(items: Iterable[M]) -> list[M]:
    """As many of the first as have room in an answer, one at least: where there are more, the next page has them."""
    shown: list[M] = []
    size = 0
    for one in items:
        size += one.ByteSize() + BESIDE_AN_ITEM
        if shown and size > LARGEST_PAGE:
            break
        shown.append(one)
    return shown


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
