"""Signing in at Google, step by step and without any HTTP: request, account, consent, redirect."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlencode

from sandbox.google import scopes as scope_names
from sandbox.identity.sign_in import may_redirect
from sandbox.world.model import Person
from sandbox.world.world import World

Step = Literal["accounts", "consent"]
ISSUER = "https://accounts.google.com"
_PROMPTS = frozenset({"none", "consent", "select_account"})


class SignInRefused(Exception):
    """A sign-in that ends on Google's own page: the app never hears of it."""

    def __init__(self, error: str, text: str) -> None:
        super().__init__(error)
        self.description = f"Error 400: {error}. {text}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInRequest:
    """What the app asked for with its authorization URL, checked."""

    redirect_uri: str
    state: str | None
    scopes: frozenset[str]
    nonce: str | None
    prompt: frozenset[str]
    login_hint: str
    offline: bool
    includes_granted: bool
    challenge: str | None
    challenge_method: str

    def redirect(self, parameters: Mapping[str, str]) -> str:
        """Back to the app, with these parameters and its own state."""
        state = {} if self.state is None else {"state": self.state}
        query = urlencode(state | dict(parameters))
        return f"{self.redirect_uri}{'&' if '?' in self.redirect_uri else '?'}{query}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirect:
    """The way back to the app."""

    url: str


@dataclass(slots=True, kw_only=True)
class SignIn:
    """One sign-in under way."""

    request: SignInRequest
    person: Person | None = None
    ticket: str = field(default_factory=lambda: secrets.token_urlsafe(24))


def read_request(world: World, query: Mapping[str, str]) -> SignInRequest:
    """Check an authorization request; raises SignInRefused."""
    _require_app(world, query)
    request = SignInRequest(
        redirect_uri=query["redirect_uri"],
        state=query.get("state"),
        scopes=_scopes(query.get("scope", "")),
        nonce=query.get("nonce"),
        prompt=frozenset(query.get("prompt", "").split()),
        login_hint=query.get("login_hint", ""),
        offline=query.get("access_type", "online") == "offline",
        includes_granted=query.get("include_granted_scopes") == "true",
        challenge=query.get("code_challenge"),
        challenge_method=query.get("code_challenge_method", "plain"),
    )
    if query.get("response_type") != "code":
        raise SignInRefused("unsupported_response_type", "Invalid response_type.")
    if query.get("access_type", "online") not in ("online", "offline"):
        raise SignInRefused("invalid_request", "Invalid parameter value for access_type.")
    if request.challenge_method not in ("S256", "plain"):
        raise SignInRefused("invalid_request", "Invalid code_challenge_method.")
    if request.prompt - _PROMPTS or ("none" in request.prompt and len(request.prompt) > 1):
        raise SignInRefused("invalid_request", "Invalid parameter value for prompt.")
    return request


def candidates(world: World) -> list[Person]:
    """Who may sign in, in the picker's order."""
    return [person for person in world.people.all() if person.google is not None]


def begin(world: World, request: SignInRequest, signed_in: Person | None) -> SignIn:
    """Start a sign-in; the account is known beforehand from `login_hint` (address or sub) or an earlier sign-in."""
    sign_in = SignIn(request=request)
    if "select_account" in request.prompt:
        return sign_in
    if "none" in request.prompt:
        hinted = not request.login_hint or (signed_in and _is_hinted(signed_in, request.login_hint))
        sign_in.person = signed_in if hinted else None
        return sign_in
    known = [person for person in candidates(world) if _is_hinted(person, request.login_hint)]
    sign_in.person = known[0] if known else (None if request.login_hint else signed_in)
    return sign_in


def proceed(world: World, sign_in: SignIn) -> Step | Redirect:
    """What comes next: a page to show, or the way back to the app. Raises SignInRefused."""
    request, person = sign_in.request, sign_in.person
    silent = "none" in request.prompt
    if person is None:
        return _back(request, {"error": "interaction_required"}) if silent else "accounts"
    _require_welcome(person)
    missing = request.scopes - world.google.grants.consented(person)
    if missing or "consent" in request.prompt:
        return _back(request, {"error": "interaction_required"}) if silent else "consent"
    return _with_code(world, request, person, request.scopes, asked_now=False)


def accept(world: World, sign_in: SignIn, ticked: frozenset[str]) -> Redirect:
    """The person answers the consent page; what was not ticked is not granted. Raises SignInRefused."""
    request, person = sign_in.request, sign_in.person
    if person is None or proceed(world, sign_in) != "consent":
        raise SignInRefused("invalid_request", "The sign-in is not at its consent page.")
    granted = request.scopes
    if boxes(sign_in):
        granted = (request.scopes & scope_names.SIGN_IN) | (ticked & request.scopes)
    return _with_code(world, request, person, granted, asked_now=True)


def refuse(sign_in: SignIn) -> Redirect:
    """The person cancels, on whichever page."""
    return _back(sign_in.request, {"error": "access_denied"})


def asked_of(sign_in: SignIn) -> list[str]:
    """The permissions the consent page lists, in alphabetical order."""
    return sorted(sign_in.request.scopes - scope_names.SIGN_IN)


def boxes(sign_in: SignIn) -> bool:
    """Whether the person may leave permissions out one by one."""
    trusted = sign_in.person is not None and sign_in.person.google_account.trusted
    return scope_names.has_boxes(sign_in.request.scopes) and not trusted


def _with_code(
    world: World, request: SignInRequest, person: Person, granted: frozenset[str], *, asked_now: bool
) -> Redirect:
    google, account = world.google, person.google_account
    before = google.grants.consented(person) if request.includes_granted else frozenset[str]()
    scopes = granted | before | scope_names.parse(" ".join(google.settings.extra_scopes))
    first = not google.grants.consented(person)
    consent = google.grants.consent(person, scopes)
    code = google.grants.issue_code(
        consent=consent,
        redirect_uri=request.redirect_uri,
        scopes=scopes,
        nonce=request.nonce,
        challenge=request.challenge,
        challenge_method=request.challenge_method,
        # Only the first consent brings a refresh token, or one that was asked for again.
        offline=request.offline
        and account.gives_refresh_token
        and (first or (asked_now and "consent" in request.prompt)),
    )
    return _back(request, {"code": code} | _extras(world, request, person, scopes))


def _extras(world: World, request: SignInRequest, person: Person, scopes: frozenset[str]) -> dict[str, str]:
    settings, domain = world.google.settings, person.google_account.hosted_domain
    if settings.redirect_extras == "none":
        return {}
    extras = {"scope": scope_names.printed(scopes, settings.scope_spelling), "authuser": "0"}
    extras |= {"hd": domain} if domain else {}
    extras |= {"prompt": " ".join(sorted(request.prompt)) or "none"}
    return extras | ({"iss": ISSUER} if settings.redirect_extras == "with_issuer" else {})


def _back(request: SignInRequest, parameters: Mapping[str, str]) -> Redirect:
    return Redirect(url=request.redirect(parameters))


def _is_hinted(person: Person, hint: str) -> bool:
    return bool(hint) and hint.casefold() in (person.email.casefold(), person.google_account.sub)


def _require_app(world: World, query: Mapping[str, str]) -> None:
    app, state = world.google.app, world.google.settings.client_state
    if query.get("client_id") != app.client_id:
        raise SignInRefused("invalid_client", "The OAuth client was not found.")
    if state == "deleted":
        raise SignInRefused("deleted_client", "The OAuth client was deleted.")
    if not may_redirect(query.get("redirect_uri", ""), app.redirect_prefixes):
        raise SignInRefused("redirect_uri_mismatch", "The redirect URI does not match those of the app.")


def _require_welcome(person: Person) -> None:
    match person.google_account.administrator:
        case "forbids":
            text = "The administrator of this account's organisation does not allow this app."
            raise SignInRefused("admin_policy_enforced", text)
        case "internal_only":
            raise SignInRefused("org_internal", "This app can be used within its organisation only.")


def _scopes(text: str) -> frozenset[str]:
    try:
        found = scope_names.parse(text)
    except scope_names.UnknownScope as unknown:
        raise SignInRefused("invalid_scope", f"Some requested scopes were invalid: {unknown}") from None
    if not found:
        raise SignInRefused("invalid_request", "Missing required parameter: scope.")
    return found
