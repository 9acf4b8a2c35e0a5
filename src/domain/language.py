"""Which of the languages there are comes nearest to the one that somebody reads."""

from collections.abc import Iterable


def nearest_language(wanted: str, offered: Iterable[str]) -> str | None:
    """The one of `offered` that is `wanted`, or the narrowest that holds it: `de` for `de-AT`. Tags are BCP 47.

    This is the lookup of RFC 4647, 3.4, without wildcards: case doesn't count, subtags go from the end, and a single
    letter never stands last, since it only opens what is behind it.
    """
    by_tag = {tag.casefold(): tag for tag in offered}
    subtags = wanted.casefold().split("-")
    while subtags:
        if (found := by_tag.get("-".join(subtags))) is not None:
            return found
        subtags.pop()
        while subtags and len(subtags[-1]) == 1:
            subtags.pop()
    return None
