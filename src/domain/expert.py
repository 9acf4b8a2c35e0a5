"""Experts and their plans."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from typing import Final
from zoneinfo import ZoneInfo

from domain.errors import DomainError
from domain.ids import ExpertId


class Plan(Enum):
    FREE = "FREE"
    GROWTH = "GROWTH"
    PRO = "PRO"

    @property
    def account_limit(self) -> int:
        """How many accounts may be connected, over all providers together."""
        return 4 if self is Plan.PRO else 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Expert:
    """The person whose calendars these are.

    `created_at` is None for one who is older than this was kept. It and `updated_at` say nothing of the person, and
    don't count in comparisons.
    """

    expert_id: ExpertId
    plan: Plan
    email: str = field(repr=False)
    display_name: str = field(repr=False)
    time_zone: ZoneInfo
    locale: str = ""
    """A BCP 47 tag as the caller gave it; empty where none is known."""
    created_at: datetime | None = field(compare=False)
    updated_at: datetime = field(compare=False)

    def taking(self, names: Collection[str], given: "Expert") -> "Expert":
        """With these of CHANGEABLE as they are given, changed when that was."""
        return replace(self, **{name: getattr(given, name) for name in names}, updated_at=given.updated_at)


CHANGEABLE: Final = frozenset({"plan", "email", "display_name", "time_zone", "locale"})
"""The names of what may be another value, once the expert is there."""


@dataclass(kw_only=True, eq=False)
class ExpertNotFound(DomainError):
    """No expert has this id."""


@dataclass(kw_only=True, eq=False)
class AccountLimitReached(DomainError):
    """The plan's number of accounts is connected already."""

    plan: Plan
    limit: int
    connected: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountUse:
    """How many accounts are connected against how many may be."""

    plan: Plan
    connected: int

    @property
    def limit(self) -> int:
        return self.plan.account_limit

    @property
    def over_limit(self) -> bool:
        """True after a downgrade that left more accounts than the plan holds; they keep working."""
        return self.connected > self.limit

    def require_room(self) -> None:
        """Raises AccountLimitReached when no further account may be added."""
        if self.connected >= self.limit:
            raise AccountLimitReached(plan=self.plan, limit=self.limit, connected=self.connected)
