"""Logs when the feed stands still because a transaction stays open, and when it moves again.

The horizon that changes wait for is the cluster's: a transaction in another database of the same server holds it, too.
"""

import logging
from dataclasses import dataclass
from datetime import timedelta

from adapters.postgres.feed_pages import Look

TOLD_AFTER = timedelta(seconds=10)

_log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class Holdup:
    """How long the oldest change that waits has been waiting, as far as it was looked at."""

    waiting: int | None = None
    since: float = 0
    told: bool = False

    def seconds(self, now: float) -> float:
        """For how long it has been waiting; 0 while none does."""
        return 0.0 if self.waiting is None else max(now - self.since, 0.0)

    def look(self, look: Look, *, now: float) -> None:
        """`now` in seconds of any clock that never goes back."""
        if self.waiting is not None and look.page.upto.transaction > self.waiting:
            if self.told:
                _log.warning("the feed of changes goes on, after %.0f seconds", now - self.since)
            self.waiting, self.told = None, False
        if self.waiting is None:
            self.waiting, self.since = look.waiting, now
        elif not self.told and now - self.since > TOLD_AFTER.total_seconds():
            _log.warning(
                "the feed of changes is held up, for %.0f seconds now: a transaction stays open, in this or in another "
                "database of the server",
                now - self.since,
            )
            self.told = True
