"""`python -m server`, and the console script `calendarsync`."""

import os
import sys
from typing import Final

from server.crashes import leave_no_values_behind
from server.runtime.stop_signals import StopSignals

INTERRUPTED: Final = 130


def run() -> None:
    """Ends the program with the command's exit code; 130 when it was interrupted before it could serve."""
    leave_no_values_behind()
    # Else the library writes lines of its own about handshakes that fail, of which strangers can make any number.
    os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
    signals = StopSignals()
    code = INTERRUPTED
    with signals.heard():
        try:
            from server import cli  # takes a second, in which signals may come

            code = cli.run(signals=signals)
        except KeyboardInterrupt:
            pass
    sys.exit(code)


if __name__ == "__main__":
    run()
