"""Ports for what has to listen at an address that is known beforehand."""

import random
import socket
from contextlib import suppress
from pathlib import Path
from typing import Final

_RANGE: Final = Path("/proc/sys/net/ipv4/ip_local_port_range")
_FIRST: Final = 10_240
_USUAL_LOWEST: Final = 32_768
"""Of the ports that Linux gives to outgoing connections, where it doesn't say."""
_TRIES: Final = 100


def spare_port() -> int:
    """A port of 127.0.0.1 that nobody listens at.

    None of those that the system gives to whoever asks for any: between the choice and the listening another test's
    connection may get one of them.
    """
    for _ in range(_TRIES):
        port = random.SystemRandom().randrange(_FIRST, _lowest_given())
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise AssertionError("no port is free")


def _lowest_given() -> int:
    try:
        lowest = int(_RANGE.read_text().split()[0])
    except (OSError, ValueError):
        return _USUAL_LOWEST
    return lowest if lowest > 2 * _FIRST else _USUAL_LOWEST
