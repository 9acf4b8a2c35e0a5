"""Signing in, step by step and without any HTTP: request, account, password, consent or approval, redirect."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlencode, urlsplit

from sandbox.identity import scopes as scope_names
from sandbox.identity.errors import OAuthError, SignInRefused
from sandbox.identity.refusals import require_welcome
from sandbox.world.model import Person, Tenant
from sandbox.world.people import UnknownName
from sandbox.world.world import World

Step = Literal["accounts", "password", "consent", "approval", "requested"]
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_SHARED_TENANTS = ("common", "organizations", "consumers")


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInRequest:
    """What the app asked for with its authorization URL, checked."""

    authority: str
    redirect_uri: str
    response_mode: str
    state: str | None
    scopes: frozenset[str]
    nonce: str | None
    prompt: str
    login_hint: str
    challenge: str | None
    challenge_method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirect:
    """Back to the app, with a code or an error."""

    uri: str
    mode: str
    parameters: dict[str, str]

    @property
    def url(self) -> str:
        """The whole address; for form_post only the redirect URI, the parameters being posted to it."""
        if self.mode == "form_post":
            return self.uri
        return f"{self.uri}{'&' if '?' in self.uri else '?'}{urlencode(self.parameters)}"


@dataclass(slots=True, kw_only=True)
class SignIn:
    """One sign-in under way."""

    request: SignInRequest
    person: Person | None = None
    password_given: bool = False
    approval_asked: bool = False
    ticket: str = field(default_factory=lambda: secrets.token_urlsafe(24))


def read_request(world: World, authority: str, query: Mapping[str, str]) -> SignInRequest:
    """Check an authorization request.

    Raises SignInRefused where the redirect URI or the app isn't to be trusted, or the authority is unknown.
    """
    _require_authority(world, authority)
    if query.get("client_id") != world.app.client_id:
        raise SignInRefused(700016, "Application was not found in the directory.")
    redirect_uri = query.get("redirect_uri", "")
    if not may_redirect(redirect_uri, world.app.redirect_prefixes):
        raise SignInRefused(
            50011, "The redirect URI specified in the request does not match those of the app."
        )
    return SignInRequest(
        authority=authority,
        redirect_uri=redirect_uri,
        response_mode=query.get("response_mode", "query"),
        state=query.get("state"),
        scopes=_known_scopes(query.get("scope", "")),
        nonce=query.get("nonce"),
        prompt=query.get("prompt", ""),
        login_hint=query.get("login_hint", ""),
        challenge=query.get("code_challenge"),
        challenge_method=query.get("code_challenge_method", "plain"),
    )


def check_request(query: Mapping[str, str]) -> None:
    """Check what is reported to the app by redirect; raises OAuthError."""
    if query.get("response_type") != "code":
        raise OAuthError("unsupported_response_type", 700051, "The response_type is not enabled for the app.")
    if query.get("response_mode", "query") not in ("query", "form_post"):
        raise OAuthError("invalid_request", 70009, "The response_mode is not supported.")
    if not query.get("scope", "").strip():
        raise OAuthError("invalid_request", 900144, "The request must contain the parameter 'scope'.")
    try:
        scope_names.parse(query["scope"])
    except scope_names.UnknownScope:
        raise OAuthError("invalid_scope", 70011, "The value of the parameter 'scope' is not valid.") from None
    if "code_challenge" in query and query.get("code_challenge_method", "plain") not in ("S256", "plain"):
        raise OAuthError("invalid_request", 501491, "The code_challenge_method is not supported.")
    if query.get("prompt", "") not in ("", "none", "login", "consent", "select_account"):
        raise OAuthError("invalid_request", 90023, "The value of the parameter 'prompt' is not valid.")


def candidates(world: World, authority: str) -> list[Person]:
    """Who may sign in through an authority, in the picker's order."""
    return [person for person in world.people.all() if _fits(world, person, authority)]


def begin(world: World, request: SignInRequest, signed_in: Person | None) -> SignIn:
    """Start a sign-in; the account is known beforehand from `login_hint` or an earlier sign-in."""
    sign_in = SignIn(request=request)
    allowed = candidates(world, request.authority)
    if request.prompt != "select_account":
        hinted = [person for person in allowed if person.email.casefold() == request.login_hint.casefold()]
        if hinted:
            sign_in.person = hinted[0]
        elif not request.login_hint and signed_in in allowed and request.prompt != "login":
            sign_in.person = signed_in
    # With prompt=none the account must be signed in already; a hint alone doesn't do it.
    if request.prompt == "none" and sign_in.person is not signed_in:
        sign_in.person = None
    return sign_in


def proceed(world: World, sign_in: SignIn) -> Step | Redirect:
    """What comes next: a page to show, or the way back to the app with a code. Raises OAuthError."""
    request, person = sign_in.request, sign_in.person
    silent = request.prompt == "none"
    if person is None:
        if silent:
            raise OAuthError("login_required", 50058, "Nobody is signed in, and prompt=none was asked for.")
        return "accounts"
    require_welcome(person.tenant, at_sign_in=True)
    if request.prompt == "login" and not sign_in.password_given:
        return "password"
    missing = _grantable(request, person) - world.grants.consented(person)
    if person.tenant.consent != "user" and not person.tenant.approved:
        if person.tenant.consent == "admin_error" or silent:
            raise OAuthError("consent_required", 90094, "An administrator has to consent to this app.")
        return "requested" if sign_in.approval_asked else "approval"
    if person.tenant.approved:
        world.grants.consent(person, frozenset(), _grantable(request, person))
    elif missing or request.prompt == "consent":
        if silent:
            raise OAuthError("interaction_required", 65001, "The person has not consented to this app.")
        return "consent"
    return _with_code(world, request, person)


def accept(world: World, sign_in: SignIn, granted: frozenset[str]) -> Redirect:
    """The person answers the consent page; what was not ticked is not granted."""
    person = sign_in.person
    if person is None or proceed(world, sign_in) != "consent":
        raise OAuthError("invalid_request", 50089, "The sign-in is not at its consent page.")
    asked = _grantable(sign_in.request, person)
    world.grants.consent(person, asked, granted & asked)
    return _with_code(world, sign_in.request, person)


def refuse(sign_in: SignIn) -> Redirect:
    """The person cancels, on whichever page. Backing out of the approval page looks the same to the app."""
    text = "AADSTS65004: User declined to consent to access the app."
    parameters = {"error": "access_denied", "error_subcode": "cancel", "error_description": text}
    return back_to_app(sign_in.request, parameters)


def send_error(request: SignInRequest, error: OAuthError) -> Redirect:
    """Tell the app what is wrong."""
    return back_to_app(request, {"error": error.error, "error_description": error.description})


def asked_of(sign_in: SignIn) -> list[str]:
    """The permissions the consent page lists, in alphabetical order."""
    return sorted(_grantable(sign_in.request, sign_in.person)) if sign_in.person else []


def _with_code(world: World, request: SignInRequest, person: Person) -> Redirect:
    tenant = person.tenant
    if person.guest_of is not None and request.authority in (person.guest_of.id, person.guest_of.domain):
        tenant = person.guest_of
    code = world.grants.issue_code(
        person=person,
        tenant=tenant,
        client_id=world.app.client_id,
        redirect_uri=request.redirect_uri,
        scopes=world.grants.consented(person) | (request.scopes & scope_names.SIGN_IN),
        nonce=request.nonce,
        challenge=request.challenge,
        challenge_method=request.challenge_method,
    )
    return back_to_app(request, {"code": code, "session_state": secrets.token_hex(16)})


def back_to_app(request: SignInRequest, parameters: dict[str, str]) -> Redirect:
    """The redirect with these parameters and the app's own state."""
    state = {} if request.state is None else {"state": request.state}
    return Redirect(uri=request.redirect_uri, mode=request.response_mode, parameters=parameters | state)


def _grantable(request: SignInRequest, person: Person) -> frozenset[str]:
    return scope_names.grantable(request.scopes, personal=person.tenant.is_personal)


def _known_scopes(text: str) -> frozenset[str]:
    try:
        return scope_names.parse(text)
    except scope_names.UnknownScope:
        return frozenset()


def _require_authority(world: World, authority: str) -> None:
    if authority not in _SHARED_TENANTS:
        try:
            world.people.tenant(authority)
        except UnknownName:
            raise SignInRefused(90002, "Tenant not found.") from None


def _fits(world: World, person: Person, authority: str) -> bool:
    if person.google is not None or person.icloud is not None:
        return False
    match authority:
        case "common":
            return True
        case "organizations":
            return not person.tenant.is_personal
        case "consumers":
            return person.tenant.is_personal
    tenant: Tenant = world.people.tenant(authority)
    return tenant in (person.tenant, person.guest_of)


def may_redirect(uri: str, prefixes: tuple[str, ...]) -> bool:
    """Whether the app may have people sent there; without prefixes https and loopback addresses."""
    if prefixes:
        return uri.startswith(prefixes)
    parts = urlsplit(uri)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
