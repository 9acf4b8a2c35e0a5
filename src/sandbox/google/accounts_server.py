"""Google's sign-in and tokens over HTTP."""

import secrets
from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web

from sandbox.answers import Answer, Hangs, deliver
from sandbox.google import scopes as scope_names
from sandbox.google import sign_in, tokens
from sandbox.google.pages import render
from sandbox.google.sign_in import Redirect, SignIn, SignInRefused, Step
from sandbox.world.faults import Surface
from sandbox.world.model import Person
from sandbox.world.traffic import RequestEntry
from sandbox.world.world import World

AUTHORIZE = "/o/oauth2/v2/auth"
TOKEN = "/token"  # noqa: S105 - a path
REVOKE = "/revoke"
KEYS = "/oauth2/v3/certs"
USERINFO = "/v1/userinfo"
_PAGE = "/google/signin"
_COOKIE = "sandbox-google-session"
_MOST_KEPT = 1000
_APP_NAME = "CalendarSync"


class GoogleAccountsServer:
    """Sign-in pages, tokens, revocation, keys and userinfo, at Google's own paths."""

    def __init__(
        self, world: World, hangs: Hangs, base: Callable[[], str], browsers_base: Callable[[], str]
    ) -> None:
        self._world = world
        self._hangs = hangs
        self._base = base
        self._browsers_base = browsers_base
        self._sign_ins: dict[str, SignIn] = {}
        self._sessions: dict[str, str] = {}

    def add_to(self, app: web.Application) -> None:
        """Serve at the root of an application."""
        app.router.add_get("/.well-known/openid-configuration", self.discovery)
        app.router.add_get(KEYS, self.keys)
        app.router.add_get(AUTHORIZE, self.authorize)
        app.router.add_post(_PAGE, self.answer_page)
        app.router.add_post(TOKEN, self.token)
        app.router.add_post(REVOKE, self.revoke)
        app.router.add_get(USERINFO, self.userinfo)

    def forget(self) -> None:
        """Drop sign-ins under way and browsers that are signed in."""
        self._sign_ins.clear()
        self._sessions.clear()

    async def discovery(self, request: web.Request) -> web.StreamResponse:
        """The OpenID configuration."""
        base = self._base()
        body = {
            "issuer": sign_in.ISSUER,
            "authorization_endpoint": self._browsers_base() + AUTHORIZE,
            "token_endpoint": base + TOKEN,
            "revocation_endpoint": base + REVOKE,
            "userinfo_endpoint": base + USERINFO,
            "jwks_uri": base + KEYS,
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "scopes_supported": ["openid", "email", "profile"],
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
            "code_challenge_methods_supported": ["plain", "S256"],
        }
        return await self._answer("google-metadata", request, None, lambda: Answer(body=body))

    async def keys(self, request: web.Request) -> web.StreamResponse:
        """The public signing keys, and how long they may be kept."""
        google = self._world.google
        kept = f"public, max-age={google.settings.keys_max_age_seconds}, must-revalidate, no-transform"

        def work() -> Answer:
            return Answer(body=google.signing_keys.key_set(), headers={"Cache-Control": kept})

        return await self._answer("google-metadata", request, None, work)

    async def authorize(self, request: web.Request) -> web.StreamResponse:
        """The start of a sign-in: its first page, or straight back to the app."""
        signed_in = self._signed_in(request)
        fault = self._world.faults.take("google-authorize", "GET", request.path, None)
        if fault is not None:
            reply = await deliver(request, lambda: Answer(status=400, body={}), fault, self._hangs)
        else:
            reply = self._begin(request.query, signed_in)
        self._log("google-authorize", request, signed_in, reply.status)
        return reply

    async def answer_page(self, request: web.Request) -> web.Response:
        """What a person chose on a page: the next page, or back to the app."""
        form = await request.post()
        under_way = self._sign_ins.get(str(form.get("ticket", "")))
        if under_way is None:
            return _problem("This page has expired. Please start again from the app.")
        ticked = frozenset(str(value) for value in form.getall("scope", []))
        try:
            chosen = {name: str(value) for name, value in form.items()}
            response = self._show(under_way, self._decide(under_way, chosen, ticked))
        except SignInRefused as refusal:
            return _problem(refusal.description)
        if under_way.person is not None:
            self._sign_in_browser(request, response, under_way.person)
        return response

    async def token(self, request: web.Request) -> web.StreamResponse:
        """The token endpoint."""
        form = {name: str(value) for name, value in (await request.post()).items()}

        def work() -> Answer:
            try:
                body = tokens.redeem(self._world, form, request.headers.get("Authorization", ""))
            except tokens.TokenError as error:
                return Answer(status=error.status, body=error.body)
            return Answer(body=body, headers={"Cache-Control": "no-cache, no-store, max-age=0"})

        return await self._answer("google-token", request, tokens.person_of(self._world, form), work)

    async def revoke(self, request: web.Request) -> web.StreamResponse:
        """Ends the whole consent that a token belongs to."""
        form = dict(request.query) | {name: str(value) for name, value in (await request.post()).items()}

        def work() -> Answer:
            if self._world.google.grants.revoke(form.get("token", "")):
                return Answer(body={})
            body = {"error": "invalid_token", "error_description": "Token expired or revoked"}
            return Answer(status=400, body=body)

        return await self._answer("google-revoke", request, tokens.person_of(self._world, form), work)

    async def userinfo(self, request: web.Request) -> web.StreamResponse:
        """Who a token is for."""
        token = self._world.google.grants.find_access_token(bearer(request))

        def work() -> Answer:
            if token is None:
                body = {"error": "invalid_request", "error_description": "Invalid Credentials"}
                return Answer(status=401, body=body)
            return Answer(body=tokens.userinfo(token.person, token.scopes))

        return await self._answer("google-metadata", request, token.person if token else None, work)

    async def _answer(
        self, surface: Surface, request: web.Request, person: Person | None, work: Callable[[], Answer]
    ) -> web.StreamResponse:
        key = person.key if person else None
        fault = self._world.faults.take(surface, request.method, request.path, key)
        date = self._world.clock.http_date(self._world.google.settings.clock_offset_seconds)
        reply = await deliver(request, work, fault, self._hangs, headers={"Date": date})
        self._log(surface, request, person, reply.status)
        return reply

    def _begin(self, query: Mapping[str, str], signed_in: Person | None) -> web.Response:
        try:
            under_way = sign_in.begin(self._world, sign_in.read_request(self._world, query), signed_in)
            return self._show(under_way, sign_in.proceed(self._world, under_way))
        except SignInRefused as refusal:
            return _problem(refusal.description)

    def _decide(self, under_way: SignIn, form: Mapping[str, str], ticked: frozenset[str]) -> Step | Redirect:
        if "account" in form:
            people = {person.key: person for person in sign_in.candidates(self._world)}
            under_way.person = people.get(form["account"])
        match form.get("decision"):
            case "cancel":
                return sign_in.refuse(under_way)
            case "accounts":
                under_way.person = None
            case "accept":
                return sign_in.accept(self._world, under_way, ticked)
        return sign_in.proceed(self._world, under_way)

    def _show(self, under_way: SignIn, step: Step | Redirect) -> web.Response:
        if isinstance(step, Redirect):
            self._sign_ins.pop(under_way.ticket, None)
            return web.Response(status=302, headers={"Location": step.url, "Cache-Control": "no-store"})
        _make_room(self._sign_ins)
        self._sign_ins[under_way.ticket] = under_way
        asked = sign_in.asked_of(under_way)
        return render(
            step,
            ticket=under_way.ticket,
            action=_PAGE,
            app=_APP_NAME,
            person=under_way.person,
            people=sign_in.candidates(self._world),
            scopes=asked,
            names={scope: scope_names.box_name(scope) for scope in asked},
            descriptions=scope_names.DESCRIPTIONS,
            boxes=sign_in.boxes(under_way),
            ticked=self._world.google.settings.boxes_ticked,
        )

    def _signed_in(self, request: web.Request) -> Person | None:
        key = self._sessions.get(request.cookies.get(_COOKIE, ""))
        return self._world.people.get(key) if key else None

    def _sign_in_browser(self, request: web.Request, response: web.Response, person: Person) -> None:
        _make_room(self._sessions)
        session = secrets.token_urlsafe(24)
        self._sessions[session] = person.key
        response.set_cookie(_COOKIE, session, httponly=True, secure=request.secure, samesite="Lax")

    def _log(self, surface: Surface, request: web.Request, person: Person | None, status: int) -> None:
        entry = RequestEntry(
            at=self._world.clock.now(),
            surface=surface,
            method=request.method,
            path=request.path,
            person=person.key if person else None,
            status=status,
        )
        self._world.traffic.requests.append(entry)


def bearer(request: web.Request) -> str:
    """The access token of a request, empty if it has none."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.casefold() == "bearer" else ""


def _problem(text: str) -> web.Response:
    return render("problem", status=400, text=text)


def _make_room(kept: dict[str, Any]) -> None:
    while len(kept) >= _MOST_KEPT:
        kept.pop(next(iter(kept)))
