"""Access tokens of connected accounts: from the stored grant while they last, renewed once however many ask."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol
from weakref import WeakValueDictionary

from adapters.web.renewals import Patience, Renewals
from adapters.web.shared_tasks import SharedTasks
from adapters.web.unsaved_grants import UnsavedGrants
from application.ports.clock import Clock
from application.ports.grant_vault import GrantVault, StoredGrant
from application.ports.meters import ProviderMeter
from domain.access import (
    AccessDenied,
    AccessLost,
    InvalidAnswer,
    LossCause,
    ProviderMisconfigured,
    ProviderUnavailable,
)
from domain.errors import DomainError
from domain.grant import Grant
from domain.ids import AccountId

RENEW_BEFORE = timedelta(minutes=5)
"""A token is renewed this long before it expires, so that none expires on its way."""

LAST_USE = timedelta(seconds=30)
"""How long a token must last to be used while another process fetches the next one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    """A bearer token for a provider's calendars.

    `mailbox` says whose it is, and names the gate its requests pass: the same for every account of the same person at
    the provider. `username` is the name the person signs in with, usually an e-mail address. `scopes` are the
    permissions that came with it.
    """

    value: str = field(repr=False)
    mailbox: str = field(repr=False)
    username: str = field(repr=False)
    scopes: tuple[str, ...] = ()
    expires_at: datetime


@dataclass(kw_only=True, eq=False)
class RefreshRefused(Exception):
    """The token endpoint answered a refresh with an OAuth error.

    `means` is why access is lost, or what to raise where nobody's access is. `outcome` is a word for the meter, `code`
    the error for operators, the same for everybody who is refused for the same reason.
    """

    means: LossCause | ProviderMisconfigured | ProviderUnavailable
    outcome: str
    code: str = ""


class GrantRefresher(Protocol):
    """What only the adapter of a provider knows of its grants."""

    def access_token(self, grant: Grant) -> AccessToken | None:
        """The newest one that the grant holds, expired or not."""
        ...

    async def refresh(self, grant: Grant, claims: str | None) -> Grant:
        """The grant with a new access token, whatever is still valid.

        `claims` is what the provider's API demands of the next token, if it demanded anything. Raises RefreshRefused,
        ProviderUnavailable, ProviderMisconfigured.
        """
        ...


class Access(Protocol):
    """Where the tokens for one mailbox come from."""

    async def token(self) -> AccessToken: ...

    async def renewed(self, refused: AccessToken, claims: str | None = None) -> AccessToken:
        """Another token, after the provider's API refused this one."""
        ...


class AccessTokens:
    """Hands out access tokens.

    Every method raises AccessLost, ProviderUnavailable, ProviderMisconfigured, AccountNotFound.
    Callers that ask at the same time share one answer, a failure included; one of them being cancelled disturbs
    nobody. Of several processes one renews, and the others wait for what it stores. What the vault raises while a
    renewed grant is stored goes to the callers, and the grant is kept here and stored before anything else is done
    with that account.
    """

    def __init__(
        self, vault: GrantVault, refresher: GrantRefresher, clock: Clock, meter: ProviderMeter
    ) -> None:
        self._refresher = refresher
        self._clock = clock
        self._meter = meter
        self._renewals = Renewals(vault, clock)
        self._locks: WeakValueDictionary[AccountId, asyncio.Lock] = WeakValueDictionary()
        self._under_way: SharedTasks[AccessToken] = SharedTasks()
        self._grants = UnsavedGrants(vault, clock)

    async def get(self, account_id: AccountId) -> AccessToken:
        """A token that is not known to be refused: the stored one, or a new one when that has expired."""
        return await self._under_way.share(("get", account_id), lambda: self._get(account_id))

    async def renew(
        self, account_id: AccountId, *, refused: AccessToken | None = None, claims: str | None = None
    ) -> AccessToken:
        """A new token from the token endpoint.

        `refused` is one the provider's API did not accept: when another has taken its place meanwhile, that is the
        answer. `claims` is what the API demanded instead, if it said so.
        """
        key = ("renew", account_id, refused.value if refused else "", claims or "")
        return await self._under_way.share(key, lambda: self._renew(account_id, refused, claims))

    def fresh(self, grant: Grant) -> Access:
        """The access that has just come with a sign-in: there is nothing to renew it from yet.

        Raises InvalidAnswer when there came no token.
        """
        token = self._refresher.access_token(grant)
        if token is None:
            raise InvalidAnswer(what="a grant without a token")
        return _FreshAccess(fresh=token)

    async def close(self, *, grace: timedelta = timedelta(seconds=5)) -> None:
        """Let renewals under way finish and be stored; end those that take longer than `grace`."""
        await self._under_way.close(grace=grace)

    async def _get(self, account_id: AccountId) -> AccessToken:
        async with self._lock(account_id):
            stored = await self._grants.load(account_id)
            token = self._refresher.access_token(stored.grant)
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
            stored = await self._grants.load(account_id)
            token = self._refresher.access_token(stored.grant)
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
            if token and await self._grants.save(account_id):
                return token
            if not ours and meanwhile and self._lasts(meanwhile, LAST_USE):
                return meanwhile
            newest = await self._grants.load(account_id)
            token = self._refresher.access_token(newest.grant)
            if not _is_same(newest, stored) and token and self._lasts(token, RENEW_BEFORE):
                return token
            stored = newest
            await patience.pause()

    async def _refreshed(
        self, account_id: AccountId, stored: StoredGrant, claims: str | None
    ) -> AccessToken | None:
        """A token from the token endpoint, to be stored now; None when somebody else may have renewed it meanwhile."""
        try:
            grant = await self._refresher.refresh(stored.grant, claims)
        except ProviderUnavailable:
            self._meter.renewed("unavailable")
            raise
        except RefreshRefused as exc:
            self._meter.renewed(exc.outcome)
            # Who lost the claim meanwhile was too slow: another may have used the same refresh token before.
            if await self._renewals.still_ours(account_id, stored):
                raise _refused(exc, account_id, stored) from exc
            return None
        token = self._refresher.access_token(grant)
        if token is None:
            self._meter.renewed("unavailable")
            raise ProviderUnavailable
        self._meter.renewed("renewed")
        self._grants.keep(account_id, grant, over=stored)
        return token

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

    async def renewed(self, refused: AccessToken, claims: str | None = None) -> AccessToken:
        self._held = await self.tokens.renew(self.account_id, refused=refused, claims=claims)
        return self._held


@dataclass(frozen=True, slots=True, kw_only=True)
class _FreshAccess:
    fresh: AccessToken

    async def token(self) -> AccessToken:
        return self.fresh

    async def renewed(self, refused: AccessToken, claims: str | None = None) -> AccessToken:
        raise AccessDenied


def _is_same(one: StoredGrant, other: StoredGrant) -> bool:
    return (one.grant_version, one.rotation) == (other.grant_version, other.rotation)


def _refused(refusal: RefreshRefused, account_id: AccountId, stored: StoredGrant) -> DomainError:
    if not isinstance(refusal.means, LossCause):
        return refusal.means
    return AccessLost(
        account_id=account_id,
        grant_version=stored.grant_version,
        cause=refusal.means,
        refusal=refusal.code,
    )
