"""`python -m bench [PART ...]`: all parts in one run on this machine, or only those that are named."""

import argparse
import asyncio
import os
import platform
import signal
import sys
from collections.abc import Sequence

import grpc

from bench.parts import ALONE, ON_STAGE
from bench.stage import stage
from bench.surroundings import Surroundings, surroundings
from server.time_zones import use_packaged_zones


def main() -> None:
    use_packaged_zones()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that nothing is left behind
    wanted = _wanted(sys.argv[1:])
    _print(
        f"Python {platform.python_version()}, grpcio {grpc.__version__}, {os.cpu_count()} processors shared by all, "
        f"load {os.getloadavg()[0]:.1f} before the run"
    )
    on_stage = [name for name in ON_STAGE if name in wanted]
    if on_stage:
        with surroundings() as where:
            asyncio.run(_play(where, on_stage))
    for name, run in ALONE.items():
        if name in wanted:
            _print(f"### {name}\n\n{run()}")


def _wanted(arguments: Sequence[str]) -> set[str]:
    every = [*ON_STAGE, *ALONE]
    parser = argparse.ArgumentParser(
        prog="python -m bench", description="What calls cost: docs/performance.md."
    )
    # No `choices`: argparse would hold an empty list against them.
    parser.add_argument("part", nargs="*", help=f"one of {', '.join(every)}; all without a name")
    named = set(parser.parse_args(arguments).part)
    if unknown := named - set(every):
        parser.error(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(every)}")
    return named or set(every)


async def _play(where: Surroundings, names: Sequence[str]) -> None:
    async with stage(where) as here:
        for name in names:
            _print(f"### {name}\n\n{await ON_STAGE[name](here)}")


def _print(text: str) -> None:
    sys.stdout.write(text + "\n\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
