"""`calendarsync serve`: serves until SIGTERM."""

import argparse

from server.commands.command import Command, environment_settings
from server.runtime.process import run_process
from server.runtime.settings import Role, require_shared_address
from server.runtime.stop_signals import StopSignals


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--role",
        choices=[role.value for role in Role],
        default=Role.ALL.value,
        help="what this process does (all)",
    )


def _run(arguments: argparse.Namespace, signals: StopSignals) -> int:
    role = Role(arguments.role)
    settings = environment_settings()
    require_shared_address(settings, role)
    run_process(settings, role, signals)
    return 0


SERVE = Command(name="serve", help="serve until SIGTERM", run=_run, add_arguments=_arguments)
