"""What the adapter must know of the server to talk to, how much it may ask, and how long to wait.

The defaults are iCloud's. Any other CalDAV server is a start URL, its hosts, and what its principals look like.
"""

import re
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Final

from yarl import URL

_ICLOUD: Final = re.compile(r"caldav\.icloud\.com(\.cn)?")


def partitions_of(host: str) -> str:
    """For `allowed_hosts`: the partitions of an iCloud, which are named after its host. Another server's neighbours may
    be anybody's, so of those it names none."""
    return rf"(p[0-9]{{1,4}}-)?{re.escape(host)}:443" if _ICLOUD.fullmatch(host) else ""


PARTITIONS: Final = partitions_of("caldav.icloud.com")
NUMBERED_PRINCIPAL: Final = r"/([0-9]{1,20})/principal"

_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, kw_only=True)
class AppleSettings:
    """`start_url` is where discovery begins and, whatever host an answer names, where every request goes. Passwords are
    sent along, so it is https, except on loopback.

    `allowed_hosts` is a regular expression: a redirect is followed to its own host, and to where `HOST:PORT` matches it
    as a whole. `principal` is one, too, for the path of a principal, percent-decoded and without a slash at its end;
    its group is what identifies a person. `app_specific_passwords`: a password of another shape than Apple's is sent
    nowhere. `ca_file` is a PEM file of the authority to trust instead of the machine's
    own. `at_once` and `per_minute` bound what is asked in one person's name by this process; Apple publishes no limits.
    `first_pause` doubles up to `longest_pause` while a person is throttled. `retry_pauses` lie between the tries of a
    read inside one call; each such try has `read_timeout`, a call as a whole `request_timeout`; a sign-in, for which a
    person waits before our page, has `sign_in_timeout` with all its requests. `largest_answer` is in bytes, after
    decompression.
    """

    start_url: str = "https://caldav.icloud.com"
    allowed_hosts: str = PARTITIONS
    principal: str = NUMBERED_PRINCIPAL
    app_specific_passwords: bool = True
    ca_file: Path | None = None
    at_once: int = 4
    per_minute: int = 240
    connect_timeout: timedelta = timedelta(seconds=10)
    read_timeout: timedelta = timedelta(seconds=60)
    request_timeout: timedelta = timedelta(seconds=90)
    sign_in_timeout: timedelta = timedelta(seconds=30)
    retry_pauses: tuple[timedelta, ...] = (timedelta(milliseconds=200), timedelta(milliseconds=800))
    first_pause: timedelta = timedelta(seconds=2)
    longest_pause: timedelta = timedelta(seconds=64)
    largest_answer: int = 16_000_000
    most_resources: int = 50_000

    def __post_init__(self) -> None:
        start = self.start
        if start.scheme != "https" and not (start.scheme == "http" and start.host in _LOOPBACK):
            raise ValueError("passwords are sent to start_url: it must be https, or on loopback")
        if start.user is not None or start.password is not None or start.query_string or start.fragment:
            raise ValueError("start_url is a scheme, a host and a path")

    @cached_property
    def start(self) -> URL:
        return URL(self.start_url, encoded=True)

    @property
    def start_path(self) -> str:
        return self.start.raw_path or "/"

    @property
    def host_family(self) -> str:
        """The tenant of every account here: `icloud.com`, or `icloud.com.cn` for those in mainland China."""
        return (self.start.host or "").removeprefix("caldav.")

    def trusts(self, url: URL) -> bool:
        """Whether the password may be sent there."""
        try:
            scheme, user, password, host, port = url.scheme, url.user, url.password, url.host, url.port
        except ValueError:  # its parts are looked at only now
            return False
        if scheme != self.start.scheme or user is not None or password is not None:
            return False
        if (host, port) == (self.start.host, self.start.port):
            return True
        return re.fullmatch(self.allowed_hosts, f"{host}:{port}") is not None
