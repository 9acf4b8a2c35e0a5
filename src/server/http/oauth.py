"""The redirect with which a sign-in at a provider ends."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode, urlsplit, urlunsplit

import structlog
from aiohttp import web
from multidict import MultiMapping

from application.accounts.complete_connection import CompleteConnection, ConnectionOutcome
from application.ports.sign_in import RedirectAnswer
from domain.account import Provider
from domain.connection import ConnectionAttemptNotFound, ConnectionAttemptOtherWay
from server.http.elsewhere import Elsewhere
from server.http.failures import failure_page
from server.http.forms import FormDamaged, url_encoded_form
from server.http.links import RESULT_PATH
from server.http.pages import page_response
from server.http.texts import (
    APPROVAL_REPORTED,
    CONNECTED,
    DAMAGED,
    NOT_APPROVED,
    OTHER_WAY,
    RECONNECTED,
    RECONNECTED_AND_WRITING,
    RESULTS,
    UNKNOWN_SIGN_IN,
)
from server.rpc.catalogue import reason_of

LONGEST: Final[Mapping[str, int]] = {
    "state": 512,
    "code": 8192,
    "error": 128,
    "error_subcode": 128,
    "error_description": 8192,
    "iss": 512,
}
"""The parameters that are read, and how many characters each may have, as in CompleteConnection; others are ignored."""
APPROVING: Final = frozenset({Provider.MICROSOFT})
"""Where administrators approve by a link that leads back here."""
APPROVAL: Final = "admin_consent"
"""What Microsoft adds for an administrator who comes back from the link to approve: see "Admin consent on the Microsoft
identity platform"."""


class RedirectDamaged(ValueError):
    """The parameters are not those of a redirect: missing, twice, too long, a code and an error at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Callbacks:
    complete_connection: CompleteConnection
    elsewhere: Elsewhere

    def of(self, provider: Provider) -> "Callback":
        """Where sign-ins at this provider come back to."""
        return Callback(
            provider=provider, complete_connection=self.complete_connection, elsewhere=self.elsewhere
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """Finishes the sign-in and sends the browser on, or tells the person how it ended."""

    provider: Provider
    complete_connection: CompleteConnection
    elsewhere: Elsewhere

    async def get(self, request: web.Request) -> web.StreamResponse:
        return await self._finish(request, request.query)

    async def post(self, request: web.Request) -> web.StreamResponse:
        """The same as a form, which is how providers answer to `response_mode=form_post`."""
        try:
            form = await url_encoded_form(request)
        except FormDamaged:
            return page_response(request, DAMAGED)
        return await self._finish(request, form)

    async def _finish(self, request: web.Request, parameters: MultiMapping[str]) -> web.StreamResponse:
        try:
            answer = redirect_answer(parameters)
            if self.provider in APPROVING and is_from_approval(parameters, answer):
                return page_response(request, NOT_APPROVED if answer.error else APPROVAL_REPORTED)
            require_sign_in(answer)
        except RedirectDamaged:
            return page_response(request, DAMAGED)
        try:
            outcome = await self.complete_connection(answer, came_from=self.provider)
        except ConnectionAttemptNotFound:
            return await self.elsewhere(request, answer.state) or page_response(request, UNKNOWN_SIGN_IN)
        except ConnectionAttemptOtherWay:
            return page_response(request, OTHER_WAY)
        if outcome.failure is not None:
            # For the line of this request: its status says nothing of how the sign-in ended.
            structlog.contextvars.bind_contextvars(reason=reason_of(outcome.failure))
        if outcome.return_url is not None:
            return web.Response(status=302, headers={"Location": with_outcome(outcome.return_url, outcome)})
        if outcome.failure is not None:
            return page_response(request, failure_page(outcome.failure, self.provider))
        # To an address without state and code: reloading it shows the same.
        return web.Response(status=303, headers={"Location": RESULT_PATH + _result_of(outcome)})


async def result_page(request: web.Request) -> web.StreamResponse:
    """What a finished sign-in came to. It proves nothing and changes nothing: anybody may look at it."""
    return page_response(request, RESULTS.get(request.match_info["result"], UNKNOWN_SIGN_IN))


def _result_of(outcome: ConnectionOutcome) -> str:
    if not outcome.reconnected:
        return CONNECTED
    return RECONNECTED_AND_WRITING if outcome.sessions_woken else RECONNECTED


def redirect_answer(parameters: MultiMapping[str]) -> RedirectAnswer:
    """Raises RedirectDamaged."""
    values = {}
    for name, longest in LONGEST.items():
        given = parameters.getall(name, [])
        if len(given) > 1 or any(len(one) > longest for one in given):
            raise RedirectDamaged
        values[name] = given[0] if given else ""
    return RedirectAnswer(**values)


def is_from_approval(parameters: MultiMapping[str], answer: RedirectAnswer) -> bool:
    """Whether an administrator comes back, of whom we know nothing: no sign-in of ours ends so.

    The link that we hand out has no state, so an error without one is theirs, too.
    Raises RedirectDamaged where it says neither yes nor why not.
    """
    if answer.code or not (APPROVAL in parameters or (answer.error and not answer.state)):
        return False
    if not answer.error and [one.casefold() for one in parameters.getall(APPROVAL)] != ["true"]:
        raise RedirectDamaged
    return True


def require_sign_in(answer: RedirectAnswer) -> None:
    """Raises RedirectDamaged unless it is how a sign-in ends: a state, and either a code or an error."""
    if not answer.state or bool(answer.code) == bool(answer.error):
        raise RedirectDamaged


def with_outcome(return_url: str, outcome: ConnectionOutcome) -> str:
    """The caller's URL with `outcome`, and `token`, `account_id` or `reason`, added to its query; the rest stays as it
    is."""
    if outcome.failure is not None:
        told = {"outcome": "failed", "reason": reason_of(outcome.failure)}
    elif outcome.token is not None:
        told = {"outcome": "pending", "token": outcome.token}
    else:
        told = {"outcome": "reconnected" if outcome.reconnected else "connected"}
        if outcome.account is not None:
            told["account_id"] = outcome.account.account_id
    parts = urlsplit(return_url)
    query = "&".join(part for part in (parts.query, urlencode(told)) if part)
    return urlunsplit(parts._replace(query=query))
