"""Structured logs, ours and the libraries', one line per event, without secrets and personal data.

Exceptions are logged by class and place only: their texts and local variables may hold what must not be logged.
"""

import asyncio
import logging
import sys
import traceback
from collections.abc import Iterator
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from server.current_call import LineHandler, name_current_call

REDACTED = "[redacted]"
PRIVATE_KEYS = frozenset(
    {
        "access_token",
        "admin_consent_url",
        "authorization",
        "authorization_url",
        "category",
        "client_secret",
        "cookie",
        "display_name",
        "email",
        "error_description",
        "flow",
        "grant",
        "id_token",
        "join_url",
        "location",
        "name",
        "owner_email",
        "owner_name",
        "password",
        "place",
        "query",
        "refresh_token",
        "return_url",
        "secret",
        "state",
        "text",
        "title",
        "token",
    }
)
LONGEST_CODE = 40
"""`code` names statuses and errors, but also what a sign-in is finished with; the latter is always longer than this."""


def configure_logging(*, level: str, style: str, stream: TextIO | None = None) -> None:
    """Sends everything to `stream` (standard error): as JSON lines, or readable with the style `console`.

    `level` counts for our own packages; libraries are heard from WARNING on.
    """
    shared: list[Processor] = [
        name_current_call,
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        tell_place_only,
        redact,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    renderer: Processor = (
        structlog.dev.ConsoleRenderer(colors=False)
        if style == "console"
        else structlog.processors.JSONRenderer(default=lambda value: type(value).__name__)
    )
    handler = LineHandler(stream or sys.stderr, style=style)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared[:-2], structlog.stdlib.ExtraAdder(), *shared[-2:]],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    for ours in ("server", "adapters", "application"):
        logging.getLogger(ours).setLevel(level)


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Belt and braces: no value under a key that names something private gets out, whoever logs it."""
    for key, value in event.items():
        if key.casefold() in PRIVATE_KEYS or (key == "code" and len(str(value)) > LONGEST_CODE):
            event[key] = REDACTED
    return event


def tell_place_only(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """In the place of an exception: its class, those it came from, and where each was raised."""
    given = event.pop("exc_info", None)
    event.pop("stack_info", None)
    error = sys.exc_info()[1] if given is True else given[1] if isinstance(given, tuple) else given
    if isinstance(error, BaseException):
        event.update(described(error))
    return event


def described(error: BaseException) -> dict[str, Any]:
    """The fields in which an exception is logged."""
    return {
        "error": " < ".join(f"{type(one).__module__}.{type(one).__qualname__}" for one in _chain(error)),
        "frames": [
            f"{frame.filename.rsplit('/src/', 1)[-1]}:{frame.lineno}:{frame.name}"
            for one in _chain(error)
            for frame in traceback.extract_tb(one.__traceback__)
        ],
    }


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)


def log_stray_errors(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """For `loop.set_exception_handler`: the default one prints exceptions with their texts."""
    del loop
    error = context.get("exception")
    fields = described(error) if isinstance(error, BaseException) else {}
    structlog.stdlib.get_logger("server.loop").error("error outside of any call", **fields)
