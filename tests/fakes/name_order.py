"""A fake of the order of names, good for letters that have accents or none."""

import unicodedata

from application.ports.name_order import SortKey


class FoldedNameOrder:
    def key(self, name: str) -> SortKey:
        parts = unicodedata.normalize("NFD", name)
        letters = "".join(one for one in parts if not unicodedata.combining(one)).casefold()
        accents = "".join(one for one in parts if unicodedata.combining(one))
        return tuple(ord(one) for text in (letters, accents, name.swapcase()) for one in f"{text}\0")
