"""What a program leaves behind when it dies of something that nobody foresaw: where it happened, and no value.

Python's own last words repeat the exception's text, which may hold what was sent or stored; a core file holds the whole
memory, with all keys and tokens.
"""

import faulthandler
import json
import resource
import sys
import threading
from types import TracebackType


def leave_no_values_behind() -> None:
    """From here on, for the whole process. Signals that kill it print the frames they hit, by file and line."""
    sys.excepthook = _ended
    threading.excepthook = _thread_ended
    sys.unraisablehook = _unraisable
    faulthandler.enable()
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, hard))


def _ended(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
    else:
        _tell("the program ended by a fault", error)


def _thread_ended(arguments: threading.ExceptHookArgs) -> None:
    if arguments.exc_value is not None and not isinstance(arguments.exc_value, SystemExit):
        _tell("a thread ended by a fault", arguments.exc_value)


def _unraisable(unraisable: "sys.UnraisableHookArgs") -> None:
    if unraisable.exc_value is not None:
        _tell("a fault was met where it could not be raised", unraisable.exc_value)


def _tell(event: str, error: BaseException) -> None:
    from server.logs import described  # takes a while to import, and is hardly ever needed

    line = {"event": event, "level": "critical", "logger": "server.crashes", **described(error)}
    sys.stderr.write(json.dumps(line) + "\n")
