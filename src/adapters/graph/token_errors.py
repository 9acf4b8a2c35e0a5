"""What the errors of Microsoft's token endpoint mean for us.

Source: Microsoft's "Authentication and authorization error codes" (page reference-error-codes of the identity platform)
and "OAuth 2.0 authorization code flow", as of August 2026. To renew the numbers, go through that page again; those that
logs bring and no set has are the first to look at.

The branch is on `error`, as Microsoft asks; numbers overrule it where taking one for the other would mail every expert
about an expired secret of ours, or wake our operators because one organisation switched us off.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any


class TokenFault(Enum):
    """Whose turn it is after a refused token request."""

    SIGN_IN_AGAIN = auto()
    """The person's: the grant is gone or not enough any more."""
    ORGANISATION = auto()
    """Their administrator's, who must allow it. When it strikes several organisations at once it is ours."""
    CLOSED = auto()
    """Nobody's any more: the account or its organisation is switched off or gone."""
    OURS = auto()
    """An operator's: the credential or our request is wrong."""
    TRANSIENT = auto()
    """Nobody's: try again later."""
    UNKNOWN = auto()
    """An error never seen: evidence of nothing."""


BY_ERROR: Mapping[str, TokenFault] = {
    "invalid_grant": TokenFault.SIGN_IN_AGAIN,
    "interaction_required": TokenFault.SIGN_IN_AGAIN,
    "consent_required": TokenFault.SIGN_IN_AGAIN,
    "login_required": TokenFault.SIGN_IN_AGAIN,
    "unauthorized_client": TokenFault.ORGANISATION,
    "invalid_resource": TokenFault.ORGANISATION,
    "invalid_client": TokenFault.OURS,
    "invalid_scope": TokenFault.OURS,
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

OUR_NUMBERS = frozenset({50011, 70002, 70011, 700024, 700025, 700027, 700030, 7000215, 7000218, 7000222})
"""AADSTS numbers that speak of our credential or of our request: secret, assertion, redirect URI, scope."""

CREDENTIAL_NUMBERS = frozenset({700024, 700025, 700027, 700030, 7000215, 7000218, 7000222})
"""Those among them that speak of the credential itself."""

ADMIN_NUMBERS = frozenset({90093, 90094, 90095})
"""AADSTS numbers of "an administrator must consent"."""

ORGANISATION_NUMBERS = ADMIN_NUMBERS | {
    50001, 50002, 500011, 500014, 500021, 500022, 500212, 500213,
    50105, 53002, 53003, 53011, 530032, 530034, 530035,
    650052, 650054, 650056, 70001, 700011, 700016, 7000112, 7000229, 90099, 1000031,
}  # fmt: skip
"""AADSTS numbers of what an organisation's administrator did or must do: Graph or the app disabled or not there in the
organisation, access from outside restricted, the person not assigned, blocked by Conditional Access."""

DEVICE_NUMBERS = frozenset({50005, 50131, 53000, 53001, 53004, 53009, 53010})
"""AADSTS numbers of policies that a new sign-in may satisfy, from another device or place; when the sign-in itself is
refused, they are the organisation's, too."""

CLOSED_NUMBERS = frozenset({16003, 50034, 50057, 51004, 90002})
"""AADSTS numbers of an account or an organisation that is disabled or gone."""

BY_NUMBER: tuple[tuple[frozenset[int], TokenFault], ...] = (
    (TRANSIENT_NUMBERS, TokenFault.TRANSIENT),
    (OUR_NUMBERS, TokenFault.OURS),
    (ORGANISATION_NUMBERS, TokenFault.ORGANISATION),
    (CLOSED_NUMBERS, TokenFault.CLOSED),
)
"""In this order: the first set that has one of the numbers counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRefusal:
    """An error answer of the token endpoint, without its text, which may name the person."""

    error: str
    suberror: str = ""
    numbers: frozenset[int] = frozenset()

    @property
    def fault(self) -> TokenFault:
        told = (fault for numbers, fault in BY_NUMBER if numbers & self.numbers)
        return next(told, BY_ERROR.get(self.error.casefold(), TokenFault.UNKNOWN))

    @property
    def refuses_credential(self) -> bool:
        """Whether another credential of ours may be accepted where this one was not."""
        names_it = self.error.casefold() == "invalid_client" or bool(self.numbers & CREDENTIAL_NUMBERS)
        return names_it and self.fault is TokenFault.OURS

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
