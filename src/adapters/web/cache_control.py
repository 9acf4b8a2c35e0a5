"""How long an answer may be kept, as far as its headers say (RFC 9111, sections 4.2 and 5.2.2)."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

_MAX_AGE: Final = re.compile(r'max-age="?(\d{1,9})"?')
_AGE: Final = re.compile(r"\d{1,9}")
_NOT_KEPT: Final = frozenset({"no-store", "no-cache"})


def lifetime_of(headers: Mapping[str, str]) -> timedelta | None:
    """The `max-age` of Cache-Control less the time the answer has spent in a cache already; None where none is named.

    The header names of the mapping are to be found in any case, as aiohttp's are.
    """
    directives = [one.strip().casefold() for one in headers.get("Cache-Control", "").split(",")]
    if _NOT_KEPT.intersection(directives):
        return timedelta()
    named = next(filter(None, map(_MAX_AGE.fullmatch, directives)), None)
    if named is None:
        return None
    age = _AGE.fullmatch(headers.get("Age", "").strip())
    left = timedelta(seconds=int(named.group(1)) - (int(age.group()) if age else 0))
    return max(left, timedelta())
