"""`python -m connected_calendars`: serves the page until SIGTERM or SIGINT, or until whoever started it is gone."""

import argparse
import asyncio
import importlib.util
import logging
import signal
import socket
import sys
import zoneinfo
from typing import Final

from aiohttp import web

from connected_calendars.app import Options, make_app
from connected_calendars.command_line import Address, parser, url_of

GRACE_SECONDS: Final = 2.0
"""For answers that are under way. Streams have no end of their own, and are cut off then."""


def main() -> int:
    """0 once it was stopped, 1 when it can't listen."""
    options = parser(__doc__).parse_args()
    if importlib.util.find_spec("tzdata") is not None:
        zoneinfo.reset_tzpath(to=())  # the package's zones, as the service has them, whatever the machine has
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        listening = _listening(options)
    except OSError as error:
        sys.stderr.write(f"connected_calendars can't listen: {error.strerror}\n")
        return 1
    asyncio.run(_serve(listening, options))
    return 0


def _listening(options: argparse.Namespace) -> socket.socket:
    if options.listen_fd is not None:
        return socket.socket(fileno=options.listen_fd)
    address: Address = options.listen
    return address.listen()


async def _serve(listening: socket.socket, options: argparse.Namespace) -> None:
    public_url = options.public_url or url_of(listening)
    app = make_app(
        Options(service=options.service, public_url=public_url, sandbox_control=options.sandbox_control or "")
    )
    # Without its access log, which would have the tokens of sign-ins in it.
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=GRACE_SECONDS)
    await runner.setup()
    try:
        await web.SockSite(runner, listening).start()
        stopped = await _stop_signals(with_stdin=options.exit_with_stdin)
        sys.stdout.write(f"{public_url}\n")
        sys.stdout.flush()
        await stopped.wait()
    finally:
        await runner.cleanup()


async def _stop_signals(*, with_stdin: bool) -> asyncio.Event:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    if with_stdin:
        await loop.connect_read_pipe(lambda: _EndOfInput(stopped), sys.stdin)
    return stopped


class _EndOfInput(asyncio.Protocol):
    """Tells when the other end has closed, be it that whoever held it was killed."""

    def __init__(self, ended: asyncio.Event) -> None:
        self._ended = ended

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended.set()


if __name__ == "__main__":
    sys.exit(main())
