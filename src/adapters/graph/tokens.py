"""Access tokens of connected accounts: from the stored grant while they last, renewed once however many ask."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from weakref import WeakValueDictionary

from adapters.graph.settings import REQUIRED_SCOPES, SHARED_SCOPES
from adapters.graph.token_cache import AccessToken, cached_access_token
from adapters.graph.token_errors import TokenFault, TokenRefusal
from adapters.graph.token_service import TokenRequestRefused, TokenService
from adapters.web.renewals import Patience, Renewals
from application.ports.clock import Clock
from application.ports.grant_vault import GrantVault, StoredGrant
from application.ports.meters import ProviderMeter
from domain.access import AccessLost, LossCause, ProviderMisconfigured, ProviderUnavailable
from domain.account import AccountNotFound
from domain.errors import DomainError
from domain.grant import Grant
from domain.ids import AccountId

_log = logging.getLogger(__name__)

RENEW_BEFORE = timedelta(minutes=5)
"""A token is renewed this long before it expires, so that none expires on its way."""

LAST_USE = timedelta(seconds=30)
"""How long a token must last to be used while another process fetches the next one."""

LOSS_CAUSES: Mapping[TokenFault, LossCause] = {
    TokenFault.SIGN_IN_AGAIN: LossCause.SIGN_IN_REQUIRED,
    TokenFault.ORGANISATION: LossCause.ORGANISATION_DISALLOWS,
    TokenFault.CLOSED: LossCause.ACCOUNT_CLOSED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Unsaved:
    """A renewed grant whose storing failed: it holds the only copy of the rotated refresh token."""

    grant: Grant
    over: StoredGrant


class AccessTokens:
    """Hands out access tokens.

    Every method raises AccessLost, ProviderUnavailable, ProviderMisconfigured, AccountNotFound.
    Callers that ask at the same time share one answer, a failure included; one of them being cancelled disturbs
    nobody. Of several processes one renews, and the others wait for what it stores. What the vault raises while a
    renewed grant is stored goes to the callers, and the grant is kept here and stored before anything else is done
    with that account.
    """

    def __init__(self, vault: GrantVault, service: TokenService, clock: Clock, meter: ProviderMeter) -> None:
        self._vault = vault
        self._service = service
        self._clock = clock
        self._meter = meter
        self._renewals = Renewals(vault, clock)
        self._locks: WeakValueDictionary[AccountId, asyncio.Lock] = WeakValueDictionary()
        self._under_way: dict[tuple[str, ...], asyncio.Task[AccessToken]] = {}
        self._unsaved: dict[AccountId, _Unsaved] = {}

    async def get(self, account_id: AccountId) -> AccessToken:
        """A token that is not known to be refused: the stored one, or a new one when that has expired."""
        return await self._share(("get", account_id), lambda: self._get(account_id))

    async def renew(
        self, account_id: AccountId, *, refused: AccessToken | None = None, claims: str | None = None
    ) -> AccessToken:
        """A new token from the token endpoint.

        `refused` is one Graph did not accept: when another has taken its place meanwhile, that is the answer.
        `claims` is Graph's claims challenge, if there was one.
        """
        key = ("renew", account_id, refused.value if refused else "", claims or "")
        return await self._share(key, lambda: self._renew(account_id, refused, claims))

    async def close(self, *, grace: timedelta = timedelta(seconds=5)) -> None:
        """Let renewals under way finish and be stored; end those that take longer than `grace`."""
        if not self._under_way:
            return
        _, late = await asyncio.wait(list(self._under_way.values()), timeout=grace.total_seconds())
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    async def _share(
        self, key: tuple[str, ...], obtain: Callable[[], Coroutine[Any, Any, AccessToken]]
    ) -> AccessToken:
        task = self._under_way.get(key)
        if task is None:
            task = self._under_way[key] = asyncio.create_task(obtain())
            task.add_done_callback(lambda done: self._landed(key, done))
        return await asyncio.shield(task)

    def _landed(self, key: tuple[str, ...], task: asyncio.Task[AccessToken]) -> None:
        del self._under_way[key]
        if not task.cancelled():
            # Looked at here, so that a failure nobody waits for any more is not reported as forgotten.
            task.exception()

    async def _get(self, account_id: AccountId) -> AccessToken:
        async with self._lock(account_id):
            stored = await self._load(account_id)
            token = cached_access_token(stored.grant.secret)
            if token and self._lasts(token, RENEW_BEFORE):
                return token
            try:
                return await self._renewed(account_id, stored, None, meanwhile=token)
            except ProviderUnavailable:
                if token and self._lasts(token, timedelta()):
                    return token
                raise

    async def _renew(
        self, account_id: AccountId, refused: AccessToken | None, claims: str | None
    ) -> AccessToken:
        async with self._lock(account_id):
            stored = await self._load(account_id)
            token = cached_access_token(stored.grant.secret)
            if refused and token and token.value != refused.value and self._lasts(token, RENEW_BEFORE):
                return token
            return await self._renewed(account_id, stored, claims)

    async def _renewed(
        self,
        account_id: AccountId,
        stored: StoredGrant,
        claims: str | None,
        *,
        meanwhile: AccessToken | None = None,
    ) -> AccessToken:
        """A token newer than the stored one: ours, or that of a process which is quicker.

        While another is at it `meanwhile` does, as long as it is any good.
        """
        patience = Patience()
        while True:
            async with self._renewals.claim(account_id, stored) as ours:
                token = await self._refreshed(account_id, stored, claims) if ours else None
            if token and await self._save(account_id):
                return token
            if not ours and meanwhile and self._lasts(meanwhile, LAST_USE):
                return meanwhile
            newest = await self._load(account_id)
            token = cached_access_token(newest.grant.secret)
            if not _is_same(newest, stored) and token and self._lasts(token, RENEW_BEFORE):
                return token
            stored = newest
            await patience.pause()

    async def _refreshed(
        self, account_id: AccountId, stored: StoredGrant, claims: str | None
    ) -> AccessToken | None:
        """A token from the token endpoint, to be stored now; None when somebody else may have renewed it meanwhile."""
        try:
            secret = await self._service.refresh(stored.grant.secret, _scopes_to_ask(stored.grant), claims)
        except ProviderUnavailable:
            self._meter.renewed("unavailable")
            raise
        except TokenRequestRefused as exc:
            self._meter.renewed(exc.refusal.fault.name.lower())
            # Who lost the claim meanwhile was too slow: another may have used the same refresh token before.
            if await self._renewals.still_ours(account_id, stored):
                raise _refused(exc.refusal, account_id, stored) from exc
            return None
        token = cached_access_token(secret)
        if token is None:
            self._meter.renewed("unavailable")
            raise ProviderUnavailable
        self._meter.renewed("renewed")
        self._unsaved[account_id] = _Unsaved(
            grant=Grant(scopes=stored.grant.scopes, secret=secret), over=stored
        )
        return token

    async def _load(self, account_id: AccountId) -> StoredGrant:
        if account_id in self._unsaved:
            _log.warning("storing a renewed grant again", extra={"account_id": account_id})
            await self._save(account_id)
        return await self._vault.load(account_id)

    async def _save(self, account_id: AccountId) -> bool:
        """Store what is unsaved. It stays unsaved when the vault raises, unless the account itself is gone."""
        unsaved = self._unsaved[account_id]
        try:
            saved = await self._vault.save_renewed(
                account_id, unsaved.grant, over=unsaved.over, now=self._clock.now()
            )
        except AccountNotFound:
            del self._unsaved[account_id]
            raise
        del self._unsaved[account_id]
        return saved

    def _lock(self, account_id: AccountId) -> asyncio.Lock:
        return self._locks.setdefault(account_id, asyncio.Lock())

    def _lasts(self, token: AccessToken, margin: timedelta) -> bool:
        return token.expires_at - margin > self._clock.now()


@dataclass(slots=True, kw_only=True)
class AccountAccess:
    """The access to the mailbox of one connected account for the length of one operation.

    The stored grant is looked at once, whatever number of requests the operation takes.
    """

    tokens: AccessTokens
    account_id: AccountId
    _held: AccessToken | None = None

    async def token(self) -> AccessToken:
        if self._held is None:
            self._held = await self.tokens.get(self.account_id)
        return self._held

    async def renewed(self, refused: AccessToken, claims: str | None) -> AccessToken:
        self._held = await self.tokens.renew(self.account_id, refused=refused, claims=claims)
        return self._held


def _scopes_to_ask(grant: Grant) -> tuple[str, ...]:
    """The granted ones of those we know, in our spelling; a refresh may ask for no more than was consented to."""
    granted = {scope.rsplit("/", 1)[-1].casefold() for scope in grant.scopes}
    known = (*REQUIRED_SCOPES, *SHARED_SCOPES)
    return tuple(scope for scope in known if scope.casefold() in granted) or REQUIRED_SCOPES


def _is_same(one: StoredGrant, other: StoredGrant) -> bool:
    return (one.grant_version, one.rotation) == (other.grant_version, other.rotation)


def _refused(refusal: TokenRefusal, account_id: AccountId, stored: StoredGrant) -> DomainError:
    match refusal.fault:
        case TokenFault.SIGN_IN_AGAIN | TokenFault.ORGANISATION | TokenFault.CLOSED:
            return AccessLost(
                account_id=account_id,
                grant_version=stored.grant_version,
                cause=LOSS_CAUSES[refusal.fault],
                refusal=refusal.code,
            )
        case TokenFault.OURS:
            return ProviderMisconfigured(code=refusal.code)
        case TokenFault.TRANSIENT | TokenFault.UNKNOWN:
            return ProviderUnavailable()
