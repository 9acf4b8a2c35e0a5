"""Telling callers what changed: written with the change itself, read as one feed."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from domain.change import Change, FeedPosition
from domain.ids import ExpertId

REMOVED_AT_ONCE = 20_000


class Changes(Protocol):
    """Part of a unit of work."""

    async def add(self, change: Change) -> None:
        """Tell the watchers, once the transaction has committed."""
        ...

    async def remove_before(self, at: datetime, limit: int = REMOVED_AT_ONCE) -> int:
        """Forget what happened before, the beginning of the feed only and `limit` at most; returns how many changes.

        Up to the first that is to stay: what is behind that one in the feed stays, too, whatever its time.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedPage:
    """Some changes with their places, and the place up to which nothing more is to come before the next page."""

    changes: tuple[tuple[FeedPosition, Change], ...]
    upto: FeedPosition


class ChangeFeed(Protocol):
    """One order over all changes of all processes: nothing ever appears before a place that was handed out.

    For an expert who was erased it has nothing from before that.
    """

    async def end(self) -> FeedPosition:
        """The place after everything that is settled now."""
        ...

    async def after(self, position: FeedPosition, *, of: ExpertId | None, limit: int) -> FeedPage:
        """The next changes, of one expert or of all. Raises CursorExpired, also for places of another history."""
        ...

    async def wait(self, position: FeedPosition, *, of: ExpertId | None, at_most: timedelta) -> None:
        """Returns when there may be something after `position`, written by any process, or after `at_most`.

        Also when the expert it is about was erased, unless that went unheard because the database was away.

        At once when it came already: nothing is missed between a page and this call.
        """
        ...


class FollowedFeed(ChangeFeed, Protocol):
    """A feed for those who remember what they read of it."""

    def tell_of_erasures(self, forget: Callable[[ExpertId | None], None]) -> None:
        """Calls `forget` for each expert whom any process erased, and with None when some may have gone unheard.

        What was read before such a call may still tell of the erased.
        """
        ...
