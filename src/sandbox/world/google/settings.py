"""The switches of the sandbox's Google as a whole."""

from dataclasses import dataclass, field
from typing import Any, Literal

ScopeSpelling = Literal["uri", "short"]
Issuer = Literal["https://accounts.google.com", "accounts.google.com"]
RedirectExtras = Literal["none", "usual", "with_issuer"]
ClientState = Literal["registered", "deleted", "unauthorized"]


@dataclass(slots=True, kw_only=True)
class GoogleSettings:
    """How Google behaves where its behaviour varies or is undocumented.

    Sign-in: boxes of the consent page start `boxes_ticked`. A redirect carries the `redirect_extras` beside code and
    state. `email` and `profile` come back in the `scope_spelling`, with `extra_scopes` that nobody asked for. Id
    tokens name the `issuer`; `id_token_claims` replace claims (None leaves one out), `id_token_key_id` names another
    key, and without `id_token_signed` the signature is wrong. Their clock is `clock_offset_seconds` ahead. Signing
    keys may be kept for `keys_max_age_seconds`.

    Tokens: an access token lives for `access_token_seconds`. The app is `client_state`, and while it is `in_testing`
    its refresh tokens last a week. One person has `refresh_token_limit` of them, one more ends the oldest. A
    revocation takes effect after `revocation_delay_seconds`.
    """

    boxes_ticked: bool = True
    redirect_extras: RedirectExtras = "usual"
    scope_spelling: ScopeSpelling = "uri"
    extra_scopes: list[str] = field(default_factory=list)
    issuer: Issuer = "https://accounts.google.com"
    id_token_claims: dict[str, Any] = field(default_factory=dict)
    id_token_key_id: str | None = None
    id_token_signed: bool = True
    clock_offset_seconds: float = 0
    keys_max_age_seconds: int = 23_000
    access_token_seconds: int = 3599
    client_state: ClientState = "registered"
    in_testing: bool = False
    refresh_token_limit: int = 100
    revocation_delay_seconds: float = 0
