"""Prove a password that was typed on our page, and send the browser on as a provider's page would."""

from collections.abc import Hashable
from dataclasses import dataclass, field, replace

from application.accounts.look_at_page import keep_flow, open_attempt
from application.accounts.page_sign_in import way_back
from application.accounts.try_limits import TryLimits
from application.ports.alarms import Alarms
from application.ports.clock import Clock
from application.ports.id_source import IdSource
from application.ports.password_sign_in import PasswordSignIn
from application.ports.provider import CalendarProviders, provider_of
from application.ports.sign_in import SignedIn
from application.ports.store import Store
from domain.access import ProviderMisconfigured
from domain.account import Provider, ProviderNotAvailable
from domain.connection import ConnectionAttemptNotFound, SignInFailed
from domain.password_sign_in import CODE_LIFETIME


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedPassword:
    """What came with the form: its own secret, and what the person typed."""

    form: str = field(repr=False)
    name: str = field(repr=False)
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvePassword:
    """`of_experts` and `of_addresses` count the tries of each."""

    store: Store
    clock: Clock
    ids: IdSource
    providers: CalendarProviders
    alarms: Alarms
    of_experts: TryLimits
    of_addresses: TryLimits

    async def __call__(
        self, state: str, typed: TypedPassword, *, at: Provider, address: Hashable | None
    ) -> str:
        """Where the browser goes from here: the redirect URI that the sign-in was begun with, with its state and a
        one-time code. `address` is whose tries these are, None where nobody knows.

        A try counts before the provider is asked, so that many at once are no more than one after the other. Raises
        ConnectionAttemptNotFound (also for a form that is not ours), TooManyTries, ProviderNotAvailable, and what
        `PasswordSignIn.prove` raises; then the sign-in stays as it was, but for the try.
        """
        passwords = self._passwords(at)
        await self._count(state, typed, at=at, address=address)
        try:
            signed_in = await passwords.prove(typed.name, typed.password)
        except SignInFailed as failure:
            failure.provider = at
            raise
        except ProviderMisconfigured as fault:
            self.alarms.provider_misconfigured(at, fault.code)
            raise
        return await self._keep(state, signed_in, at=at)

    def _passwords(self, at: Provider) -> PasswordSignIn:
        passwords = provider_of(self.providers, at).passwords
        if passwords is None:
            raise ProviderNotAvailable(provider=at)
        return passwords

    async def _count(
        self, state: str, typed: TypedPassword, *, at: Provider, address: Hashable | None
    ) -> None:
        async with self.store.transaction() as tx:
            attempt, flow = await open_attempt(tx, self.clock, state, at=at)
            if not flow.is_form(typed.form):
                raise ConnectionAttemptNotFound
            tried = flow.tried()
            if address is not None:
                self.of_addresses.count(address)
            self.of_experts.count(attempt.expert_id)
            await keep_flow(tx, attempt, tried)

    async def _keep(self, state: str, signed_in: SignedIn, *, at: Provider) -> str:
        """Of two who proved it at once, one goes on."""
        code = self.ids.token()
        async with self.store.transaction() as tx:
            attempt, flow = await open_attempt(tx, self.clock, state, at=at)
            ends = min(attempt.expires_at, self.clock.now() + CODE_LIFETIME)
            await keep_flow(tx, replace(attempt, expires_at=ends), flow.proven(signed_in, code))
        return way_back(flow.redirect_uri, state=state, code=code)
