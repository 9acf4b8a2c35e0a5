"""The rules of Google's token endpoint: codes and refresh tokens in, tokens out."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import unquote_plus

from sandbox.google import scopes as scope_names
from sandbox.world.google.account import RefreshRefusal
from sandbox.world.google.grants import Code, Consent
from sandbox.world.model import Person
from sandbox.world.world import World

Form = Mapping[str, str]

_REVOKED = "Token has been expired or revoked."
_REFUSALS: Mapping[RefreshRefusal, tuple[str, str, str | None]] = {
    "revoked": ("invalid_grant", _REVOKED, None),
    "invalid_rapt": ("invalid_grant", "reauth related error (invalid_rapt)", "invalid_rapt"),
    "rapt_required": ("invalid_grant", "reauth related error (rapt_required)", "rapt_required"),
    "admin_policy_enforced": ("admin_policy_enforced", "Access was blocked by the administrator.", None),
    "access_denied": ("access_denied", "Account restricted", None),
}
"""Error, description and subtype of each thing that a person's refresh can be refused for."""


class TokenError(Exception):
    """An error answer of the token endpoint."""

    def __init__(
        self, error: str, description: str, *, status: int = 400, subtype: str | None = None
    ) -> None:
        super().__init__(error)
        self.status = status
        self.body = {"error": error, "error_description": description}
        if subtype is not None:
            self.body["error_subtype"] = subtype


def person_of(world: World, form: Form) -> Person | None:
    """Whose code or token a request carries, so that faults can be aimed at a person."""
    grants = world.google.grants
    given = grants.codes.get(form.get("code", "")) or grants.refresh_tokens.get(form.get("refresh_token", ""))
    revoked = grants.refresh_tokens.get(form.get("token", "")) or grants.access_tokens.get(
        form.get("token", "")
    )
    found = given or revoked
    return found.consent.person if found else None


def redeem(world: World, form: Form, authorization: str) -> dict[str, Any]:
    """The token answer to a request; raises TokenError. `authorization` is the request's header of that name."""
    _authenticate(world, form, authorization)
    match form.get("grant_type"):
        case "authorization_code":
            return _by_code(world, form)
        case "refresh_token":
            return _by_refresh_token(world, form)
    raise TokenError("unsupported_grant_type", "Invalid grant_type: ")


def _by_code(world: World, form: Form) -> dict[str, Any]:
    grants = world.google.grants
    code = grants.codes.get(form.get("code", ""))
    if code is None or code.redeemed or code.expires <= world.clock.now():
        raise TokenError("invalid_grant", "Bad Request")
    if form.get("redirect_uri") != code.redirect_uri:
        raise TokenError("redirect_uri_mismatch", "Bad Request")
    _require_verifier(code, form.get("code_verifier", ""))
    code.redeemed = True
    answer = _answer(world, code.consent, code.scopes, code.nonce)
    if code.offline:
        token, ends_in = grants.issue_refresh_token(code.consent, code.scopes)
        answer["refresh_token"] = token
        if ends_in is not None:
            answer["refresh_token_expires_in"] = ends_in
    return answer


def _by_refresh_token(world: World, form: Form) -> dict[str, Any]:
    token = world.google.grants.find_refresh_token(form.get("refresh_token", ""))
    if token is None:
        raise TokenError("invalid_grant", _REVOKED)
    account = token.consent.person.google_account
    if refusal := _REFUSALS.get(account.refuses):
        error, description, subtype = refusal
        raise TokenError(error, description, subtype=subtype)
    token.used = world.clock.now()
    token.scopes -= scope_names.parse(" ".join(account.withdrawn_scopes))
    return _answer(world, token.consent, token.scopes, None)


def _answer(world: World, consent: Consent, scopes: frozenset[str], nonce: str | None) -> dict[str, Any]:
    google = world.google
    access_token = google.grants.issue_access_token(consent, scopes)
    answer: dict[str, Any] = {
        "access_token": access_token,
        "expires_in": google.settings.access_token_seconds,
        "scope": scope_names.printed(scopes, google.settings.scope_spelling),
        "token_type": "Bearer",
    }
    if "openid" in scopes:
        claims = _claims(world, consent.person, scopes, access_token)
        claims |= ({"nonce": nonce} if nonce else {}) | google.settings.id_token_claims
        present = {name: value for name, value in claims.items() if value is not None}
        answer["id_token"] = google.signing_keys.sign(
            present, valid=google.settings.id_token_signed, key_id=google.settings.id_token_key_id
        )
    return answer


def _claims(world: World, person: Person, scopes: frozenset[str], access_token: str) -> dict[str, Any]:
    google = world.google
    now = int((world.clock.now() + timedelta(seconds=google.settings.clock_offset_seconds)).timestamp())
    digest = hashlib.sha256(access_token.encode()).digest()
    return {
        "iss": google.settings.issuer,
        "azp": google.app.client_id,
        "aud": google.app.client_id,
        "at_hash": base64.urlsafe_b64encode(digest[:16]).decode().rstrip("="),
        "iat": now,
        "exp": now + 3600,
        **userinfo(person, scopes),
    }


def userinfo(person: Person, scopes: frozenset[str]) -> dict[str, Any]:
    """What the sign-in scopes tell of a person."""
    account = person.google_account
    told: dict[str, Any] = {"sub": account.sub}
    if account.hosted_domain is not None:
        told["hd"] = account.hosted_domain
    if "email" in scopes:
        told |= {"email": person.email, "email_verified": True}
    if "profile" in scopes:
        told |= {"name": person.name, "given_name": person.name.partition(" ")[0]}
    return told


def _authenticate(world: World, form: Form, authorization: str) -> None:
    app, state = world.google.app, world.google.settings.client_state
    client_id, secret = _basic(authorization) or (form.get("client_id", ""), form.get("client_secret"))
    if client_id != app.client_id:
        raise TokenError("invalid_client", "The OAuth client was not found.", status=401)
    if state == "deleted":
        raise TokenError("deleted_client", "The OAuth client was deleted.", status=401)
    if state == "unauthorized":
        raise TokenError("unauthorized_client", "Unauthorized", status=401)
    if secret is None:
        raise TokenError("invalid_request", "client_secret is missing.")
    if not app.accepts(secret):
        raise TokenError("invalid_client", "Unauthorized", status=401)


def _basic(authorization: str) -> tuple[str, str] | None:
    scheme, _, encoded = authorization.partition(" ")
    if scheme.casefold() != "basic":
        return None
    try:
        client_id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return unquote_plus(client_id), unquote_plus(secret)


def _require_verifier(code: Code, verifier: str) -> None:
    if code.challenge is None:
        return
    given = verifier
    if code.challenge_method == "S256":
        digest = hashlib.sha256(verifier.encode()).digest()
        given = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    if not hmac.compare_digest(given.encode(), code.challenge.encode()):
        raise TokenError("invalid_grant", "Invalid code verifier.")
