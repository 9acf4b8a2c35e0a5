"""Settings of the readings: how old they may be, how far they reach, and what they may cost."""

from typing import Any

from pydantic import BaseModel, Field

from server.runtime.settings.names import variable


class ReadingSettings(BaseModel):
    """Readings and answers"""

    read_budget_seconds: float = Field(
        default=20, gt=0, le=300, description="how long one call may spend reading from providers"
    )
    default_max_age_seconds: float = Field(
        default=900, gt=0, le=86_400, description="how old readings may be where the caller sets no `max_age`"
    )
    read_ahead_days: int = Field(
        default=120,
        ge=1,
        le=365,
        description="how far ahead readings reach; calls about later times read from the provider",
    )
    poll_seconds: float = Field(
        default=300,
        ge=1,
        le=86_400,
        description="how often a calendar is read; less than `DEFAULT_MAX_AGE_SECONDS`, like the next",
    )
    poll_with_push_seconds: float = Field(
        default=780,
        ge=1,
        le=86_400,
        description="the same where the provider sends notifications, and where its day is nearly spent",
    )
    known_times_mb: int = Field(
        default=256,
        ge=1,
        le=100_000,
        description="about how much memory a process uses to keep what it knows of experts' times, so that the next"
        " answer costs less; an expert with 5 calendars and 200 events takes about 40 kB",
    )


def contradictions(values: dict[str, Any]) -> list[str]:
    """Faults between fields that are right by themselves."""
    most = _number(values, "default_max_age_seconds")
    return [
        f"{variable(name)}: must be less than {variable('default_max_age_seconds')}, or readings get too old"
        for name in ("poll_seconds", "poll_with_push_seconds")
        if _number(values, name) >= most
    ]


def _number(values: dict[str, Any], name: str) -> float:
    """What is set, or else the default, which also stands in for what is not a number: that is reported elsewhere."""
    default = float(ReadingSettings.model_fields[name].default)
    try:
        return float(values.get(name, default))
    except ValueError:
        return default
