"""`calendarsync migrate`: brings the cell's schema up to date, and makes it where it isn't there."""

import argparse
import asyncio

from server.commands.command import Command, environment_settings, tell
from server.runtime.resources import migrated
from server.runtime.stop_signals import StopSignals


def _run(_arguments: argparse.Namespace, _signals: StopSignals) -> int:
    settings = environment_settings()
    applied = asyncio.run(migrated(settings))
    tell(*(f"applied {name}" for name in applied), "The schema is up to date.")
    return 0


MIGRATE = Command(name="migrate", help="make the schema of the cell, or bring it up to date", run=_run)
