"""The token endpoint's rules: codes and refresh tokens in, tokens out."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sandbox.identity import scopes as scope_names
from sandbox.identity.client_authentication import authenticate
from sandbox.identity.errors import OAuthError
from sandbox.identity.refusals import require_welcome
from sandbox.world.grants import Code
from sandbox.world.model import Person, Tenant
from sandbox.world.people import UnknownName
from sandbox.world.world import World

Form = Mapping[str, str]


def person_of(world: World, form: Form) -> Person | None:
    """Whose code or refresh token a request carries, so that faults can be aimed at a person."""
    grant = world.grants.codes.get(form.get("code", "")) or world.grants.refresh_tokens.get(
        form.get("refresh_token", "")
    )
    return grant.person if grant else None


def redeem(world: World, authority: str, base: str, form: Form, authorization: str) -> dict[str, Any]:
    """The token response to a request; raises OAuthError.

    `base` is the address of the identity platform, `authorization` the request's header of that name.
    """
    authenticate(world, f"{base}/{authority}", form, authorization)
    match form.get("grant_type"):
        case "authorization_code":
            return _by_code(world, authority, base, form)
        case "refresh_token":
            return _by_refresh_token(world, base, form)
    raise OAuthError("unsupported_grant_type", 70003, "The app requested an unsupported grant type.")


def _by_code(world: World, authority: str, base: str, form: Form) -> dict[str, Any]:
    code = world.grants.codes.get(form.get("code", ""))
    if code is None:
        raise OAuthError("invalid_grant", 9002313, "Invalid request. Request is malformed or invalid.")
    if code.redeemed:
        raise OAuthError("invalid_grant", 54005, "OAuth2 Authorization code was already redeemed.")
    if code.expires <= world.clock.now():
        raise OAuthError("invalid_grant", 70008, "The provided authorization code has expired.")
    _require_tenant(world, authority, code.tenant)
    require_welcome(code.person.tenant)
    if form.get("redirect_uri") != code.redirect_uri:
        raise OAuthError("invalid_grant", 500112, "The reply address does not match the one of the code.")
    _require_verifier(code, form.get("code_verifier", ""))
    code.redeemed = True
    return _tokens(world, base, code.person, code.tenant, code.scopes, code.nonce)


def _by_refresh_token(world: World, base: str, form: Form) -> dict[str, Any]:
    token = world.grants.refresh_tokens.get(form.get("refresh_token", ""))
    if token is None:
        raise OAuthError("invalid_grant", 9002313, "Invalid request. Request is malformed or invalid.")
    require_welcome(token.person.tenant)
    personal = token.tenant.is_personal
    if token.revoked:
        number = 70000 if personal else 50173
        raise OAuthError("invalid_grant", number, "The provided grant was revoked.", suberror="bad_token")
    if token.expires <= world.clock.now():
        text = "The refresh token has expired due to inactivity. It was inactive for 90.00:00:00."
        raise OAuthError("invalid_grant", 70000 if personal else 700082, text)
    asked = _scopes(form.get("scope", ""))
    granted = world.grants.consented(token.person)
    if not granted or not scope_names.grantable(asked, personal=personal) <= granted:
        text = "The user or administrator has not consented to use the application."
        raise OAuthError("invalid_grant", 65001, text, suberror="consent_required")
    token.revoked = world.settings.refresh_tokens_used_once
    return _tokens(
        world, base, token.person, token.tenant, granted | (token.scopes & scope_names.SIGN_IN), None
    )


def _tokens(
    world: World, base: str, person: Person, tenant: Tenant, scopes: frozenset[str], nonce: str | None
) -> dict[str, Any]:
    lifetime = world.settings.access_token_seconds
    client_id = world.app.client_id
    home = {"uid": person.oid, "utid": person.tenant.id}
    response: dict[str, Any] = {
        "token_type": "Bearer",
        "scope": scope_names.printed(scopes, person.scope_spelling),
        "expires_in": lifetime,
        "ext_expires_in": lifetime,
        "access_token": world.grants.issue_access_token(person, tenant, scopes, lifetime),
        "client_info": base64.urlsafe_b64encode(json.dumps(home).encode()).decode().rstrip("="),
    }
    if scope_names.OFFLINE in scopes:
        response["refresh_token"] = world.grants.issue_refresh_token(person, tenant, client_id, scopes)
    if "openid" in scopes:
        claims = _claims(world, base, person, tenant) | ({"nonce": nonce} if nonce else {})
        claims |= world.settings.id_token_claims
        response["id_token"] = world.signing_keys.sign(claims, valid=world.settings.id_token_signed)
    return response


def _claims(world: World, base: str, person: Person, tenant: Tenant) -> dict[str, Any]:
    now = world.clock.now() + timedelta(seconds=world.settings.clock_offset_seconds)
    is_guest = tenant is not person.tenant
    oid = person.guest_oid if is_guest else person.oid
    pairwise = hashlib.sha256(f"{world.app.client_id}|{tenant.id}|{oid}".encode()).digest()
    claims: dict[str, Any] = {
        "aud": world.app.client_id,
        "iss": f"{base}/{tenant.id}/v2.0",
        "iat": int(now.timestamp()),
        "nbf": int(now.timestamp()),
        "exp": int((now + timedelta(hours=1)).timestamp()),
        "name": person.name,
        "oid": oid,
        "preferred_username": person.email,
        "sub": base64.urlsafe_b64encode(pairwise).decode().rstrip("="),
        "tid": tenant.id,
        "ver": "2.0",
    }
    if person.email_claim:
        claims["email"] = person.email
    if is_guest:
        claims["idp"] = f"https://sts.windows.net/{person.tenant.id}/"
    return claims


def _require_tenant(world: World, authority: str, tenant: Tenant) -> None:
    if authority in ("common", "organizations", "consumers"):
        return
    try:
        fits = world.people.tenant(authority) is tenant
    except UnknownName:
        raise OAuthError("invalid_request", 90002, "Tenant not found.") from None
    if not fits:
        raise OAuthError("invalid_grant", 700005, "The code is intended to be used against another tenant.")


def _require_verifier(code: Code, verifier: str) -> None:
    if code.challenge is None:
        return
    given = verifier
    if code.challenge_method == "S256":
        digest = hashlib.sha256(verifier.encode()).digest()
        given = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    if not hmac.compare_digest(given.encode(), code.challenge.encode()):
        text = "The Code_Verifier does not match the code_challenge supplied in the authorization request."
        raise OAuthError("invalid_grant", 501481, text)


def _scopes(text: str) -> frozenset[str]:
    try:
        return scope_names.parse(text)
    except scope_names.UnknownScope:
        raise OAuthError("invalid_scope", 70011, "The value of the parameter 'scope' is not valid.") from None
