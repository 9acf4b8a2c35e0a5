"""Fields of protobuf's wire format. Source: protobuf.dev, "Encoding"."""

from typing import Final

LENGTH_DELIMITED: Final = 2


def message_field(number: int, content: bytes) -> bytes:
    """A field that is a message: a tag, the length, the content."""
    return b"%b%b%b" % (varint(number << 3 | LENGTH_DELIMITED), varint(len(content)), content)


def varint(number: int) -> bytes:
    """Seven bits a byte, the lowest first; the eighth bit says that another byte follows."""
    written = bytearray()
    while number > 0x7F:
        written.append(number & 0x7F | 0x80)
        number >>= 7
    written.append(number)
    return bytes(written)
