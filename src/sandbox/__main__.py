"""`python -m sandbox`: runs the sandbox until it is stopped."""

import argparse
import asyncio
import contextlib
import json
import signal
import sys
import zoneinfo
from pathlib import Path

from sandbox.service import Sandbox


def main() -> None:
    """Parse the command line and serve."""
    zoneinfo.reset_tzpath(to=())  # the package's zones only, whatever the machine has
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(_parser().parse_args()))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="sandbox", description="A stand-in for Microsoft, Google and iCloud, on this machine."
    )
    parser.add_argument("--host", default="127.0.0.1", help="where sign-in, calendars and mail listen")
    parser.add_argument("--port", type=int, default=0, help="of sign-in and calendars; 0 takes a free one")
    parser.add_argument("--icloud-port", type=int, default=0, help="of iCloud's first host")
    parser.add_argument("--control-port", type=int, default=0)
    parser.add_argument("--smtp-port", type=int, default=0)
    parser.add_argument("--ca-file", type=Path, help="where to write the authority's certificate (PEM)")
    parser.add_argument("--client-id", default="sandbox-client")
    parser.add_argument("--client-secret", default="sandbox-secret")
    parser.add_argument("--google-client-id", default="sandbox-google-client")
    parser.add_argument("--google-client-secret", default="sandbox-google-secret")
    parser.add_argument(
        "--redirect-uri-prefix",
        action="append",
        default=[],
        help="allow only redirect URIs that begin so; may be repeated (default: https and loopback)",
    )
    parser.add_argument(
        "--plain-sign-in",
        action="store_true",
        help="lead browsers to sign-in pages without TLS, on this machine, as they don't know the authority",
    )
    parser.add_argument("--exit-with-stdin", action="store_true", help="stop when standard input closes")
    return parser


async def _serve(options: argparse.Namespace) -> None:
    async with Sandbox.start(
        host=options.host,
        port=options.port,
        icloud_port=options.icloud_port,
        control_port=options.control_port,
        smtp_port=options.smtp_port,
        ca_file=options.ca_file,
        client_id=options.client_id,
        client_secret=options.client_secret,
        google_client_id=options.google_client_id,
        google_client_secret=options.google_client_secret,
        redirect_prefixes=tuple(options.redirect_uri_prefix),
        plain_sign_in=options.plain_sign_in,
    ) as sandbox:
        stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stopped.set)
        if options.exit_with_stdin:
            await _watch_stdin(stopped)
        print(json.dumps(_addresses(sandbox)), flush=True)  # noqa: T201 - the line is what callers wait for
        await stopped.wait()


def _addresses(sandbox: Sandbox) -> dict[str, str]:
    return {
        "authority": sandbox.authority,
        "graph_url": sandbox.graph_url,
        "ca_file": str(sandbox.ca_file),
        "control_url": sandbox.control_url,
        "smtp_url": sandbox.smtp_url,
        "client_id": sandbox.client_id,
        "client_secret": sandbox.client_secret,
        "google_authorization_url": sandbox.google_authorization_url,
        "google_token_url": sandbox.google_token_url,
        "google_revocation_url": sandbox.google_revocation_url,
        "google_keys_url": sandbox.google_keys_url,
        "google_userinfo_url": sandbox.google_userinfo_url,
        "google_calendar_url": sandbox.google_calendar_url,
        "google_client_id": sandbox.google_client_id,
        "google_client_secret": sandbox.google_client_secret,
        "icloud_url": sandbox.icloud_url,
        "icloud_hosts": ",".join(one.removeprefix("https://") for one in sandbox.icloud_partition_urls),
        "foreign_url": sandbox.foreign_url,
    }


class _EndOfInput(asyncio.Protocol):
    """Sets an event once the other end has closed."""

    def __init__(self, ended: asyncio.Event) -> None:
        self._ended = ended

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended.set()


async def _watch_stdin(ended: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: _EndOfInput(ended), sys.stdin)


if __name__ == "__main__":
    main()
