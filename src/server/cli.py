"""The command line."""

import argparse
import asyncio
import sys
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any

from server.logs import configure_logging
from server.runtime.process import serve
from server.runtime.resources import ProcessFailed, microsoft_settings, migrated
from server.runtime.settings import Role, Settings, SettingsInvalid, load_settings, require_shared_address

BAD_SETTINGS = 2
CANT_START = 1
INTERRUPTED = 130


def run(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; the exit code is 0, 1 when it can't start, 2 for bad arguments or settings."""
    command = _parser().parse_args(arguments)
    if command.name == "local":
        from server.local import run_local  # needs packages that a deployed service does without

        return run_local(folder=command.folder, free_ports=command.free_ports, as_json=command.json)
    try:
        settings = load_settings()
        if command.name == "serve":
            require_shared_address(settings, Role(command.role))
    except SettingsInvalid as invalid:
        _tell("The settings are not right:", *invalid.faults)
        return BAD_SETTINGS
    configure_logging(level=settings.log_level, style=settings.log_format)
    match command.name:
        case "serve":
            return _until_done(serve(settings, Role(command.role)))
        case "migrate":
            return _until_done(_migrate(settings))
        case _:
            return _until_done(_check(settings))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="calendarsync", description="Connects experts' Microsoft calendars. Settings: CALENDARSYNC_*."
    )
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


async def _check(settings: Settings) -> None:
    microsoft_settings(settings, public_url=settings.public_url or "http://localhost")
    _tell("The settings are right.")


def _until_done(work: Coroutine[Any, Any, None]) -> int:
    try:
        asyncio.run(work)
    except ProcessFailed as failed:
        _tell(f"calendarsync can't start: {failed}")
        return CANT_START
    except KeyboardInterrupt:  # the second one: whoever typed it wants no more of us
        return INTERRUPTED
    return 0


def _tell(*lines: str) -> None:
    sys.stderr.write("\n".join(lines) + "\n")
