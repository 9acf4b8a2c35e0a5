"""Reads the intervals of a CheckTimesRequest from their wire form, all at once: the inverse of `interval_bytes`.

They are laid out as there, but as field 2. Each has to be exactly so, down to the number of a varint's bytes, or none
is read.
"""

from struct import Struct
from typing import Final

from domain.spans import Span
from server.rpc.mapping.interval_bytes import (
    AT_ONCE,
    BEFORE_END,
    BEFORE_START,
    BYTES_EACH,
    MICROS_A_SECOND,
    NUMBERS,
    SEVEN_BITS,
    everywhere,
)

BEFORE_CANDIDATE: Final = b"\x12" + BEFORE_START[1:]
MESSAGE_BYTES: Final = BEFORE_CANDIDATE[1]
VARINT: Final = b"\x80\x80\x80\x80\x00"
FIXED_OF_VARINT: Final = b"\x80\x80\x80\x80\xf0"
"""Of its bits, those that are the same in each. Of 35 bits the last three would not fit into four bytes, so they are
zero: or a time after 2106 would lose them and become another."""
FRAME: Final = everywhere(VARINT, before_start=BEFORE_CANDIDATE, before_end=BEFORE_END)
FIXED: Final = everywhere(
    FIXED_OF_VARINT, before_start=b"\xff" * len(BEFORE_START), before_end=b"\xff" * len(BEFORE_END)
)
PADDING: Final = FRAME.to_bytes(BYTES_EACH * AT_ONCE, "little")
TWO_NUMBERS: Final = Struct("<" + NUMBERS)


def candidate_spans(wire: bytes, *, not_before_seconds: int) -> list[Span] | None:
    """`wire` is a row of candidates, and nothing else; None when one has another layout, order or an earlier start."""
    if len(wire) % BYTES_EACH:
        return None
    spans = []
    for begin in range(0, len(wire), BYTES_EACH * AT_ONCE):
        gathered = _gathered(wire[begin : begin + BYTES_EACH * AT_ONCE])
        if gathered is None:
            return None
        spans += [
            (start * MICROS_A_SECOND, end * MICROS_A_SECOND)
            for start, end in TWO_NUMBERS.iter_unpack(gathered)
            if not_before_seconds <= start < end
        ]
    return spans if len(spans) * BYTES_EACH == len(wire) else None


def candidate_messages(wire: bytes) -> list[bytes]:
    """The same row, each by itself, without the two bytes that make it an element of the request."""
    return [wire[end - MESSAGE_BYTES : end] for end in range(BYTES_EACH, len(wire) + 1, BYTES_EACH)]


def _gathered(wire: bytes) -> bytes | None:
    """With the bits of each number together, in the first four bytes of its varint's five."""
    spread = int.from_bytes(wire + PADDING[len(wire) :], "little")
    if spread & FIXED != FRAME:
        return None
    numbers = 0
    for place, mask in enumerate(SEVEN_BITS):
        numbers |= (spread & mask) >> place
    return numbers.to_bytes(BYTES_EACH * AT_ONCE, "little")[: len(wire)]
