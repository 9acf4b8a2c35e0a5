"""What Apple's support finds a refused request by: names of machines and of the request, and not whose it was."""

import re
from collections.abc import Mapping
from typing import Final

_HEADERS: Final = {
    "x-apple-request-uuid": "provider_request",
    "x-responding-instance": "provider_instance",
    "via": "via",
}
_HARMLESS: Final = re.compile(r"[A-Za-z0-9 ./:_(),-]{1,200}")


def traces_in(headers: Mapping[str, str]) -> dict[str, str]:
    """By the names that they have in the log."""
    return {
        name: value
        for header, name in _HEADERS.items()
        if (value := headers.get(header)) and _HARMLESS.fullmatch(value)
    }
