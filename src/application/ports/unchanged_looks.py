"""The end of a look that found what is stored already: by far the most of them, so it costs as little as possible."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.ids import EventMark
from domain.interval import Interval
from domain.reading import BegunLook


@dataclass(frozen=True, slots=True, kw_only=True)
class UnchangedLook:
    """Made over `window`, with the expert's own events as of `own_version`. `foreign` are the marks among the entries
    that are none of these events'. `due_at` is when to look again."""

    look: BegunLook
    window: Interval
    own_version: str
    foreign: frozenset[EventMark]
    due_at: datetime


class UnchangedLooks(Protocol):
    async def end(self, unchanged: UnchangedLook) -> bool:
        """What is stored is true as of when the look began.

        False, and nothing changed, when anything happened since that may make a difference: a mark, another look's
        beginning or end, a pause, a change of a session of the expert; or when a foreign mark is of a session of
        theirs, or another is just writing. Raises StoreUnavailable.
        """
        ...
