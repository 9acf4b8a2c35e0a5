"""A fake of the sign-in: codes name people, and error redirects mean what they mean at Microsoft."""

import json
from itertools import count
from urllib.parse import urlencode

from application.ports.sign_in import RedirectAnswer, SignedIn, StartedSignIn
from domain.access import ProviderMisconfigured, ProviderUnavailable
from domain.connection import AdminApprovalRequired, SignInCancelled, SignInRefused
from domain.errors import DomainError
from domain.permissions import require_permissions
from tests.fakes.provider import REQUIRED, FakeProvider

ADMIN_CONSENT_URL = "https://login.example/organizations/v2.0/adminconsent"
_ADMINISTRATOR = ("AADSTS65001", "AADSTS90093", "AADSTS90094", "AADSTS90095")


class FakeSignIn:
    def __init__(self, provider: FakeProvider) -> None:
        self.provider = provider
        self._numbers = count(1)

    async def begin(
        self, *, redirect_uri: str, login_hint: str = "", consent_afresh: bool = False
    ) -> StartedSignIn:
        async with self.provider.call("begin", token=False):
            state = f"state-{next(self._numbers)}"
            query = {
                "state": state,
                "redirect_uri": redirect_uri,
                "prompt": "consent" if consent_afresh else "select_account",
            }
            if login_hint:
                query["login_hint"] = login_hint
            return StartedSignIn(
                authorization_url=f"https://login.example/authorize?{urlencode(query)}",
                state=state,
                flow=json.dumps({"state": state}).encode(),
            )

    async def redeem(self, flow: bytes, answer: RedirectAnswer) -> SignedIn:
        async with self.provider.call("redeem"):
            if json.loads(flow)["state"] != answer.state:
                raise SignInRefused
            if answer.error:
                raise _meaning(answer)
            person = self.provider.codes.pop(answer.code, None)
            if person is None:
                raise SignInRefused
            require_permissions(person.granted, REQUIRED)
            return SignedIn(
                identity=person.identity,
                kind=person.kind,
                email=person.email,
                display_name=person.display_name,
                grant=self.provider.grant_for(person),
            )


def _meaning(answer: RedirectAnswer) -> DomainError:
    wants_administrator = answer.error_subcode in {"admin_consent_required", "consent_required"} or any(
        number in answer.error_description for number in _ADMINISTRATOR
    )
    match answer.error:
        case "access_denied" if not wants_administrator:
            return SignInCancelled()
        case "access_denied" | "consent_required":
            return AdminApprovalRequired(admin_consent_url=ADMIN_CONSENT_URL)
        case "server_error" | "temporarily_unavailable":
            return ProviderUnavailable()
        case "invalid_client" | "unauthorized_client" | "invalid_scope":
            return ProviderMisconfigured(code=answer.error)
        case _:
            return SignInRefused()
