"""When refusals that prove nothing one by one prove together that an account's access is gone."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

REFUSALS: Final = 3
OVER: Final = timedelta(minutes=15)
APART: Final = OVER / (REFUSALS - 1)
"""Between two that count: many looks and processes may meet the same passing trouble at once, which is one refusal."""
SKEW: Final = timedelta(seconds=1)
"""How far apart processes may be in what they think the time is, though all go by one clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """Refusals of one grant with nothing that worked between them, each confirmed by a fresh probe: how many counted,
    and when the last of them did. `apart` is how far apart they must be to count."""

    grant_version: int
    refusals: int
    last_at: datetime

    @property
    def proven(self) -> bool:
        return self.refusals >= REFUSALS

    def counts_again_at(self, *, apart: timedelta = APART) -> datetime:
        return self.last_at + apart

    def stands(self, *, grant_version: int, worked_at: datetime | None, now: datetime) -> bool:
        """Whether a refusal of this grant goes on with it. `worked_at` is when the newest look began that was answered.
        A doubt from the future was dated by a wrong clock."""
        worked_since = worked_at is not None and worked_at > self.last_at
        return grant_version == self.grant_version and not worked_since and self.last_at <= now + SKEW

    def refused_again(self, now: datetime, *, apart: timedelta = APART) -> "Doubt":
        """Too soon after the last one that changes nothing."""
        if now < self.counts_again_at(apart=apart):
            return self
        return replace(self, refusals=min(self.refusals + 1, REFUSALS), last_at=now)
