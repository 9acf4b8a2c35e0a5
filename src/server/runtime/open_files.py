"""How many files and sockets the process may open, all of which it may use."""

import resource
from contextlib import suppress
from dataclasses import replace
from typing import Final

import structlog

from server.http.connections.limits import PART_OF_FILES, HttpLimits, connections_within

ENOUGH: Final = 65_536
"""What is asked for at most: some systems allow a thousand million, and going through them one by one takes long."""
log = structlog.stdlib.get_logger("server.runtime.open_files")


def all_files() -> int:
    """How many there may be, once the process has asked for as many as it can have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = ENOUGH if hard == resource.RLIM_INFINITY else min(hard, ENOUGH)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(ValueError, OSError):  # a system may allow less than it says
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            return wanted
    return ENOUGH if soft == resource.RLIM_INFINITY else soft


def within_files(limits: HttpLimits, files: int) -> HttpLimits:
    """No more connections than leave room for everything else; the log says so where they are fewer than was wanted."""
    connections = connections_within(limits.connections, files)
    if connections < limits.connections:
        log.warning(
            "few files may be opened, and so few HTTP connections taken",
            files=files,
            connections=connections,
            files_wanted=limits.connections * PART_OF_FILES,
        )
    return replace(limits, connections=connections)
