"""Names in alphabetical order, by the Unicode Collation Algorithm's own table (DUCET) and no language's tailoring.

We know an expert's time zone but not their language, and one person's calendars have names in several. The table sorts
each script in its alphabetical order: Latin letters with accents next to those without, Cyrillic, Greek and Hebrew as
their readers expect. It differs from what single languages want only in details: a Swede looks for "Ö" after "Z" and
finds it next to "O".
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
