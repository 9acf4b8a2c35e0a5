"""The methods of the contract, as the services' descriptors have them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from google.protobuf import descriptor_pool, message_factory
from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message

from server.rpc.server import SERVICES

RARE: Final = frozenset({"DeleteExpert", "DisconnectAccount"})
"""What would leave little to fuzz if it came as often as the others."""


@dataclass(frozen=True, slots=True)
class Method:
    path: str
    descriptor: Descriptor
    """Of the request."""
    request: type[Message]
    response: type[Message]
    streams: bool

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]


def _methods() -> Iterator[Method]:
    pool = descriptor_pool.Default()
    for service in SERVICES:
        for method in pool.FindServiceByName(service).methods:
            yield Method(
                f"/{service}/{method.name}",
                method.input_type,
                message_factory.GetMessageClass(method.input_type),
                message_factory.GetMessageClass(method.output_type),
                bool(method.server_streaming),
            )


METHODS: Final = tuple(_methods())
