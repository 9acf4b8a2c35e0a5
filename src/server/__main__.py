"""`python -m server`, and the console script `calendarsync`."""

import sys

from server import cli


def run() -> None:
    sys.exit(cli.run())


if __name__ == "__main__":
    run()
