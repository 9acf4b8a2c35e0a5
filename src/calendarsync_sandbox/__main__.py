"""`calendarsync-sandbox`, and `python -m calendarsync_sandbox`: all of CalendarSync on this machine, for tests."""

import argparse
import os
import sys
from typing import Final

from calendarsync_service.__main__ import run as run_service

PREFIX: Final = "CALENDARSYNC_"


def run() -> None:
    """`calendarsync local`, which has the other arguments, with no settings but those given here.

    What the environment has is for a real service, perhaps, and would lead a test to real calendars.
    """
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    ours, others = parser.parse_known_args()
    for name in [one for one in os.environ if one.startswith(PREFIX)]:
        del os.environ[name]
    for setting in ours.set:
        name, _, value = setting.partition("=")
        os.environ[PREFIX + name] = value
    sys.argv[1:] = ["local", "--no-page", *others]
    run_service()


if __name__ == "__main__":
    run()
