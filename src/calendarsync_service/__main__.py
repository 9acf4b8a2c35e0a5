"""The console script `calendarsync`, and `python -m calendarsync_service`: finds the service's packages and runs it.

In a wheel they lie in a folder that only this program looks into, so that `domain` or `server` is no module of anybody
else's environment. In a clone there is no such folder, since `src` is on the path.
"""

import sys
from pathlib import Path
from typing import Final

PACKAGES: Final = Path(__file__).with_name("_packages")


def run() -> None:
    """Runs the command line, ahead of whatever else is called like one of our packages."""
    sys.path.insert(0, str(PACKAGES))
    from server.__main__ import run as run_server

    run_server()


if __name__ == "__main__":
    run()
