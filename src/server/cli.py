"""The command line."""

import argparse
from collections.abc import Sequence
from typing import Final

from server.build import build_version
from server.commands.audit import AUDIT
from server.commands.callers import CALLERS
from server.commands.check_settings import CHECK_SETTINGS
from server.commands.command import Command, tell
from server.commands.local import LOCAL
from server.commands.migrate import MIGRATE
from server.commands.move_expert import MOVE_EXPERT
from server.commands.rotate_keys import ROTATE_KEYS
from server.commands.serve import SERVE
from server.runtime.process_failed import ProcessFailed
from server.runtime.settings import SettingsInvalid
from server.runtime.stop_signals import StopSignals
from server.time_zones import use_packaged_zones

COMMANDS: Final = (SERVE, LOCAL, MIGRATE, CHECK_SETTINGS, CALLERS, ROTATE_KEYS, AUDIT, MOVE_EXPERT)
BAD_SETTINGS = 2
CANT_START = 1


def run(arguments: Sequence[str] | None = None, *, signals: StopSignals | None = None) -> int:
    """Runs one command. The exit code is 0, 1 when it can't start, 2 for bad arguments or settings.

    `signals` are those that the program hears; without them nothing stops it but the command's own end.
    """
    use_packaged_zones()
    parsed = _parser().parse_args(arguments)
    command: Command = parsed.command
    try:
        return command.run(parsed, signals or StopSignals())
    except SettingsInvalid as invalid:
        tell("The settings are not right:", *invalid.faults)
        return BAD_SETTINGS
    except ProcessFailed as failed:
        tell(f"calendarsync can't start: {failed}")
        return CANT_START


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="calendarsync", description="Connects experts' calendars. Settings: CALENDARSYNC_*."
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {build_version()}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        one = commands.add_parser(command.name, help=command.help)
        one.set_defaults(command=command)
        command.add_arguments(one)
    return parser
