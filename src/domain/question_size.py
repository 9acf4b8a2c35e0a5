"""How much one question may ask for."""

from dataclasses import dataclass
from typing import Final

from domain.errors import DomainError

MOST_INTERVALS: Final = 200_000
"""Of calendars, sessions and holds in the window, of all experts that are asked about together, each counted by itself.
Four times what a team of a hundred has in two months; uniting so many takes a third of a second."""


@dataclass(kw_only=True, eq=False)
class QuestionTooLarge(DomainError):
    """A question takes more work than is done for one: about so many intervals were found, or more."""

    intervals: int
    limit: int


def require_affordable(intervals: int) -> None:
    """Raises QuestionTooLarge."""
    if intervals > MOST_INTERVALS:
        raise QuestionTooLarge(intervals=intervals, limit=MOST_INTERVALS)
