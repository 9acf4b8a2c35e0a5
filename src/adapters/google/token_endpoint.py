"""Google's token endpoint: authorization codes and refresh tokens in, tokens out; and an end to them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from yarl import URL

from adapters.google.settings import GoogleSettings
from adapters.google.token_errors import TokenRefusal, refusal_from
from adapters.web.authority_http import AuthorityHttp, TokenAnswer
from adapters.web.clock_check import tell_clock
from adapters.web.credentials import Credentials
from adapters.web.outside_text import id_from
from adapters.web.signing_keys import PublishedKeys
from application.ports.alarms import Alarms
from application.ports.clock import Clock
from domain.access import ProviderUnavailable
from domain.account import Provider

_LONGEST_LIFE = timedelta(days=1)
"""Of an access token, whatever the answer says. They last an hour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedTokens:
    """`scopes` is None where the answer named none, which means "as before". `refresh_token` is empty where none came.

    `refreshable_for` is how long the refresh token lasts, where access was granted for a time only.
    """

    access_token: str = field(repr=False)
    lasts: timedelta
    refresh_token: str = field(repr=False)
    refreshable_for: timedelta | None
    id_token: str = field(repr=False)
    scopes: tuple[str, ...] | None


@dataclass(kw_only=True, eq=False)
class TokenRequestRefused(Exception):
    """The token endpoint answered with an OAuth error."""

    refusal: TokenRefusal


class TokenEndpoint:
    """Every method raises ProviderUnavailable."""

    def __init__(
        self, settings: GoogleSettings, authority: AuthorityHttp, alarms: Alarms, clock: Clock
    ) -> None:
        self._client_id = settings.client_id
        self._token_url = URL(settings.token_url)
        self._revocation_url = URL(settings.revocation_url)
        self._keys_url = URL(settings.keys_url)
        self._authority = authority
        self._alarms = alarms
        self._credentials = Credentials(Provider.GOOGLE, _secrets(settings), alarms, clock)

    async def exchange(self, *, code: str, redirect_uri: str, verifier: str) -> IssuedTokens:
        """Redeem the code of a redirect. Raises TokenRequestRefused."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
        }
        return await self._ask(form, once_only=True)

    async def refresh(self, refresh_token: str) -> IssuedTokens:
        """A new access token, with the scopes that are granted by now. Raises TokenRequestRefused."""
        return await self._ask({"grant_type": "refresh_token", "refresh_token": refresh_token})

    async def revoke(self, token: str) -> None:
        """End everything that this token's person has granted our project, for whichever client and account.

        It takes up to a minute. That there was nothing to end is as good. Raises TokenRequestRefused.
        """
        refusal = await self._authority.revoke(self._revocation_url, {"token": token})
        if refusal is not None and refusal.get("error") != "invalid_token":
            raise TokenRequestRefused(refusal=refusal_from(refusal))

    async def keys(self) -> PublishedKeys:
        """The keys that id tokens are signed with."""
        return await self._authority.keys(self._keys_url)

    async def _ask(self, form: Mapping[str, str], *, once_only: bool = False) -> IssuedTokens:
        """With one secret after the other, as long as it is the secret that is refused."""
        refused, *others = self._credentials.in_turn(once_only=once_only)
        answer, tried = await self._post(form, refused.value), [refused]
        for credential in others:
            if not refusal_from(answer.members).refuses_credential:
                break
            answer = await self._post(form, credential.value)
            tried.append(credential)
        if "error" in answer.members or answer.status != 200:
            raise TokenRequestRefused(refusal=refusal_from(answer.members))
        issued = _issued(answer.members)
        self._credentials.accepted(tried[-1], after=tuple(tried[:-1]))
        self._alarms.provider_works(Provider.GOOGLE)
        return issued

    async def _post(self, form: Mapping[str, str], secret: str) -> TokenAnswer:
        ours = {"client_id": self._client_id, "client_secret": secret}
        answer = await self._authority.post(self._token_url, {**form, **ours})
        tell_clock(self._alarms, answer.clock_difference)
        return answer


def _secrets(settings: GoogleSettings) -> dict[str, str]:
    """By the names of their settings."""
    given = {"GOOGLE_CLIENT_SECRET": settings.client_secret}
    if settings.next_client_secret is not None:
        given["GOOGLE_NEXT_CLIENT_SECRET"] = settings.next_client_secret
    return given


def _issued(answer: Mapping[str, Any]) -> IssuedTokens:
    """Raises ProviderUnavailable where no usable token is: a success without one is evidence of nothing."""
    access_token, lasts = answer.get("access_token"), _seconds(answer.get("expires_in"))
    if not isinstance(access_token, str) or not access_token or lasts is None:
        raise ProviderUnavailable
    scope = answer.get("scope")
    return IssuedTokens(
        access_token=access_token,
        lasts=min(lasts, _LONGEST_LIFE),
        refresh_token=_text(answer.get("refresh_token")),
        refreshable_for=_seconds(answer.get("refresh_token_expires_in")),
        id_token=_text(answer.get("id_token")),
        scopes=tuple(one for one in scope.split() if id_from(one)) if isinstance(scope, str) else None,
    )


def _seconds(value: object) -> timedelta | None:
    """None for what is no length of time of ours: nothing lasts a century."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 100 * 365 * 86400:
        return None
    return timedelta(seconds=value)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
