"""The page on which a person types a password that we then prove with the provider. It needs no scripts.

Nothing that is typed goes into an answer, a log line or an address.
"""

import re
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

import structlog
from aiohttp import web
from multidict import MultiMapping

from application.accounts.look_at_page import LookAtPage
from application.accounts.prove_password import ProvePassword, TypedPassword
from domain.access import ProviderMisconfigured, ProviderUnavailable
from domain.account import Provider
from domain.connection import ConnectionAttemptNotFound, SignInFailed
from domain.password_sign_in import LooksLikeNormalPassword, TooManyTries, WrongPassword
from server.addresses import is_loopback
from server.http.connections.notes import CLIENT
from server.http.elsewhere import Elsewhere
from server.http.failures import words_of
from server.http.form_page import FormPage, form_response
from server.http.forms import FormDamaged, url_encoded_form
from server.http.languages import Text
from server.http.pages import page_response
from server.http.password_texts import (
    DAMAGED_FORM,
    GO_ON,
    NAME,
    NOT_SECURE,
    PASSWORD,
    PROVEN,
    TOO_MANY_TRIES,
    WORDS,
)
from server.http.texts import DAMAGED, UNKNOWN_SIGN_IN
from server.rpc.catalogue import reason_of

FORM: Final = "form"
WHOLE_STATE: Final = re.compile(r"[A-Za-z0-9_-]{43}")
"""As the ids' source makes them; whatever else comes was broken on its way."""
LONGEST: Final = {FORM: 64, NAME: 320, PASSWORD: 256}
OUR_OWN: Final = frozenset({"same-origin", "none"})
"""What browsers say of a form that comes from a page of ours, or is sent again by the person (Fetch Metadata)."""
RETRY_SECONDS: Final = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Why the form is shown again: `of` are texts about single fields, `text` one about none of them."""

    status: int
    text: Text | None = None
    of: tuple[tuple[str, Text], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordPages:
    look_at: LookAtPage
    prove: ProvePassword
    elsewhere: Elsewhere
    public_url: str

    def of(self, provider: Provider) -> "PasswordPage":
        """The page for sign-ins at this provider."""
        secure = urlsplit(self.public_url).scheme == "https" or is_loopback(self.public_url)
        return PasswordPage(
            provider=provider,
            look_at=self.look_at,
            prove=self.prove,
            elsewhere=self.elsewhere,
            secure=secure,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordPage:
    """`secure`: whether what is typed reaches us unread."""

    provider: Provider
    look_at: LookAtPage
    prove: ProvePassword
    elsewhere: Elsewhere
    secure: bool

    async def get(self, request: web.Request) -> web.StreamResponse:
        if not self.secure:
            return page_response(request, NOT_SECURE)
        state = _state(request)
        return page_response(request, DAMAGED) if state is None else await self._form(request, state)

    async def post(self, request: web.Request) -> web.StreamResponse:
        if not self.secure:
            return page_response(request, NOT_SECURE)
        state = _state(request)
        if state is None or request.headers.get("Sec-Fetch-Site", "none") not in OUR_OWN:
            return page_response(request, DAMAGED_FORM)
        try:
            typed = _typed(await url_encoded_form(request))
        except FormDamaged:
            return page_response(request, DAMAGED_FORM)
        missing = WORDS[self.provider].missing
        left_out = [one for one, value in ((NAME, typed.name), (PASSWORD, typed.password)) if not value]
        if left_out:
            problem = Problem(
                status=HTTPStatus.UNPROCESSABLE_ENTITY, of=tuple((one, missing[one]) for one in left_out)
            )
            return await self._form(request, state, problem)
        return await self._prove(request, state, typed)

    async def _prove(self, request: web.Request, state: str, typed: TypedPassword) -> web.StreamResponse:
        try:
            url = await self.prove(state, typed, at=self.provider, address=request.get(CLIENT))
        except ConnectionAttemptNotFound:
            return page_response(request, UNKNOWN_SIGN_IN)
        except TooManyTries:
            return _too_many(request)
        except (SignInFailed, ProviderUnavailable, ProviderMisconfigured) as failure:
            # For the line of this request: its status says nothing of how the try ended.
            structlog.contextvars.bind_contextvars(reason=_reason(failure))
            return await self._form(request, state, self._problem(failure))
        # A page, and no redirect: browsers hold every redirect that follows a form against `form-action`, and where
        # the caller's page sends them from there is nobody's business here.
        return page_response(request, replace(PROVEN, links=((GO_ON, url),), go_on=url))

    def _problem(self, failure: Exception) -> Problem:
        if (text := WORDS[self.provider].wrong.get(type(failure))) is not None:
            return Problem(status=HTTPStatus.UNPROCESSABLE_ENTITY, of=((PASSWORD, text),))
        status = (
            HTTPStatus.UNPROCESSABLE_ENTITY
            if isinstance(failure, SignInFailed)
            else HTTPStatus.SERVICE_UNAVAILABLE
        )
        what, after = words_of(failure, self.provider)
        return Problem(status=status, text=what + after)

    async def _form(
        self, request: web.Request, state: str, problem: Problem | None = None
    ) -> web.StreamResponse:
        try:
            form = await self.look_at(state, at=self.provider)
        except ConnectionAttemptNotFound:
            return await self._gone(request, state)
        except TooManyTries:
            return _too_many(request)
        page = FormPage(
            words=WORDS[self.provider],
            action=f"{request.path}?state={state}",
            form=form.form,
            name=form.name,
            cancel_url=form.cancel_url,
            problem=problem.text if problem else None,
            problems=dict(problem.of) if problem else {},
            status=problem.status if problem else HTTPStatus.OK,
        )
        return form_response(request, page)

    async def _gone(self, request: web.Request, state: str) -> web.StreamResponse:
        """A form is never sent on: what was typed here is nobody else's."""
        moved = await self.elsewhere(request, state) if request.method == "GET" else None
        return moved or page_response(request, UNKNOWN_SIGN_IN)


def _too_many(request: web.Request) -> web.StreamResponse:
    return page_response(request, TOO_MANY_TRIES, retry_after=RETRY_SECONDS)


def _state(request: web.Request) -> str | None:
    given = request.query.getall("state", [])
    return given[0] if len(given) == 1 and WHOLE_STATE.fullmatch(given[0]) else None


def _typed(form: MultiMapping[str]) -> TypedPassword:
    """Raises FormDamaged unless each field is there once, and not too long."""
    values = {}
    for name, longest in LONGEST.items():
        given = form.getall(name, [])
        if len(given) != 1 or len(given[0]) > longest:
            raise FormDamaged
        values[name] = given[0]
    return TypedPassword(form=values[FORM], name=values[NAME].strip(), password=values[PASSWORD].strip())


def _reason(failure: Exception) -> str:
    match failure:
        case WrongPassword():
            return "WRONG_PASSWORD"
        case LooksLikeNormalPassword():
            return "LOOKS_LIKE_NORMAL_PASSWORD"
        case _:
            return reason_of(failure)
