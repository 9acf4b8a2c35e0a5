"""The command line."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Final

from server.logs import configure_logging
from server.runtime.process import run_process
from server.runtime.resources import ProcessFailed, microsoft_settings, migrated
from server.runtime.settings import Role, Settings, SettingsInvalid, load_settings, require_shared_address
from server.runtime.stop_signals import StopSignals
from server.time_zones import use_packaged_zones

DISTRIBUTION: Final = "calendarsync-service"
"""Under this name it is installed; pyproject.toml says the version, and nothing else does."""
BAD_SETTINGS = 2
CANT_START = 1


def run(arguments: Sequence[str] | None = None, *, signals: StopSignals | None = None) -> int:
    """Runs one command. The exit code is 0, 1 when it can't start, 2 for bad arguments or settings.

    `signals` are those that the program hears; without them nothing stops it but the command's own end.
    """
    use_packaged_zones()
    command = _parser().parse_args(arguments)
    signals = signals or StopSignals()
    if command.name == "local":
        from server.local import run_local  # needs packages that a deployed service does without

        return run_local(signals, folder=command.folder, free_ports=command.free_ports, as_json=command.json)
    try:
        settings = load_settings()
        if command.name == "serve":
            require_shared_address(settings, Role(command.role))
    except SettingsInvalid as invalid:
        _tell("The settings are not right:", *invalid.faults)
        return BAD_SETTINGS
    configure_logging(level=settings.log_level, style=settings.log_format)
    try:
        match command.name:
            case "serve":
                run_process(settings, Role(command.role), signals)
            case "migrate":
                asyncio.run(_migrate(settings))
            case _:
                _check(settings)
    except ProcessFailed as failed:
        _tell(f"calendarsync can't start: {failed}")
        return CANT_START
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="calendarsync", description="Connects experts' Microsoft calendars. Settings: CALENDARSYNC_*."
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {version(DISTRIBUTION)}")
    commands = parser.add_subparsers(dest="name", required=True, metavar="COMMAND")
    serving = commands.add_parser("serve", help="serve until SIGTERM")
    serving.add_argument(
        "--role",
        choices=[role.value for role in Role],
        default=Role.ALL.value,
        help="what this process does (all)",
    )
    local = commands.add_parser("local", help="serve on this machine, with what is missing started beside it")
    local.add_argument("--folder", type=Path, default=Path("var"), help="where its files go (var)")
    local.add_argument("--free-ports", action="store_true", help="on free ports instead of the usual ones")
    local.add_argument("--json", action="store_true", help="print the addresses as one JSON line")
    commands.add_parser("migrate", help="bring the database's schema up to date")
    commands.add_parser("check-settings", help="say what is wrong with the settings")
    return parser


async def _migrate(settings: Settings) -> None:
    applied = await migrated(settings.database_url.get_secret_value())
    _tell(*(f"applied {name}" for name in applied), "The schema is up to date.")


def _check(settings: Settings) -> None:
    microsoft_settings(settings, public_url=settings.public_url or "http://localhost")
    _tell("The settings are right.")


def _tell(*lines: str) -> None:
    sys.stderr.write("\n".join(lines) + "\n")
