"""The options of `python -m connected_calendars`, each checked before anything starts."""

import argparse
import socket
from typing import Final, NamedTuple
from urllib.parse import urlsplit

USUAL: Final = "127.0.0.1:8090"


class Address(NamedTuple):
    """Where to listen."""

    host: str
    port: int

    def listen(self) -> socket.socket:
        """Raises OSError."""
        return socket.create_server(
            tuple(self), family=socket.AF_INET6 if ":" in self.host else socket.AF_INET
        )


def parser(about: str | None) -> argparse.ArgumentParser:
    known = argparse.ArgumentParser(prog="connected_calendars", description=about)
    known.add_argument(
        "--listen", type=_address, default=USUAL, metavar="HOST:PORT", help=f"where browsers come ({USUAL})"
    )
    known.add_argument("--listen-fd", type=int, metavar="N", help="an open socket to listen at instead")
    known.add_argument(
        "--public-url",
        type=_url,
        metavar="URL",
        help="how browsers reach it, if not by http at that address; without a path",
    )
    known.add_argument("--service", default="127.0.0.1:50051", metavar="HOST:PORT", help="the service's gRPC")
    known.add_argument(
        "--sandbox-control", type=_url, metavar="URL", help="of the sandbox that it stands beside"
    )
    known.add_argument("--exit-with-stdin", action="store_true", help="stop when standard input closes")
    return known


def url_of(listening: socket.socket) -> str:
    """How a browser on this machine reaches it."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _address(text: str) -> Address:
    """Always with a host: without one it would listen at every address of the machine, and nobody asks for a password
    here."""
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not HOST:PORT, such as {USUAL}")
    return Address(host, int(port))


def _url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise argparse.ArgumentTypeError(f"{text!r} does not begin with http:// or https:// and a host")
    return text
