"""Start a sign-in, for a new account or to reconnect a known one."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from application.accounts.allowed_urls import AllowedUrls
from application.ports.clock import Clock
from application.ports.provider import CalendarProviders, provider_of
from application.ports.sign_in import SignIn
from application.ports.store import Store, Transaction
from domain.account import Account, AccountNotFound, Provider
from domain.connection import ATTEMPT_LIFETIME, Confirming, ConnectionAttempt, DestinationRequired, Way
from domain.expert import AccountUse
from domain.ids import AccountId, CalendarId, ExpertId


@dataclass(frozen=True, slots=True, kw_only=True)
class AdditionalPermission:
    """A permission that this sign-in asks for beyond the usual ones, since writing to the chosen calendar takes it."""

    permission: str
    calendar_id: CalendarId


@dataclass(frozen=True, slots=True, kw_only=True)
class StartedConnection:
    authorization_url: str = field(repr=False)
    state: str = field(repr=False)
    expires_at: datetime
    additional: tuple[AdditionalPermission, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StartConnection:
    """`callback_url` gives the service's own redirect URI for a provider, for sign-ins it finishes itself.

    `confirming`: which of those the caller must confirm.
    """

    store: Store
    clock: Clock
    providers: CalendarProviders
    return_urls: AllowedUrls
    callback_url: Callable[[Provider], str]
    confirming: Confirming

    async def __call__(
        self,
        *,
        expert_id: ExpertId,
        provider: Provider,
        account_id: AccountId | None = None,
        return_url: str | None = None,
        redirect_uri: str | None = None,
    ) -> StartedConnection:
        """Raises ExpertNotFound, AccountNotFound (also for an account of another provider), ProviderNotAvailable,
        AccountLimitReached, ReturnUrlNotAllowed, DestinationRequired and what `SignIn.begin` raises.
        """
        way = self._way(return_url, redirect_uri)
        sign_in, account, consent_afresh, additional = await self._prepare(expert_id, provider, account_id)
        started = await sign_in.begin(
            redirect_uri=redirect_uri or self.callback_url(provider),
            login_hint=account.email if account else "",
            reconnects=account.identity if account else None,
            consent_afresh=consent_afresh,
            also=tuple(one.permission for one in additional),
        )
        attempt = ConnectionAttempt(
            state=started.state,
            expert_id=expert_id,
            provider=provider,
            reconnects=account_id,
            way=way,
            return_url=return_url,
            flow=started.flow,
            expires_at=self.clock.now() + ATTEMPT_LIFETIME,
        )
        async with self.store.transaction() as tx:
            await tx.experts.get(expert_id)
            await tx.attempts.add(attempt)
        return StartedConnection(
            authorization_url=started.authorization_url,
            state=started.state,
            expires_at=attempt.expires_at,
            additional=additional,
        )

    def _way(self, return_url: str | None, redirect_uri: str | None) -> Way:
        if redirect_uri is not None:
            self.return_urls.require(redirect_uri, field="redirect_uri")
            return Way.REDIRECT_URI
        if return_url is not None:
            self.return_urls.require(return_url, field="return_url")
            return Way.RETURN_URL
        if self.confirming is Confirming.REQUIRED:
            raise DestinationRequired
        return Way.NOWHERE

    async def _prepare(
        self, expert_id: ExpertId, provider: Provider, account_id: AccountId | None
    ) -> tuple[SignIn, Account | None, bool, tuple[AdditionalPermission, ...]]:
        """The provider's sign-in, the account to reconnect, if any, whether consent is asked afresh, and what is asked
        for beyond the usual.

        Raises when no sign-in may start.
        """
        async with self.store.transaction() as tx:
            expert = await tx.experts.get(expert_id)
            account = await tx.accounts.get(account_id, of=expert_id) if account_id else None
            sign_in = provider_of(self.providers, provider).sign_in
            if account:
                if account.identity.provider is not provider:
                    raise AccountNotFound
                return sign_in, account, False, await additional_permissions(tx, account)
            connected = await tx.accounts.of_expert(expert_id)
            AccountUse(plan=expert.plan, connected=len(connected)).require_room()
            return sign_in, None, await tx.attempts.consent_afresh(expert_id, provider), ()


async def additional_permissions(tx: Transaction, account: Account) -> tuple[AdditionalPermission, ...]:
    """What the write calendar takes that its expert chose in this account. No other calendar is reason enough to ask:
    the more is asked for, the fewer people may consent to it."""
    settings = await tx.calendars.settings(account.expert_id)
    return tuple(
        AdditionalPermission(permission=permission, calendar_id=calendar.calendar_id)
        for calendar in await tx.calendars.of_account(account.account_id)
        if calendar.calendar_id == settings.chosen
        for permission in calendar.demands
    )
