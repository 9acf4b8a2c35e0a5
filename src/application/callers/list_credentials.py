"""Lists the credentials there are and were, without what is secret of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from application.ports.callers import Credentials
from application.ports.clock import Clock
from domain.caller import Credential

MOST_LISTED: Final = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """`at` is when they were looked up: whether one is valid depends on it."""

    credentials: Sequence[Credential]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ListCredentials:
    credentials: Credentials
    clock: Clock

    async def __call__(self) -> Listed:
        """The newest first."""
        return Listed(credentials=await self.credentials.newest(limit=MOST_LISTED), at=self.clock.now())
