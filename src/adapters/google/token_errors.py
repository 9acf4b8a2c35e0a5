"""What the errors of Google's authorization and token endpoints mean for us.

Sources: Google's "Using OAuth 2.0 for web server applications" and "Using OAuth 2.0 to access Google APIs", clients
whose code is public, and RFC 6749, as of November 2026. Texts are not read: they change, and may name the person.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any


class TokenFault(Enum):
    """Whose turn it is after a refused token request."""

    SIGN_IN_AGAIN = auto()
    """The person's: the grant is gone or not enough any more."""
    ORGANISATION = auto()
    """Their administrator's, who must allow it. When it strikes several organisations at once it is ours."""
    OURS = auto()
    """An operator's: the client or our request is wrong."""
    TRANSIENT = auto()
    """Nobody's: try again later."""
    UNKNOWN = auto()
    """An error never seen: evidence of nothing."""


BY_ERROR: Mapping[str, TokenFault] = {
    "invalid_grant": TokenFault.SIGN_IN_AGAIN,
    "invalid_rapt": TokenFault.SIGN_IN_AGAIN,
    "rapt_required": TokenFault.SIGN_IN_AGAIN,
    "admin_policy_enforced": TokenFault.ORGANISATION,
    "access_denied": TokenFault.ORGANISATION,
    "org_internal": TokenFault.ORGANISATION,
    "invalid_client": TokenFault.OURS,
    "deleted_client": TokenFault.OURS,
    "unauthorized_client": TokenFault.OURS,
    "redirect_uri_mismatch": TokenFault.OURS,
    "invalid_scope": TokenFault.OURS,
    "invalid_request": TokenFault.OURS,
    "unsupported_grant_type": TokenFault.OURS,
    "unsupported_response_type": TokenFault.OURS,
    "server_error": TokenFault.TRANSIENT,
    "temporarily_unavailable": TokenFault.TRANSIENT,
}

_SUBTYPES = frozenset({"invalid_rapt", "rapt_required"})
"""Of invalid_grant: an administrator's rule wants people to sign in again every so often."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRefusal:
    """An error answer, without its text."""

    error: str
    subtype: str = ""

    @property
    def fault(self) -> TokenFault:
        return BY_ERROR.get(self.error.casefold(), TokenFault.UNKNOWN)

    @property
    def refuses_credential(self) -> bool:
        """Whether another secret of ours may be accepted where this one was not."""
        return self.error.casefold() == "invalid_client"

    @property
    def code(self) -> str:
        """The error and its subtype, as far as they are known ones, for operators: `invalid_grant invalid_rapt`."""
        known = [self.error] if self.error.casefold() in BY_ERROR else []
        return " ".join(known + ([self.subtype] if self.subtype.casefold() in _SUBTYPES else []))


def refusal_from(answer: Mapping[str, Any]) -> TokenRefusal:
    """Read an error answer; members of unexpected types count as absent."""
    return TokenRefusal(error=_text(answer.get("error")), subtype=_text(answer.get("error_subtype")))


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
