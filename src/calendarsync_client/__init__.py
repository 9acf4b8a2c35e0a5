"""What a caller of CalendarSync needs besides its stubs, which are `calendarsync.v1`.

A channel that balances, repeats what may be repeated and notices dead connections; failures by their reason; and the
feed of changes, taken up again where it broke off. Everything else is plain gRPC.
"""

from calendarsync_client.channels import SERVICE_CONFIG, aio_channel, channel
from calendarsync_client.failures import Failure, failure_of
from calendarsync_client.feed import follow, follow_blocking

__all__ = [
    "SERVICE_CONFIG",
    "Failure",
    "aio_channel",
    "channel",
    "failure_of",
    "follow",
    "follow_blocking",
]
