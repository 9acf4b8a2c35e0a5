"""Settings of the running process: its roles, its pace, its log."""

from enum import Enum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field

from server.runtime.settings.kinds import AnyCase


class Role(Enum):
    """What a process does: everything, or one part where several processes share the load."""

    ALL = "all"
    API = "api"
    """gRPC."""
    WEB = "web"
    """What is called from outside: the sign-in redirect, the reconnect link, providers' notifications."""
    WORKER = "worker"
    """Jobs and upkeep."""


def _upper(value: Any) -> Any:
    return value.upper() if isinstance(value, str) else value


class RunningSettings(BaseModel):
    """Workers, shutdown, log"""

    worker_concurrency: int = Field(
        default=8,
        ge=1,
        le=100,
        description="how many sessions, mails, subscriptions and lists of calendars a worker process works on at once:"
        " so many of each",
    )
    reading_places: int = Field(
        default=64,
        ge=1,
        le=1000,
        description="how many calendars a worker process reads at once, where those of an account that one request"
        " answers for count as one; an eighth of the places is kept for those that notifications came for",
    )
    sweep_seconds: float = Field(
        default=15,
        ge=0.1,
        le=600,
        description="how often the service forgets what has ended by itself, such as holds and old changes",
    )
    shutdown_grace_seconds: float = Field(
        default=20,
        ge=0,
        le=600,
        description="how long SIGTERM waits for calls and for what workers are at",
    )
    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(_upper)] = Field(
        default="INFO", description="the least that is logged: `DEBUG`, `INFO`, `WARNING` or `ERROR`"
    )
    log_format: Annotated[Literal["json", "console"], AnyCase] = Field(
        default="json", description="or `console`"
    )
