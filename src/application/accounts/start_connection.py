"""Start a sign-in, for a new account or to reconnect a known one."""

from dataclasses import dataclass, field
from datetime import datetime

from application.accounts.allowed_urls import AllowedUrls
from application.ports.clock import Clock
from application.ports.sign_in import SignIn
from application.ports.store import Store
from domain.account import Account, Provider, ProviderNotAvailable
from domain.connection import ATTEMPT_LIFETIME, ConnectionAttempt
from domain.expert import AccountUse
from domain.ids import AccountId, ExpertId


@dataclass(frozen=True, slots=True, kw_only=True)
class StartedConnection:
    authorization_url: str = field(repr=False)
    state: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StartConnection:
    """`callback_url` is the service's own redirect URI, for sign-ins it finishes itself."""

    store: Store
    clock: Clock
    sign_in: SignIn
    return_urls: AllowedUrls
    callback_url: str

    async def __call__(
        self,
        *,
        expert_id: ExpertId,
        provider: Provider,
        account_id: AccountId | None = None,
        return_url: str | None = None,
        redirect_uri: str | None = None,
    ) -> StartedConnection:
        """Raises ExpertNotFound, AccountNotFound, ProviderNotAvailable, AccountLimitReached, ReturnUrlNotAllowed
        and what `SignIn.begin` raises.
        """
        if return_url is not None:
            self.return_urls.require(return_url, field="return_url")
        if redirect_uri is not None:
            self.return_urls.require(redirect_uri, field="redirect_uri")
        account, consent_afresh = await self._prepare(expert_id, provider, account_id)
        started = await self.sign_in.begin(
            redirect_uri=redirect_uri or self.callback_url,
            login_hint=account.email if account else "",
            consent_afresh=consent_afresh,
        )
        attempt = ConnectionAttempt(
            state=started.state,
            expert_id=expert_id,
            provider=provider,
            reconnects=account_id,
            return_url=return_url,
            flow=started.flow,
            expires_at=self.clock.now() + ATTEMPT_LIFETIME,
        )
        async with self.store.transaction() as tx:
            await tx.experts.get(expert_id)
            await tx.attempts.add(attempt)
        return StartedConnection(
            authorization_url=started.authorization_url, state=started.state, expires_at=attempt.expires_at
        )

    async def _prepare(
        self, expert_id: ExpertId, provider: Provider, account_id: AccountId | None
    ) -> tuple[Account | None, bool]:
        """The account to reconnect, if any, and whether consent is asked afresh; raises when none may start."""
        async with self.store.transaction() as tx:
            expert = await tx.experts.get(expert_id)
            account = await tx.accounts.get(account_id, of=expert_id) if account_id else None
            if provider is not Provider.MICROSOFT:
                raise ProviderNotAvailable(provider=provider)
            if account:
                return account, False
            connected = await tx.accounts.of_expert(expert_id)
            AccountUse(plan=expert.plan, connected=len(connected)).require_room()
            return None, await tx.attempts.consent_afresh(expert_id, provider)
