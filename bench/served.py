"""`python -m bench.served ROLE`: the service and the yardstick in one process, until standard input closes."""

import asyncio
import json
import os
import resource
import sys

from bench.bare import bare_server
from server.addresses import Address
from server.logs import configure_logging
from server.runtime.process import running
from server.runtime.settings import Role, load_settings
from server.time_zones import use_packaged_zones

FREE_PORT = Address("127.0.0.1", 0)


async def main() -> None:
    """As `calendarsync serve --role` with the environment's settings, on free ports, which it prints as JSON."""
    use_packaged_zones()
    if files := int(os.environ.get("BENCH_FILES", "0")):
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
    settings = load_settings(grpc_address=FREE_PORT, http_address=FREE_PORT, operations_address=FREE_PORT)
    configure_logging(level=settings.log_level, style=settings.log_format)
    async with running(settings, Role(sys.argv[1])) as process, bare_server() as bare_port:
        sys.stdout.write(
            json.dumps({"service": process.grpc_port, "bare": bare_port, "http": process.http_port}) + "\n"
        )
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
