"""How much the gRPC side takes at most: of connections, of one connection, of calls, of bytes."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from server.rpc.callers.limits import CallerLimits
from server.rpc.calls.open_calls import MOST_CALLS
from server.rpc.calls.open_streams import MOST_STREAMS

PING_FLOOR: Final = timedelta(seconds=5)
"""How often clients may ping, as the contract says: on a stream on which nothing happens, the library's own enforcement
ends the connection of who pings more often."""
LARGEST_RECEIVED: Final = 1024 * 1024
"""Bytes. What is larger is refused by the transport, without a reason; requests have a smaller limit of their own.
It is taken in before anything of ours runs, so it is what a stranger may have us keep for each call that they begin."""
LARGEST_SENT: Final = 16 * 1024 * 1024
"""Bytes; answers have a smaller limit of their own."""
LARGEST_METADATA: Final = 8 * 1024
"""Bytes of a call's metadata as HTTP/2 counts them; more of it than this is refused at random, and more than twice as
much always."""
HANDSHAKE: Final = timedelta(seconds=10)
"""For TLS, and for the first frames of a connection. Whoever says nothing for so long is cut off."""
MOST_ARRIVED: Final = 10_000
"""Calls of one method that wait to be taken up, which the library does one by one.

Core ends what is more than this as CANCELLED, without a reason; left to itself, some of more than 1,000 and all of more
than 3,000 (grpcio 1.85). After a restart that many watchers come at once.
"""
SPARE: Final = 1_000
"""Calls beside those that there may be: for the time in which others are refused."""
AGE_GRACE: Final = timedelta(seconds=30)
"""For calls that are under way on a connection that has become too old, beside the longest life of a stream."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """`connection_age` is also how long a stream lasts at most; None: both last for good."""

    ping_floor: timedelta = PING_FLOOR
    most_connections: int = 2_000
    most_streams: int = MOST_STREAMS
    most_calls: int = MOST_CALLS
    connection_age: timedelta | None = timedelta(minutes=30)
    connection_idle: timedelta = timedelta(minutes=10)
    spare: int = SPARE

    @property
    def most_at_once(self) -> int:
        """Calls and streams, also of those who have not sent their request yet and have not said who they are.

        Beyond it the library refuses them without a reason: this keeps memory from running out, and nothing else.
        """
        return self.most_streams + self.most_calls + 2 * self.spare

    def most_of_connection(self, limits: CallerLimits | None) -> int:
        """Calls and streams at once. All that comes on it afterwards waits in the caller's library, without a word; so
        it is more than those who may have so many ever reach: they are refused here, with a reason."""
        own = self.most_streams + self.most_calls if limits is None else limits.streams + limits.calls_at_once
        return own + self.spare

    def options(self, limits: CallerLimits | None) -> list[tuple[str, int]]:
        """For the library."""
        options = {
            "grpc.max_receive_message_length": LARGEST_RECEIVED,
            "grpc.max_send_message_length": LARGEST_SENT,
            "grpc.max_metadata_size": LARGEST_METADATA,
            "grpc.absolute_max_metadata_size": 2 * LARGEST_METADATA,
            "grpc.so_reuseport": 0,  # a second process on the same port is a mistake, and should fail
            "grpc.keepalive_time_ms": 60_000,
            "grpc.keepalive_timeout_ms": 20_000,
            "grpc.keepalive_permit_without_calls": 1,
            # Pings that were sent at the floor may arrive closer to each other: half of it is held to.
            "grpc.http2.min_ping_interval_without_data_ms": _ms(self.ping_floor / 2),
            "grpc.server.max_pending_requests": MOST_ARRIVED,
            "grpc.server.max_pending_requests_hard_limit": MOST_ARRIVED,
            "grpc.server_handshake_timeout_ms": _ms(HANDSHAKE),
            "grpc.max_allowed_incoming_connections": self.most_connections,
            "grpc.max_concurrent_streams": self.most_of_connection(limits),
            "grpc.max_connection_idle_ms": _ms(self.connection_idle),
        }
        if self.connection_age is not None:
            options["grpc.max_connection_age_ms"] = _ms(self.connection_age)
            options["grpc.max_connection_age_grace_ms"] = _ms(self.connection_age + AGE_GRACE)
        return list(options.items())


def _ms(time: timedelta) -> int:
    return time // timedelta(milliseconds=1)
