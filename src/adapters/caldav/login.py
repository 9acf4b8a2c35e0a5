"""The name and the password that open an account, as people type them and as they are sent."""

import re
from dataclasses import dataclass, field
from typing import Final

from aiohttp import encode_basic_auth

_LETTERS: Final = re.compile("[a-z]{16}")
_BETWEEN: Final = re.compile(r"[\s\u00ad\u200b\u2010-\u2015\u2060\u2212\ufeff-]+")
"""What can come between the letters: blanks, dashes, and what phones and word processors make of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """`username` is the Apple ID, `password` an app-specific one; at another server whatever it takes."""

    username: str = field(repr=False)
    password: str = field(repr=False)

    @property
    def sendable(self) -> bool:
        """Basic authentication ends a name at its first colon, and has no control characters (RFC 7617, section 2)."""
        return ":" not in self.username and self.username.isprintable() and self.password.isprintable()

    @property
    def header(self) -> str:
        return encode_basic_auth(self.username, self.password, "utf-8")

    @property
    def gate(self) -> str:
        """The name its requests are limited under: the same for every account row of one person."""
        return self.username.casefold()


def login_from(username: str, password: str) -> Login:
    """What somebody typed. An app-specific password is taken with or without its dashes, with blanks, and in the
    capitals that a phone may begin it with; it is sent as Apple shows it. Any other stays as it is."""
    shown = app_specific(password)
    return Login(username=username.strip(), password=password if shown is None else shown)


def app_specific(password: str) -> str | None:
    """The password in the form that Apple shows it in; None for one that can be no app-specific one."""
    letters = _BETWEEN.sub("", password).casefold()
    if not _LETTERS.fullmatch(letters):
        return None
    return "-".join(letters[start : start + 4] for start in range(0, 16, 4))
