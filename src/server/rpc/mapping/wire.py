"""Fields of protobuf's wire format. Source: protobuf.dev, "Encoding"."""

from typing import Final

LENGTH_DELIMITED: Final = 2


def message_field(number: int, content: bytes) -> bytes:
    """A field that is a message."""
    return before_message(number, len(content)) + content


def before_message(number: int, length: int) -> bytes:
    """What stands before one of so many bytes: a tag and the length."""
    return varint(number << 3 | LENGTH_DELIMITED) + varint(length)


def varint(number: int) -> bytes:
    """Seven bits a byte, the lowest first; the eighth bit says that another byte follows."""
    written = bytearray()
    while number > 0x7F:
        written.append(number & 0x7F | 0x80)
        number >>= 7
    written.append(number)
    return bytes(written)
