"""What the database says of the service itself, for those who operate it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

MOST_COUNTED: Final = 10_000
"""Rows of a kind that are counted; where there are more, so many are told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DueWork:
    """Rows of one kind of work whose time has come, those that are being worked on included.

    `oldest_due_at` is None where there are none, or all were due from the beginning and nobody knows since when.
    """

    kind: str
    rows: int
    oldest_due_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkToDo:
    """`workers` counts the processes that run jobs and live. `sessions` counts those that are not written as wanted: by
    status, and by what they wait for (empty while they wait for nothing). `incidents` counts the open ones by cause.
    All of these are names, some perhaps of a later version."""

    due: tuple[DueWork, ...]
    workers: int
    sessions: Mapping[tuple[str, str], int]
    incidents: Mapping[str, int]
    holds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredReadings:
    """Of the calendars that can be read: how many there are, how many were never read, and of how many the reading is
    older than the bound. `ages` are those of the readings, in seconds, by quantile. Estimated where there are many."""

    calendars: int
    unread: int
    too_old: int
    ages: Mapping[float, float]
    subscriptions: int


class Census(Protocol):
    """Every method raises StoreUnavailable, and costs little, however much there is."""

    async def schema_version(self) -> str:
        """The number of the newest migration that the database has, such as `0016`; empty where it has none."""
        ...

    async def work(self, now: datetime, *, alive_within: timedelta) -> WorkToDo: ...

    async def readings(self, now: datetime, *, bound: timedelta) -> StoredReadings: ...
