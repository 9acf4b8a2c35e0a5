"""What the errors of Microsoft's token endpoint mean for us.

Source: Microsoft's "Authentication and authorization error codes" and "OAuth 2.0 authorization code flow". The branch
is on `error`, as Microsoft asks; a few numbers overrule it, because taking an outage or an expired secret of ours for
withdrawn consent would mail every expert.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any


class TokenFault(Enum):
    """Whose turn it is after a refused token request."""

    SIGN_IN_AGAIN = auto()
    """The person's: the grant is gone or not enough any more."""
    OURS = auto()
    """An operator's: the registration, its credential or our request is wrong."""
    TRANSIENT = auto()
    """Nobody's: try again later."""
    UNKNOWN = auto()
    """An error never seen: evidence of nothing."""


BY_ERROR: Mapping[str, TokenFault] = {
    "invalid_grant": TokenFault.SIGN_IN_AGAIN,
    "interaction_required": TokenFault.SIGN_IN_AGAIN,
    "consent_required": TokenFault.SIGN_IN_AGAIN,
    "login_required": TokenFault.SIGN_IN_AGAIN,
    "invalid_client": TokenFault.OURS,
    "unauthorized_client": TokenFault.OURS,
    "invalid_scope": TokenFault.OURS,
    "invalid_resource": TokenFault.OURS,
    "invalid_request": TokenFault.OURS,
    "unsupported_grant_type": TokenFault.OURS,
    "unsupported_response_type": TokenFault.OURS,
    "temporarily_unavailable": TokenFault.TRANSIENT,
    "server_error": TokenFault.TRANSIENT,
}

TRANSIENT_NUMBERS = frozenset(
    {40010, 50033, 50087, 50088, 50196, 70012, 90006, 90012, 90024, 90033, 90055, 90090}
)
"""AADSTS numbers of passing faults; 50196 is a loop of a client's, which waiting ends too."""

OUR_NUMBERS = frozenset({50011, 70011, 700016, 700027, 7000215, 7000218, 7000222})
"""AADSTS numbers of a wrong registration: redirect URI, scope, unknown client, or its credential."""

ADMIN_NUMBERS = frozenset({90093, 90094, 90095})
"""AADSTS numbers of "an administrator must consent"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRefusal:
    """An error answer of the token endpoint, without its text, which may name the person."""

    error: str
    suberror: str = ""
    numbers: frozenset[int] = frozenset()

    @property
    def fault(self) -> TokenFault:
        if self.numbers & TRANSIENT_NUMBERS:
            return TokenFault.TRANSIENT
        if self.numbers & OUR_NUMBERS:
            return TokenFault.OURS
        return BY_ERROR.get(self.error.casefold(), TokenFault.UNKNOWN)

    @property
    def needs_administrator(self) -> bool:
        return bool(self.numbers & ADMIN_NUMBERS)

    @property
    def code(self) -> str:
        """The error, if it is a known one, with its numbers, for operators: `invalid_client AADSTS7000222`."""
        known = [self.error] if self.error.casefold() in BY_ERROR else []
        return " ".join([*known, *(f"AADSTS{number}" for number in sorted(self.numbers))])


def refusal_from(answer: Mapping[str, Any]) -> TokenRefusal:
    """Read an error answer; members of unexpected types count as absent."""
    codes = answer.get("error_codes")
    return TokenRefusal(
        error=_text(answer.get("error")),
        suberror=_text(answer.get("suberror")),
        numbers=_numbers(codes if isinstance(codes, list) else []),
    )


def _numbers(codes: Collection[object]) -> frozenset[int]:
    return frozenset(code for code in codes if isinstance(code, int))


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
