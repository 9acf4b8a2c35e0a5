"""Kinds of values that settings of several subjects have."""

import os
import re
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator
from pydantic_settings import NoDecode

from server.addresses import Address, is_loopback, require_port

LABEL: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
LONGEST_NAME: Final = 253
"""Characters of a domain name as people write it (RFC 1035, section 2.3.4)."""


def _address(value: Any) -> Any:
    return Address.parse(value) if isinstance(value, str) else value


def split_at_commas(value: Any) -> Any:
    return tuple(one.strip() for one in value.split(",") if one.strip()) if isinstance(value, str) else value


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _readable(value: Path) -> Path:
    if not os.access(value, os.R_OK) or not value.is_file():
        raise ValueError("must be a file that can be read")
    return value


def checked_url(value: str, *, schemes: frozenset[str]) -> str:
    """The URL without a slash at its end. Raises ValueError, which never repeats it."""
    try:
        parts = urlsplit(value.strip())
    except ValueError:
        raise ValueError("must be a URL") from None
    require_port(parts)
    if parts.scheme not in schemes or not parts.hostname or parts.username is not None:
        raise ValueError(f"must be a URL that begins with {' or '.join(sorted(schemes))}://")
    if parts.query or parts.fragment:
        raise ValueError("must be a URL without a query or fragment")
    return value.strip().rstrip("/")


def _domain_name(value: str) -> str:
    labels = (name := value.lower()).split(".")
    # The last one has a letter, or it would be an address (RFC 3696, section 2).
    if len(name) > LONGEST_NAME or labels[-1].isdecimal() or not all(map(LABEL.fullmatch, labels)):
        raise ValueError("must be a domain name, such as calendars.example.com")
    return name


def _web(value: str) -> str:
    return checked_url(value, schemes=frozenset({"http", "https"}))


def _secure(value: str) -> str:
    return checked_url(value, schemes=frozenset({"https"}))


def _secure_for_browsers(value: str) -> str:
    """Where only browsers go: on this machine nobody can listen to what one sends."""
    checked = _web(value)
    return checked if is_loopback(checked) else _secure(checked)


ListenAddress = Annotated[Address, BeforeValidator(_address), NoDecode]
ReadableFile = Annotated[Path, AfterValidator(_readable)]
AnyCase = BeforeValidator(_lower)
"""For choices, which are written in small letters here."""
DomainName = Annotated[str, AfterValidator(_domain_name)]
"""In small letters. It is a name only: nobody looks it up."""
WebUrl = Annotated[str, AfterValidator(_web)]
SecureUrl = Annotated[str, AfterValidator(_secure)]
BrowsersUrl = Annotated[str, AfterValidator(_secure_for_browsers)]
"""https, except on this machine."""
WebUrls = Annotated[tuple[WebUrl, ...], NoDecode, BeforeValidator(split_at_commas)]
"""Separated by commas."""
