"""Addresses to listen at."""

import ipaddress
import re
import socket
from typing import NamedTuple

PATTERN = re.compile(r"(\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<host>[^:\[\]/\s]+)):(?P<port>\d{1,5})")


class Address(NamedTuple):
    """`port` 0 is any free one."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> "Address":
        """Reads `host:port` or `[IPv6]:port`. Raises ValueError."""
        match = PATTERN.fullmatch(text.strip())
        if match is None or int(match["port"]) > 65_535:
            raise ValueError("must be written as host:port")
        return cls(match["six"] or match["host"], int(match["port"]))

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def loopback(self) -> bool:
        """Whether only this machine reaches it."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    def bound(self) -> socket.socket:
        """A socket that listens there. Raises OSError when the address is taken or none of this machine's."""
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        return socket.create_server((self.host, self.port), family=family, reuse_port=False)
