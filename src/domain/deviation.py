"""What a look at a calendar finds of our events that is otherwise than we left it."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import Enum

from domain.ids import SessionId
from domain.interval import Interval
from domain.spans import Spans


class DeviationKind(Enum):
    """What is otherwise than we left it."""

    MOVED = "MOVED"
    """The session's event is at another time."""
    MISSING = "MISSING"
    """It is not in its calendar."""
    SURPLUS = "SURPLUS"
    """Something else carries a mark of the session: a copy, another occurrence, an event it had before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation:
    """Of one session's event. `blocks` is the time that a moved one takes from everybody but its own session.

    `tell` is whether it is the owner's doing, for all we know, and seen in the account it was written to.
    """

    session_id: SessionId
    revision: int
    kind: DeviationKind
    at: Interval | None = None
    blocks: Interval | None = None
    tell: bool = False


def blocked_by(deviations: Iterable[Deviation], *, but: Collection[SessionId] = ()) -> Spans:
    """The time that moved events take, but for those of the sessions named: a session may be moved over its own."""
    return Spans.of(one.blocks for one in deviations if one.blocks is not None and one.session_id not in but)
