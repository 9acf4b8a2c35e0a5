"""Paths on the server: what is taken from the addresses that it names, and when two of them are the same.

Of an address only the path counts, whatever host it names: every request goes to the one host that was configured. A
server may spell one path in several ways (`%40` or `@`, with a slash at its end or without), so paths are compared
decoded, and sent as the server spelled them.
"""

import re
from typing import Final
from urllib.parse import quote, unquote, urlsplit

from adapters.web.outside_text import id_from
from domain.access import InvalidAnswer

LONGEST: Final = 2048
"""Characters of a path."""

_UNSAFE: Final = re.compile("[\x00-\x20\x7f-\x9f\\\\]")
_KEPT: Final = "/%-._~!$&'()*+,;=:@"
_KEPT_IN_NAMES: Final = "-._~!$&'()*+,;=:@"


def path_in(href: str) -> str:
    """The path of an address, fit to be sent. Raises InvalidAnswer for what is neither an absolute path nor a URL with
    one, and for one that leads anywhere else than it seems to."""
    if len(href) > LONGEST or _UNSAFE.search(href):
        raise InvalidAnswer(what="an address")
    try:
        parts = urlsplit(href)
    except ValueError:
        raise InvalidAnswer(what="an address") from None
    path = parts.path or ("/" if parts.netloc else "")
    steps = decoded(path).split("/")
    if not path.startswith("/") or parts.query or parts.fragment or not {".", ".."}.isdisjoint(steps):
        raise InvalidAnswer(what="an address")
    return quote(path, safe=_KEPT)


def decoded(path: str) -> str:
    """What it is compared by."""
    return unquote(path).rstrip("/")


def collection(path: str) -> str:
    """The same path with the slash that collections end with."""
    return path if path.endswith("/") else f"{path}/"


def name_below(home: str, path: str) -> str | None:
    """The name of a member right below `home`, decoded: what stays when host and home change.

    None for the home itself, for what lies elsewhere, and for a name that could not be told from two.
    """
    above, _, name = path.rstrip("/").rpartition("/")
    if decoded(above) != decoded(home) or not name:
        return None
    plain = id_from(unquote(name))
    return plain if plain is not None and "/" not in plain else None


def path_below(home: str, name: str) -> str:
    """Where the collection of this name is."""
    return f"{collection(home)}{quote(name, safe=_KEPT_IN_NAMES)}/"
