"""Lists that come in pages, read to their end, if they have one."""

from collections.abc import Hashable
from dataclasses import dataclass, field

from domain.access import InvalidAnswer

MOST_PAGES = 2000


@dataclass(frozen=True, slots=True)
class PageTurns:
    """The pages of one list that were asked for so far, by whatever names them: their links or their tokens."""

    _seen: set[Hashable] = field(default_factory=set)

    def turn_to(self, page: Hashable) -> None:
        """Raises InvalidAnswer where the list goes round in circles or has no end."""
        if page in self._seen or len(self._seen) == MOST_PAGES:
            raise InvalidAnswer(what="endless pages")
        self._seen.add(page)
