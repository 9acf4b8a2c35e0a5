"""Names in alphabetical order, by the Unicode Collation Algorithm's own table (DUCET) and no language's tailoring.

What is known of an expert is a time zone and no language, and calendars of one person are named in several. The table
puts each script into the order of its alphabet: Latin letters with accents beside those without, Cyrillic, Greek and
Hebrew as their readers expect. It differs from what single languages want in details only: a Swede looks for "Ö" after
"Z" and finds it beside "O".
"""

from functools import cache

import pyuca

from application.ports.name_order import SortKey

LONGEST = 256
"""Of longer names only so many characters decide."""


class UnicodeNameOrder:
    """Reads the table, a matter of half a second, when the first one in a process is made."""

    def __init__(self) -> None:
        self._collator = _collator()

    def key(self, name: str) -> SortKey:
        weights: tuple[int, ...] = self._collator.sort_key(name[:LONGEST])
        return weights


@cache
def _collator() -> pyuca.Collator:
    return pyuca.Collator()
