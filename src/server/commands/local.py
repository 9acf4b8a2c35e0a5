"""`calendarsync local`: serves on this machine, with what is missing started beside it."""

import argparse
from pathlib import Path

from server.commands.command import Command
from server.runtime.stop_signals import StopSignals


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--folder", type=Path, default=Path("var"), help="where its files go (var)")
    parser.add_argument("--free-ports", action="store_true", help="on free ports instead of the usual ones")
    parser.add_argument("--no-page", action="store_true", help="without the example page for browsers")
    parser.add_argument("--json", action="store_true", help="print the addresses as one JSON line")


def _run(arguments: argparse.Namespace, signals: StopSignals) -> int:
    from server.local import run_local  # needs packages that a deployed service does without

    return run_local(
        signals,
        folder=arguments.folder,
        free_ports=arguments.free_ports,
        as_json=arguments.json,
        with_page=not arguments.no_page,
    )


LOCAL = Command(
    name="local",
    help="serve on this machine, with what is missing started beside it",
    run=_run,
    add_arguments=_arguments,
)
