"""`calendarsync-stand-ins`, and `python -m calendarsync_sandbox.stand_ins`: Microsoft, Google, iCloud and mail alone.

For a service that runs elsewhere, such as in a container; `calendarsync-sandbox` starts one, too.
"""

import sys
from pathlib import Path
from typing import Final

PACKAGES: Final = Path(__file__).with_name("_packages")
"""Where a wheel has the package `sandbox`, so that it has no such name in anybody's environment."""


def run() -> None:
    """Serves until it is stopped; prints one line of JSON when it is ready."""
    sys.path.insert(0, str(PACKAGES))
    from sandbox.__main__ import main

    main()


if __name__ == "__main__":
    run()
