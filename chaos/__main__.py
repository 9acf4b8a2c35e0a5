"""`python -m chaos --seed 7 --faults 500`: docs/chaos.md says what it does and how to read what it prints."""

import argparse
import asyncio
import os
import random
import signal
import sys
import tempfile
from pathlib import Path

os.environ.setdefault(
    "GRPC_ENABLE_FORK_SUPPORT", "0"
)  # its own threads are none of those who are forked here

from chaos.database import Database, database
from chaos.faults import BRISK
from chaos.report import say
from chaos.run import play
from chaos.scene import scene
from server.time_zones import use_packaged_zones


def main() -> int:
    use_packaged_zones()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that nothing is left behind
    parser = argparse.ArgumentParser(
        prog="python -m chaos", description="Faults by the hundred: docs/chaos.md."
    )
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    parser.add_argument("--faults", type=int, default=500)
    parser.add_argument("--phase", type=int, default=15, help="so many faults before everything is looked at")
    parser.add_argument("--brisk", action="store_true", help="every fault lasts less than half as long")
    wanted = parser.parse_args()
    say(f"seed {wanted.seed}, {wanted.faults} faults")
    with tempfile.TemporaryDirectory(prefix="calendarsync-chaos-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL's own account must get in when we are root
        with database(folder) as made:
            return asyncio.run(_play(wanted, folder, made))


async def _play(wanted: argparse.Namespace, folder: Path, made: Database) -> int:
    pace = BRISK if wanted.brisk else 1.0
    async with scene(made, folder) as here:
        return await play(here, seed=wanted.seed, faults=wanted.faults, phase=wanted.phase, pace=pace)


if __name__ == "__main__":
    sys.exit(main())
