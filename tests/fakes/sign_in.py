"""A fake of the sign-in: codes name people, and error redirects mean what they mean at Microsoft."""

import json
from itertools import count
from urllib.parse import urlencode

from application.ports.sign_in import RedirectAnswer, SignedIn, StartedSignIn
from domain.access import ProviderMisconfigured, ProviderUnavailable
from domain.account import Identity
from domain.connection import (
    AdminApprovalRequired,
    BlockedByOrganisation,
    SignInCancelled,
    SignInRefused,
)
from domain.errors import DomainError
from domain.permissions import require_permissions
from tests.fakes.provider import REQUIRED, FakeProvider, Person

ISSUER = "https://login.example"
ADMIN_CONSENT_URL = "https://login.example/organizations/v2.0/adminconsent"
_ADMINISTRATOR = ("AADSTS90093", "AADSTS90094", "AADSTS90095")
_CONSENT = "AADSTS65001"
_CONSENT_HINTS = {"admin_consent_required", "consent_required"}
_ORGANISATION = ("AADSTS50105", "AADSTS53003", "AADSTS7000112", "AADSTS650052", "AADSTS53000", "AADSTS90002")
_DECLINED = "AADSTS65004"
_OURS = {"invalid_client", "invalid_scope", "unsupported_response_type"}
_LASTING = "offline_access"


class FakeSignIn:
    def __init__(self, provider: FakeProvider) -> None:
        self.provider = provider
        self._numbers = count(1)

    async def begin(
        self,
        *,
        redirect_uri: str,
        login_hint: str = "",
        reconnects: Identity | None = None,
        consent_afresh: bool = False,
        also: tuple[str, ...] = (),
    ) -> StartedSignIn:
        async with self.provider.call("begin", token=False):
            state = self.provider.named(f"state-{next(self._numbers)}")
            query = {
                "state": state,
                "redirect_uri": redirect_uri,
                "prompt": "consent" if consent_afresh else "select_account",
            }
            if login_hint:
                query["login_hint"] = login_hint
            if reconnects:
                query["reconnects"] = reconnects.object_id
            if also:
                query["also"] = " ".join(also)
            return StartedSignIn(
                authorization_url=f"https://login.example/authorize?{urlencode(query)}",
                state=state,
                flow=json.dumps({"state": state}).encode(),
            )

    async def redeem(self, flow: bytes, answer: RedirectAnswer) -> SignedIn:
        if json.loads(flow)["state"] != answer.state or answer.iss not in {"", ISSUER}:
            raise SignInRefused
        if answer.error:
            raise _meaning(answer)
        async with self.provider.call("redeem"):
            person = self._person(answer)
            _require_everything(person)
            return SignedIn(
                identity=person.identity,
                kind=person.kind,
                email=person.email,
                display_name=person.display_name,
                grant=self.provider.grant_for(person),
            )

    def _person(self, answer: RedirectAnswer) -> Person:
        code = self.provider.codes.pop(answer.code, None)
        if code is None or code.state not in {None, answer.state}:
            raise SignInRefused
        return code.person


def _require_everything(person: Person) -> None:
    lasting = (_LASTING,) if person.lasting else ()
    require_permissions((*person.granted, *lasting), (*REQUIRED, _LASTING))


def _meaning(answer: RedirectAnswer) -> DomainError:
    """Microsoft's error redirects, as its "OAuth 2.0 authorization code flow" and public threads tell of them."""
    told, denied = answer.error_description, answer.error == "access_denied"
    if _DECLINED in told or (denied and answer.error_subcode == "cancel"):
        return SignInCancelled()
    wants_administrator = any(number in told for number in _ADMINISTRATOR)
    if denied:
        wants_administrator |= _CONSENT in told or answer.error_subcode in _CONSENT_HINTS
    if wants_administrator or answer.error == "consent_required":
        return AdminApprovalRequired(admin_consent_url=ADMIN_CONSENT_URL)
    if named := [number for number in _ORGANISATION if number in told]:
        return BlockedByOrganisation(code=named[0])
    if answer.error in _OURS:
        return ProviderMisconfigured(code=answer.error)
    match answer.error:
        case "access_denied" if "AADSTS" not in told:
            return SignInCancelled()
        case "unauthorized_client" | "invalid_resource":
            return BlockedByOrganisation()
        case "server_error" | "temporarily_unavailable":
            return ProviderUnavailable()
        case _:
            return SignInRefused()
