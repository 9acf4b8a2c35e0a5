"""Keeps what a failed call says small enough to arrive.

It travels in the trailing metadata. Clients accept 8 KiB of it: gRPC's own refuse more at random, and 16 KiB always.
Their caller then gets RESOURCE_EXHAUSTED instead of the reason.
"""

from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import quote

from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

LARGEST_TRAILERS: Final = 8 * 1024
"""Bytes of the names and values, and 32 for each pair, as HTTP/2 counts them."""
PAIR: Final = 32
CUT_OFF: Final = " ..."
ALL_THE_REST: Final = 512
"""Bytes for the status number, the request id, the pushback and whatever the transport adds."""
METADATA: Final = 3000
"""Bytes for the values of the reason's metadata, where all that there is does not fit."""
MESSAGE: Final = 1000
"""Bytes for the message in percent-encoding, in which it travels, then."""


def status_that_fits(
    code: int, message: str, info: error_details_pb2.ErrorInfo, details: Sequence[Message]
) -> status_pb2.Status:
    """With all of it where that fits.

    Else with lists of ids in the reason's metadata cut short, then with a shorter message, and then without the largest
    details. The reason is always there.
    """
    status = _status(code, message, info, details)
    if trailers_size(status) > LARGEST_TRAILERS:
        short = error_details_pb2.ErrorInfo(
            reason=info.reason, domain=info.domain, metadata=_shortened(info.metadata)
        )
        status = _status(code, message, info := short, details)
    if trailers_size(status) > LARGEST_TRAILERS:
        status = _status(code, message := _shorter(message), info, details)
    while trailers_size(status) > LARGEST_TRAILERS and details:
        largest = max(details, key=lambda one: one.ByteSize())
        details = [one for one in details if one is not largest]
        status = _status(code, message, info, details)
    return status


def trailers_size(status: status_pb2.Status) -> int:
    """Bytes of the trailing metadata with this status in it. Binary values travel in base64."""
    message = len("grpc-message") + len(_travelling(status.message)) + PAIR
    details = len("grpc-status-details-bin") + 4 * -(-status.ByteSize() // 3) + PAIR
    return message + details + ALL_THE_REST


def _shortened(metadata: Mapping[str, str]) -> dict[str, str]:
    room = METADATA // max(len(metadata), 1)
    return {
        key: value if len(value.encode()) <= room else _cut(value, room) for key, value in metadata.items()
    }


def _cut(value: str, room: int) -> str:
    """Lists are separated by spaces: what is cut off is cut off between two of their items, and said."""
    whole_items = value.encode()[: room - len(CUT_OFF)].decode(errors="ignore").rpartition(" ")[0]
    return (whole_items + CUT_OFF).strip()


def _shorter(message: str) -> str:
    while len(_travelling(message)) > MESSAGE:
        message = message[: len(message) // 2]
    return message


def _travelling(message: str) -> str:
    return quote(message, safe=" ")


def _status(
    code: int, message: str, info: error_details_pb2.ErrorInfo, details: Sequence[Message]
) -> status_pb2.Status:
    status = status_pb2.Status(code=code, message=message)
    for detail in (info, *details):
        status.details.add().Pack(detail)
    return status
