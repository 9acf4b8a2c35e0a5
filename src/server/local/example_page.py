"""The page of connected calendars that a newcomer opens first: a program of its own, where the repository has it."""

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from adapters.postgres.embedded.interruptions import uninterrupted
from server.addresses import Address
from server.local.beside import end_beside, start_beside
from server.runtime.settings import PREFIX

PAGE: Final = "connected_calendars"
"""Run as a program and never imported: it is a caller of ours like any other."""
EXAMPLES: Final = Path(__file__).resolve().parents[3] / "examples"
USUAL: Final = Address("127.0.0.1", 8090)


class ExamplePage:
    """It has its address from the beginning, as the service must allow it as a way back; it starts once the service is
    there, and people are sent to it only then."""

    def __init__(self, listening: socket.socket) -> None:
        self._listening = listening
        self._process: subprocess.Popen[str] | None = None
        host, port = listening.getsockname()[:2]
        self.url: Final = f"http://{host}:{port}"

    def start(self, *, service: str, sandbox_control: str | None) -> bool:
        """Whether it has come up, which takes a second. `service` is the address of our gRPC, without TLS."""
        options = ["--listen-fd", str(self._listening.fileno()), "--service", service]
        if sandbox_control is not None:
            options += ["--sandbox-control", sandbox_control]
        with uninterrupted():
            self._process = start_beside(
                PAGE, options, environment=_environment(), pass_fds=[self._listening.fileno()]
            )
        self._listening.close()  # it is the page's now: nobody waits in vain if that ends
        assert self._process.stdout is not None
        return bool(self._process.stdout.readline())

    def end(self) -> None:
        if self._process is not None:
            end_beside(self._process)


def has_page() -> bool:
    """Whether we run in the repository. A wheel has no examples, nor has a container."""
    return (EXAMPLES / PAGE).is_dir()


@contextmanager
def example_page(address: Address | None) -> Iterator[ExamplePage | None]:
    """Listens there at once, for a page that is started in the block, and ended with it. Without an address: None."""
    if address is None:
        yield None
        return
    with address.bound() as listening:
        page = ExamplePage(listening)
        try:
            yield page
        finally:
            page.end()


def _environment() -> dict[str, str]:
    """Ours without the service's settings, in which there are secrets; and with a path to the page."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    path = os.pathsep.join([str(EXAMPLES), *filter(None, [inherited.get("PYTHONPATH")])])
    return {**inherited, "PYTHONPATH": path}
