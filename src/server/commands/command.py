"""What a command is, and what all of them share."""

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass

from server.logs import configure_logging
from server.runtime.settings import Settings, load_settings
from server.runtime.stop_signals import StopSignals


def _nothing(_parser: argparse.ArgumentParser) -> None:
    """For commands without arguments."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """`run` returns the exit code; it may raise SettingsInvalid and ProcessFailed, which the command line reports."""

    name: str
    help: str
    run: Callable[[argparse.Namespace, StopSignals], int]
    add_arguments: Callable[[argparse.ArgumentParser], None] = _nothing


def environment_settings() -> Settings:
    """The settings of the environment; from here on the log is as they say. Raises SettingsInvalid."""
    settings = load_settings()
    configure_logging(level=settings.log_level, style=settings.log_format)
    return settings


def tell(*lines: str) -> None:
    """Says something to the person at the terminal, beside what a command may print for programs."""
    sys.stderr.write("\n".join(lines) + "\n")
