"""Microsoft's token endpoint as MSAL speaks to it: authorization codes and refresh tokens in, token caches out.

MSAL blocks, so every call runs in a thread. An application object is made for each call, around the token cache of one
account: that costs a fraction of a millisecond, as the discovery document is kept.
"""

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol, TypeVar, cast
from urllib.parse import parse_qsl, urlencode, urlsplit

import msal

from adapters.graph.credentials import MicrosoftCredential, MicrosoftCredentials
from adapters.graph.settings import REQUIRED_SCOPES, ClientCertificate, MicrosoftSettings
from adapters.graph.token_errors import TokenRefusal, refusal_from
from adapters.graph.token_http import NoMemory, TokenHttp
from adapters.web.clock_check import tell_clock
from adapters.web.outside_text import id_from
from application.ports.alarms import Alarms
from domain.access import ProviderMisconfigured, ProviderUnavailable
from domain.account import Provider

# Below this MSAL writes codes, verifiers and client infos to the log.
logging.getLogger("msal").setLevel(logging.INFO)

T = TypeVar("T")
Flow = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangedCode:
    """What a redeemed code brought. `scopes` is None where the answer named none, which means "as requested"."""

    id_token: str = field(repr=False)
    scopes: tuple[str, ...] | None
    refreshable: bool
    cache: bytes = field(repr=False)


@dataclass(kw_only=True, eq=False)
class TokenRequestRefused(Exception):
    """The token endpoint answered with an OAuth error."""

    refusal: TokenRefusal


class AnswerUnusable(Exception):
    """MSAL found the redirect or the answer to be none that belongs to the flow: state, nonce or id token."""


class _MsalApp(Protocol):
    """The part of `msal.ConfidentialClientApplication` in use."""

    def initiate_auth_code_flow(
        self, scopes: list[str], *, redirect_uri: str, prompt: str, login_hint: str | None, response_mode: str
    ) -> Flow: ...

    def acquire_token_by_auth_code_flow(
        self, auth_code_flow: Flow, auth_response: dict[str, str]
    ) -> dict[str, Any]: ...

    def get_accounts(self) -> list[dict[str, Any]]: ...

    def acquire_token_silent_with_error(
        self,
        scopes: list[str],
        account: Mapping[str, Any],
        *,
        force_refresh: bool,
        claims_challenge: str | None,
    ) -> dict[str, Any] | None: ...


class TokenService:
    """Every method raises ProviderUnavailable, and ProviderMisconfigured when the authority itself is refused."""

    def __init__(
        self,
        settings: MicrosoftSettings,
        http: TokenHttp,
        executor: Executor,
        alarms: Alarms,
        credentials: MicrosoftCredentials,
    ) -> None:
        self._settings = settings
        self._http = http
        self._executor = executor
        self._alarms = alarms
        self._credentials = credentials

    async def begin(
        self, *, redirect_uri: str, prompt: str, login_hint: str, also: tuple[str, ...] = ()
    ) -> Flow:
        """A new authorization-code flow with PKCE, state and nonce: a JSON-able dictionary, secret.

        It asks for the required permissions and for those of `also`.
        """

        # Nothing is proved with it here, only MSAL wants one.
        credential = self._credentials.in_turn(once_only=True)[0]

        def initiate() -> Flow:
            flow = self._app(msal.SerializableTokenCache(), credential).initiate_auth_code_flow(
                [*REQUIRED_SCOPES, *also],
                redirect_uri=redirect_uri,
                prompt=prompt,
                login_hint=login_hint or None,
                response_mode="form_post",
            )
            return flow | {"auth_uri": _with_redirect(flow["auth_uri"])}

        return await self._in_thread(initiate)

    async def exchange(self, flow: Flow, answer: dict[str, str]) -> ExchangedCode:
        """Redeem the code of a redirect. Raises TokenRequestRefused, AnswerUnusable."""
        exchanged = await self._asked(partial(self._exchange, flow, answer), once_only=True)
        self._alarms.provider_works(Provider.MICROSOFT)
        return exchanged

    async def refresh(self, cache: bytes, scopes: tuple[str, ...], claims: str | None) -> bytes:
        """The account's token cache with a new access token, fetched with its refresh token whatever is still valid.

        `claims` is a claims challenge of the resource's. Raises TokenRequestRefused; a cache without any refresh
        token counts as refused with `invalid_grant`.
        """
        refreshed = await self._asked(partial(self._refresh, cache, scopes, claims))
        self._alarms.provider_works(Provider.MICROSOFT)
        return refreshed

    async def discovery(self) -> Mapping[str, Any]:
        """The OpenID Connect discovery document of the authority."""
        url = f"{self._settings.authority.rstrip('/')}/v2.0/.well-known/openid-configuration"

        def fetch() -> Mapping[str, Any]:
            answer = self._http.get(url)
            if answer.status_code != 200:
                raise ProviderMisconfigured(code="registration")
            return answer.json()

        return await self._in_thread(fetch)

    async def fetch_json(self, url: str) -> Mapping[str, Any]:
        """A JSON object from a URL that the discovery document names."""
        return await self._in_thread(partial(self._http.fetch_json, url))

    async def _asked(self, work: Callable[[MicrosoftCredential], T], *, once_only: bool = False) -> T:
        """Work that asks the token endpoint, whose answer shows what time it is there, also when it refuses.

        With one credential after the other, as long as it is the credential that is refused.
        """
        try:
            return await self._with_credentials(work, self._credentials.in_turn(once_only=once_only))
        finally:
            tell_clock(self._alarms, self._http.clock_difference)

    async def _with_credentials(
        self, work: Callable[[MicrosoftCredential], T], those: tuple[MicrosoftCredential, ...]
    ) -> T:
        *earlier, last = those
        for number, credential in enumerate(earlier):
            try:
                done = await self._in_thread(partial(work, credential))
            except TokenRequestRefused as exc:
                if not exc.refusal.refuses_credential:
                    raise
                continue
            self._credentials.accepted(credential, after=those[:number])
            return done
        done = await self._in_thread(partial(work, last))
        self._credentials.accepted(last, after=tuple(earlier))
        return done

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._executor, work)

    def _exchange(self, flow: Flow, answer: dict[str, str], credential: MicrosoftCredential) -> ExchangedCode:
        cache = msal.SerializableTokenCache()
        app = self._app(cache, credential)
        try:
            result = app.acquire_token_by_auth_code_flow(flow, answer)
        except (ValueError, RuntimeError):
            # Without the cause: MSAL puts states and nonces into its texts.
            raise AnswerUnusable from None
        if "error" in result:
            raise TokenRequestRefused(refusal=refusal_from(result))
        if not (result.get("access_token") and result.get("id_token")):
            raise AnswerUnusable
        scope = result.get("scope")
        return ExchangedCode(
            id_token=str(result["id_token"]),
            scopes=tuple(one for one in scope.split() if id_from(one)) if isinstance(scope, str) else None,
            refreshable=bool(result.get("refresh_token")),
            cache=cache.serialize().encode(),
        )

    def _refresh(
        self, serialized: bytes, scopes: tuple[str, ...], claims: str | None, credential: MicrosoftCredential
    ) -> bytes:
        cache = msal.SerializableTokenCache()
        cache.deserialize(serialized.decode())
        app = self._app(cache, credential)
        account = next((one for one in app.get_accounts() if self._refreshable(cache, one)), None)
        if account is None:
            raise TokenRequestRefused(
                refusal=TokenRefusal(error="invalid_grant", suberror="no_refresh_token")
            )
        try:
            result = app.acquire_token_silent_with_error(
                list(scopes), account, force_refresh=True, claims_challenge=claims
            )
        except (ValueError, RuntimeError):
            raise ProviderUnavailable from None
        if result and "error" in result:
            raise TokenRequestRefused(refusal=refusal_from(result))
        if not (result and result.get("access_token")):
            # A success without a token is evidence of nothing; MSAL answers None to an empty one.
            raise ProviderUnavailable
        return cast(bytes, cache.serialize().encode())

    def _refreshable(self, cache: Any, account: Mapping[str, Any]) -> bool:
        query = {name: account[name] for name in ("home_account_id", "environment")}
        query["client_id"] = self._settings.client_id
        return any(cache.search(msal.TokenCache.CredentialType.REFRESH_TOKEN, query=query))

    def _app(self, cache: Any, credential: MicrosoftCredential) -> _MsalApp:
        try:
            app = msal.ConfidentialClientApplication(
                self._settings.client_id,
                client_credential=_msal_credential(credential.value),
                authority=self._settings.authority,
                # The authority is our operator's own choice; asking Microsoft about it would need another host.
                instance_discovery=False,
                token_cache=cache,
                http_client=self._http,
                http_cache=NoMemory(),
            )
        except ValueError as exc:
            raise ProviderMisconfigured(code="registration") from exc
        return cast(_MsalApp, app)


def flow_to_bytes(flow: Flow) -> bytes:
    return json.dumps(flow).encode()


def flow_from_bytes(flow: bytes) -> Flow:
    return cast(Flow, json.loads(flow))


def _with_redirect(authorization_url: str) -> str:
    """The same request, answered by a plain redirect: callers hand on its query, which a form would not leave in it.

    MSAL warns on every sign-in that asks for anything but a form, so it is asked for one.
    """
    parts = urlsplit(authorization_url)
    query = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] != "response_mode"]
    return parts._replace(query=urlencode(query)).geturl()


def _msal_credential(credential: str | ClientCertificate) -> str | dict[str, str]:
    if isinstance(credential, ClientCertificate):
        return {"private_key": credential.private_key, "public_certificate": credential.certificate}
    return credential
