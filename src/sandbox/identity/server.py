"""The identity platform over HTTP."""

import secrets
from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web

from sandbox.answers import Answer, Hangs, deliver
from sandbox.identity import sign_in, tokens
from sandbox.identity.approvals import Approvals
from sandbox.identity.errors import OAuthError, SignInRefused, token_refusal
from sandbox.identity.pages import render
from sandbox.identity.scopes import DESCRIPTIONS
from sandbox.identity.sign_in import Redirect, SignIn, Step
from sandbox.world.faults import Fault
from sandbox.world.model import PERSONAL_TENANT, Person
from sandbox.world.people import UnknownName
from sandbox.world.traffic import RequestEntry
from sandbox.world.world import World

_COOKIE = "sandbox-session"
_MOST_KEPT = 1000
_APP_NAME = "CalendarSync"


class IdentityServer:
    """Discovery, keys, sign-in pages and the token endpoint."""

    def __init__(
        self, world: World, hangs: Hangs, base: Callable[[], str], browsers_base: Callable[[], str]
    ) -> None:
        self._world = world
        self._hangs = hangs
        self._base = base
        self._browsers_base = browsers_base
        self._sign_ins: dict[str, SignIn] = {}
        self._sessions: dict[str, str] = {}
        self._approvals = Approvals(world, _APP_NAME)

    def add_to(self, app: web.Application) -> None:
        """Serve below every tenant of an application."""
        app.router.add_get("/{authority}/v2.0/.well-known/openid-configuration", self.discovery)
        app.router.add_get("/{authority}/discovery/v2.0/keys", self.keys)
        app.router.add_get("/{authority}/oauth2/v2.0/authorize", self.authorize)
        app.router.add_post("/{authority}/oauth2/v2.0/token", self.token)
        app.router.add_post("/signin", self.answer_page)
        self._approvals.add_to(app)

    def forget(self) -> None:
        """Drop sign-ins under way and browsers that are signed in."""
        self._sign_ins.clear()
        self._sessions.clear()
        self._approvals.forget()

    async def discovery(self, request: web.Request) -> web.StreamResponse:
        """The OpenID configuration; for the shared authorities its issuer is a template, as at Microsoft."""
        return await self._metadata(request, lambda: self._configuration(request.match_info["authority"]))

    async def keys(self, request: web.Request) -> web.StreamResponse:
        """The public signing keys."""
        return await self._metadata(request, lambda: Answer(body=self._world.signing_keys.key_set()))

    def _configuration(self, authority: str) -> Answer:
        base = self._base()
        issuer = "{tenantid}"
        if authority == "consumers" or authority not in ("common", "organizations"):
            try:
                issuer = self._world.people.tenant(_tenant_name(authority)).id
            except UnknownName:
                error = OAuthError("invalid_tenant", 90002, "Tenant not found.")
                return token_refusal(error, self._world.clock.now(), None)
        body = {
            "issuer": f"{base}/{issuer}/v2.0",
            "authorization_endpoint": f"{self._browsers_base()}/{authority}/oauth2/v2.0/authorize",
            "token_endpoint": f"{base}/{authority}/oauth2/v2.0/token",
            "jwks_uri": f"{base}/{authority}/discovery/v2.0/keys",
            "response_modes_supported": ["query", "form_post"],
            "response_types_supported": ["code"],
            "scopes_supported": ["openid", "profile", "email", "offline_access"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": [
                "client_secret_post",
                "private_key_jwt",
                "client_secret_basic",
            ],
            "code_challenge_methods_supported": ["S256", "plain"],
            "tenant_region_scope": None,
            "cloud_instance_name": "microsoftonline.com",
        }
        return Answer(body=body)

    async def _metadata(self, request: web.Request, work: Callable[[], Answer]) -> web.StreamResponse:
        fault = self._world.faults.take("metadata", request.method, request.path, None)
        return await deliver(request, work, fault, self._hangs)

    async def authorize(self, request: web.Request) -> web.StreamResponse:
        """The start of a sign-in: its first page, or straight back to the app."""
        authority, query = request.match_info["authority"], request.query
        signed_in = self._signed_in(request)
        try:
            asked = sign_in.read_request(self._world, authority, query)
        except SignInRefused as refusal:
            reply: web.StreamResponse = render("problem", status=400, text=refusal.description)
        else:
            fault = self._world.faults.take("authorize", "GET", request.path, None)
            reply = (
                await self._faulty(request, asked, fault) if fault else self._begin(asked, query, signed_in)
            )
        self._log("authorize", request, signed_in, reply.status)
        return reply

    async def answer_page(self, request: web.Request) -> web.Response:
        """What a person chose on a page: the next page, or back to the app."""
        form = await request.post()
        under_way = self._sign_ins.get(str(form.get("ticket", "")))
        if under_way is None:
            return render(
                "problem", status=400, text="This page has expired. Please start again from the app."
            )
        try:
            ticked = [str(value) for value in form.getall("scope", [])]
            step = self._decide(under_way, {name: str(value) for name, value in form.items()}, ticked)
        except OAuthError as error:
            step = sign_in.send_error(under_way.request, error)
        response = self._show(under_way, step)
        if under_way.person is not None:
            self._sign_in_browser(request, response, under_way.person)
        return response

    async def token(self, request: web.Request) -> web.StreamResponse:
        """The token endpoint."""
        form = {name: str(value) for name, value in (await request.post()).items()}
        authority = request.match_info["authority"]
        person = tokens.person_of(self._world, form)

        def work() -> Answer:
            try:
                authorization = request.headers.get("Authorization", "")
                body = tokens.redeem(self._world, authority, self._base(), form, authorization)
            except OAuthError as error:
                return token_refusal(error, self._world.clock.now(), request.headers.get("client-request-id"))
            return Answer(body=body, headers={"Cache-Control": "no-store", "Pragma": "no-cache"})

        fault = self._world.faults.take("token", "POST", request.path, person.key if person else None)
        date = {"Date": self._world.clock.http_date(self._world.settings.clock_offset_seconds)}
        reply = await deliver(request, work, fault, self._hangs, headers=date)
        self._log("token", request, person, reply.status)
        return reply

    def _begin(
        self, asked: sign_in.SignInRequest, query: Mapping[str, str], signed_in: Person | None
    ) -> web.Response:
        try:
            sign_in.check_request(query)
            under_way = sign_in.begin(self._world, asked, signed_in)
            return self._show(under_way, sign_in.proceed(self._world, under_way))
        except OAuthError as error:
            return self._redirect(sign_in.send_error(asked, error))

    async def _faulty(
        self, request: web.Request, asked: sign_in.SignInRequest, fault: Fault
    ) -> web.StreamResponse:
        body = fault.body
        if not isinstance(body, dict) or "error" not in body:
            return await deliver(request, Answer, fault, self._hangs)
        parameters = {
            name: str(body[name]) for name in ("error", "error_description", "error_subcode") if name in body
        }
        return self._redirect(sign_in.back_to_app(asked, parameters))

    def _decide(self, under_way: SignIn, form: Mapping[str, str], ticked: list[str]) -> Step | Redirect:
        world = self._world
        if "account" in form:
            allowed = {
                person.key: person for person in sign_in.candidates(world, under_way.request.authority)
            }
            under_way.person = allowed.get(form["account"])
            return sign_in.proceed(world, under_way)
        match form.get("decision"):
            case "cancel":
                return sign_in.refuse(under_way)
            case "password":
                under_way.password_given = True
            case "admin" if under_way.person is not None:
                under_way.approval_asked = True
                world.grants.request_approval(under_way.person)
            case "accept":
                return sign_in.accept(world, under_way, frozenset(ticked))
        return sign_in.proceed(world, under_way)

    def _show(self, under_way: SignIn, step: Step | Redirect) -> web.Response:
        if isinstance(step, Redirect):
            self._sign_ins.pop(under_way.ticket, None)
            return self._redirect(step)
        _make_room(self._sign_ins)
        self._sign_ins[under_way.ticket] = under_way
        return render(
            step,
            ticket=under_way.ticket,
            app=_APP_NAME,
            person=under_way.person,
            people=sign_in.candidates(self._world, under_way.request.authority),
            scopes=sign_in.asked_of(under_way),
            descriptions=DESCRIPTIONS,
        )

    def _redirect(self, redirect: Redirect) -> web.Response:
        if redirect.mode == "form_post":
            return render("form_post", action=redirect.uri, parameters=redirect.parameters)
        return web.Response(status=302, headers={"Location": redirect.url, "Cache-Control": "no-store"})

    def _signed_in(self, request: web.Request) -> Person | None:
        key = self._sessions.get(request.cookies.get(_COOKIE, ""))
        return self._world.people.get(key) if key else None

    def _sign_in_browser(self, request: web.Request, response: web.Response, person: Person) -> None:
        _make_room(self._sessions)
        session = secrets.token_urlsafe(24)
        self._sessions[session] = person.key
        response.set_cookie(_COOKIE, session, httponly=True, secure=request.secure, samesite="Lax")

    def _log(self, surface: str, request: web.Request, person: Person | None, status: int) -> None:
        entry = RequestEntry(
            at=self._world.clock.now(),
            surface=surface,
            method=request.method,
            path=f"/{{tenant}}/oauth2/v2.0/{surface}",
            person=person.key if person else None,
            status=status,
        )
        self._world.traffic.requests.append(entry)


def _make_room(kept: dict[str, Any]) -> None:
    while len(kept) >= _MOST_KEPT:
        kept.pop(next(iter(kept)))


def _tenant_name(authority: str) -> str:
    return PERSONAL_TENANT if authority == "consumers" else authority
