"""Signing in with a password that a person types on a page of ours, and how often they may try."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from domain.connection import SignInFailed
from domain.errors import DomainError

CODE_LIFETIME: Final = timedelta(minutes=2)
"""How long after the proof the one-time code is good: the browser brings it back at once, or never."""
TRIES_OF_ATTEMPT: Final = 8
TRIES_OF_EXPERT: Final = 20
EXPERTS_WINDOW: Final = timedelta(hours=1)
TRIES_OF_ADDRESS: Final = 60
"""More than of one expert: a whole office may share an address."""
ADDRESS_WINDOW: Final = timedelta(minutes=10)


@dataclass(kw_only=True, eq=False)
class WrongPassword(SignInFailed):
    """The provider accepts no such name with such a password, and doesn't say which of the two is wrong."""


@dataclass(kw_only=True, eq=False)
class LooksLikeNormalPassword(SignInFailed):
    """What was typed is not shaped like a password for one app only: most likely it is the account's own.

    The provider was not asked.
    """


@dataclass(kw_only=True, eq=False)
class TooManyTries(DomainError):
    """Of this sign-in, this expert or this address: it is not told of which, nor whether the password was right."""
