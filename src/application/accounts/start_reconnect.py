"""Follow the link of an "Action required" mail: start the sign-in for that very account."""

from collections.abc import Callable
from dataclasses import dataclass

from application.accounts.start_connection import additional_permissions
from application.ports.clock import Clock
from application.ports.provider import CalendarProviders, provider_of
from application.ports.store import Store
from domain.access import ProviderMisconfigured, ProviderUnavailable
from domain.account import AccountStatus, Provider, ProviderNotAvailable
from domain.connection import ATTEMPT_LIFETIME, ConnectionAttempt, Way
from domain.errors import DomainError
from domain.incident import ReconnectedAlready


@dataclass(kw_only=True, eq=False)
class ReconnectNotBegun(DomainError):
    """Not now, and why: `provider` doesn't answer, or refuses our registration, or isn't configured any more."""

    provider: Provider
    why: DomainError


@dataclass(frozen=True, slots=True, kw_only=True)
class StartReconnect:
    """`callback_url` gives the service's own redirect URI for a provider."""

    store: Store
    clock: Clock
    providers: CalendarProviders
    callback_url: Callable[[Provider], str]

    async def __call__(self, token: str) -> str:
        """Where to send the browser. Any mail's link does, also that of an earlier loss, while the account waits.

        Raises ReconnectedAlready, ReconnectLinkUnknown (also once the account was disconnected or its expert erased),
        ReconnectNotBegun.
        """
        async with self.store.transaction() as tx:
            incident = await tx.incidents.by_token(token)
            account = await tx.accounts.get(incident.account_id)
            additional = await additional_permissions(tx, account)
        if account.status is not AccountStatus.RECONNECT_REQUIRED and account.served:
            raise ReconnectedAlready
        provider = account.identity.provider
        try:
            started = await provider_of(self.providers, provider).sign_in.begin(
                redirect_uri=self.callback_url(provider),
                login_hint=account.email,
                reconnects=account.identity,
                also=tuple(one.permission for one in additional),
            )
        except (ProviderUnavailable, ProviderMisconfigured, ProviderNotAvailable) as why:
            raise ReconnectNotBegun(provider=provider, why=why) from why
        attempt = ConnectionAttempt(
            state=started.state,
            expert_id=account.expert_id,
            provider=provider,
            reconnects=account.account_id,
            way=Way.RECONNECT_LINK,
            return_url=None,
            flow=started.flow,
            expires_at=self.clock.now() + ATTEMPT_LIFETIME,
        )
        async with self.store.transaction() as tx:
            await tx.accounts.get(account.account_id)
            await tx.attempts.add(attempt)
        return started.authorization_url
