"""`calendarsync check-settings`: says what is wrong with the settings."""

import argparse

from server.commands.command import Command, environment_settings, tell
from server.runtime.calendar_providers import google_settings, microsoft_settings
from server.runtime.grpc_door import require_certificates, warnings_of
from server.runtime.settings import REGISTERED_BY, is_meant
from server.runtime.stop_signals import StopSignals


def _run(_arguments: argparse.Namespace, _signals: StopSignals) -> int:
    settings = environment_settings()
    for of_provider in (microsoft_settings, google_settings):
        of_provider(settings, public_url=settings.public_url or "http://localhost")
    require_certificates(settings)
    providers = [one.name for one, setting in REGISTERED_BY.items() if is_meant(getattr(settings, setting))]
    tell("The settings are right.", f"Providers: {', '.join(providers)}.", *warnings_of(settings))
    return 0


CHECK_SETTINGS = Command(name="check-settings", help="say what is wrong with the settings", run=_run)
