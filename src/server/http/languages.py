"""The languages of the pages, and which of them a browser asks for."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Final

from domain.language import nearest_language


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """What a page says, in each of its languages. One more language is a field more, and its type tells where it is
    missing."""

    en: str
    de: str

    def within(self, language: str) -> str:
        """In one of LANGUAGES."""
        text: str = getattr(self, language)
        return text

    def filled(self, **values: str) -> "Text":
        """With values in the places that it names."""
        return Text(en=self.en.format(**values), de=self.de.format(**values))

    def __add__(self, other: "Text") -> "Text":
        """A sentence more."""
        return Text(en=f"{self.en} {other.en}", de=f"{self.de} {other.de}")


LANGUAGES: Final = tuple(one.name for one in fields(Text))
ENGLISH: Final = "en"
MOST_RANGES: Final = 20
"""Of a header that anybody may send; browsers send a handful."""
_RANGE: Final = re.compile(r"([A-Za-z0-9-]{1,64}|\*)(?: *; *[Qq]=([01](?:\.[0-9]{0,3})?))?")


def language_of(accepted: str, default: str) -> str:
    """The page's language for a browser with this Accept-Language, which may be empty or anything else.

    `default`, a BCP 47 tag, is for whoever accepts none of ours, or takes any.
    """
    wanted = [*_by_preference(accepted), default]
    near = (nearest_language(default if one == "*" else one, LANGUAGES) for one in wanted)
    return next((one for one in near if one is not None), ENGLISH)


def _by_preference(accepted: str) -> Iterator[str]:
    """RFC 9110, 12.5.4: what is wanted most first, and what isn't wanted at all left out."""
    ranges = [_RANGE.fullmatch(one.strip()) for one in accepted.split(",", MOST_RANGES)[:MOST_RANGES]]
    weighed = [(float(one[2] or 1), one[1]) for one in ranges if one is not None]
    return (tag for weight, tag in sorted(weighed, key=lambda one: -one[0]) if weight)
