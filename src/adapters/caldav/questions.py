"""Bodies of requests. Properties are always named: `allprop` fails at iCloud, and asks for more than we need."""

from typing import Final

from adapters.caldav.elements import SEPARATOR

_BEGINNING: Final = '<?xml version="1.0" encoding="utf-8"?><propfind xmlns="DAV:"><prop>'
_END: Final = "</prop></propfind>"


def propfind_for(*names: str) -> bytes:
    """The question for these properties."""
    return f"{_BEGINNING}{''.join(map(_empty, names))}{_END}".encode()


def _empty(name: str) -> str:
    namespace, local = name.split(SEPARATOR)
    return f'<{local} xmlns="{namespace}"/>'
