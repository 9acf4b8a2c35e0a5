"""`calendarsync check-settings`: says what is wrong with the settings."""

import argparse

from server.commands.command import Command, environment_settings, tell
from server.runtime.grpc_door import require_certificates, warnings_of
from server.runtime.resources import microsoft_settings
from server.runtime.stop_signals import StopSignals


def _run(_arguments: argparse.Namespace, _signals: StopSignals) -> int:
    settings = environment_settings()
    microsoft_settings(settings, public_url=settings.public_url or "http://localhost")
    require_certificates(settings)
    tell("The settings are right.", *warnings_of(settings))
    return 0


CHECK_SETTINGS = Command(name="check-settings", help="say what is wrong with the settings", run=_run)
