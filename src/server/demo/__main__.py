"""`python -m server.demo`: starts a service of its own on free ports, lives the story against it, and stops it."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import aiohttp
import grpc

from adapters.postgres.embedded.interruptions import uninterrupted
from server.demo.client import Client
from server.demo.narrator import Narrator, NotAsTold
from server.demo.story import Story
from server.demo.three import DOUBT_SECONDS
from server.demo.world import World
from server.runtime.settings import PREFIX, variable
from server.time_zones import use_packaged_zones

INTERRUPTED: Final = 130


def main() -> int:
    """0 when all went as told, 1 when not, 130 after Ctrl-C."""
    use_packaged_zones()
    with tempfile.TemporaryDirectory(prefix="calendarsync-demo-") as folder:
        Path(folder).chmod(0o755)  # PostgreSQL's own account must get in when we are root
        log = Path(folder) / "service.log"
        try:
            with _service(Path(folder), log) as addresses:
                asyncio.run(_tell(addresses))
        except (NotAsTold, grpc.aio.AioRpcError, aiohttp.ClientError) as failed:
            text = failed.details() if isinstance(failed, grpc.aio.AioRpcError) else failed
            sys.stderr.write(f"\nNot as told: {text}\n\nThe end of the service's log:\n{_end_of(log)}\n")
            return 1
        except KeyboardInterrupt:
            sys.stderr.write("\nStopped.\n")
            return INTERRUPTED
    return 0


async def _tell(addresses: dict[str, Any]) -> None:
    async with (
        grpc.aio.insecure_channel(addresses["grpc_address"]) as channel,
        aiohttp.ClientSession() as http,
    ):
        world = World(http=http, control_url=addresses["sandbox"]["control_url"])
        await Story(narrator=Narrator(), client=Client(channel), world=world).run()


@contextmanager
def _service(folder: Path, log: Path) -> Iterator[dict[str, Any]]:
    """`make run` with settings of its own, whatever the environment has; ended by Ctrl-C as a person would."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    environment[variable("apple_doubt_seconds")] = str(DOUBT_SECONDS)
    command = [
        sys.executable,
        "-m",
        "server",
        "local",
        "--json",
        "--free-ports",
        "--no-page",
        "--folder",
        str(folder / "var"),
    ]
    with log.open("w") as errors:
        process: subprocess.Popen[str] | None = None
        try:
            with uninterrupted():
                process = subprocess.Popen(
                    command,
                    stdout=subprocess.PIPE,
                    stderr=errors,
                    text=True,
                    env=environment,
                    start_new_session=True,
                )
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line:
                raise NotAsTold("the service starts")
            addresses: dict[str, Any] = json.loads(line)
            yield addresses
        finally:
            if process is not None and process.stdout is not None:
                process.send_signal(signal.SIGINT)
                process.wait(30)
                process.stdout.close()


def _end_of(log: Path, lines: int = 30) -> str:
    return "\n".join(log.read_text().splitlines()[-lines:])


if __name__ == "__main__":
    sys.exit(main())
