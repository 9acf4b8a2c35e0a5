"""Finish a sign-in: an account more, a known one connected again, or one to be confirmed; or nothing, and why."""

from dataclasses import dataclass, field, replace

from application.accounts.connect_account import ConnectAccount, known_account
from application.ports.alarms import Alarms
from application.ports.clock import Clock
from application.ports.id_source import IdSource
from application.ports.pending_connections import ProvenConnection
from application.ports.provider import CalendarProviders, provider_of
from application.ports.sign_in import RedirectAnswer
from application.ports.store import Store, StoreUnavailable, Transaction
from domain.access import (
    AccessDenied,
    ClockDiffers,
    InvalidAnswer,
    MailboxSuspended,
    ProviderMisconfigured,
    ProviderUnavailable,
)
from domain.account import Account, Provider
from domain.availability import LATER, SOON
from domain.connection import (
    CONFIRMATION_LIFETIME,
    Confirming,
    ConnectionAttempt,
    MailboxNotServed,
    SignInFailed,
    SignInInterrupted,
)
from domain.errors import DomainError
from domain.ids import ExpertId


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionOutcome:
    """How a sign-in ended: with an account; with a token, if it is to be confirmed; or with a failure, nothing stored.

    `return_url` is where the browser goes from here, None for a page of our own. `sessions_woken`: how many sessions
    had waited and are tried again now.
    """

    account: Account | None = None
    reconnected: bool = False
    sessions_woken: int = 0
    token: str | None = field(default=None, repr=False)
    failure: DomainError | None = None
    return_url: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class CompleteConnection:
    """`confirming`: which sign-ins only prove who signed in, and are connected by ConfirmConnection."""

    store: Store
    clock: Clock
    ids: IdSource
    providers: CalendarProviders
    alarms: Alarms
    connect: ConnectAccount
    confirming: Confirming

    async def __call__(
        self, answer: RedirectAnswer, *, expert_id: ExpertId | None = None, came_from: Provider | None = None
    ) -> ConnectionOutcome:
        """`expert_id` is whose sign-in it is according to the caller, whose page the browser came back to; None where
        it came back to us, since the redirect itself names nobody. `came_from` is the provider whose address of ours
        that was: a code that one provider sent is given to no other.

        Uses the attempt up, but not where it raises: ConnectionAttemptNotFound, ConnectionAttemptOtherWay. Every later
        failure is in the outcome: of the domain's connection errors, AccountLimitReached, AccountNotFound,
        ProviderMisconfigured, ProviderNotAvailable.
        """
        async with self.store.transaction() as tx:
            attempt = await tx.attempts.take(answer.state, of=expert_id)
            attempt.require_way(by_caller=expert_id is not None)
            attempt.require_provider(came_from)
            await _consent_was_asked(tx, attempt)
        try:
            attempt.require_alive(self.clock.now())
            outcome = await self._finish(attempt, answer)
        except (ProviderUnavailable, StoreUnavailable):
            interrupted = SignInInterrupted(provider=attempt.provider)
            return ConnectionOutcome(failure=interrupted, return_url=attempt.return_url)
        except DomainError as failure:
            # What a redirect says without a code is anybody's word.
            if isinstance(failure, ProviderMisconfigured) and answer.code:
                self.alarms.provider_misconfigured(attempt.provider, failure.code)
            if isinstance(failure, ClockDiffers):
                self.alarms.clock_differs(failure.by)
            if isinstance(failure, SignInFailed):
                failure.provider = attempt.provider
            return ConnectionOutcome(failure=failure, return_url=attempt.return_url)
        return replace(outcome, return_url=attempt.return_url)

    async def _finish(self, attempt: ConnectionAttempt, answer: RedirectAnswer) -> ConnectionOutcome:
        pending = attempt.must_be_confirmed(self.confirming)
        connection = await self._prove(attempt, answer)
        if pending:
            return await self._keep(connection)
        async with self.store.transaction() as tx:
            connected = await self.connect(tx, connection)
            # An older sign-in with the same identity must not take the place of this one later.
            await tx.pending.forget(attempt.expert_id, connection.signed_in.identity)
        return ConnectionOutcome(
            account=connected.account,
            reconnected=connected.reconnected,
            sessions_woken=connected.sessions_woken,
        )

    async def _prove(self, attempt: ConnectionAttempt, answer: RedirectAnswer) -> ProvenConnection:
        """A refusal may pass by itself, as storms of them have: only words about the mailbox say that there is none."""
        provider = provider_of(self.providers, attempt.provider)
        signed_in = await provider.sign_in.redeem(attempt.flow, answer)
        connection = ProvenConnection(
            expert_id=attempt.expert_id,
            reconnects=attempt.reconnects,
            signed_in=signed_in,
            listed=(),
            list_again_in=LATER,
        )
        try:
            return replace(connection, listed=await provider.directory.first_look(signed_in.grant))
        except MailboxSuspended as exc:
            raise MailboxNotServed from exc
        except (AccessDenied, InvalidAnswer):
            return connection
        except ProviderUnavailable as fault:
            return replace(connection, list_again_in=fault.retry_after or SOON)

    async def _keep(self, connection: ProvenConnection) -> ConnectionOutcome:
        """What would fail when it is confirmed is told here, where it reaches the person sooner."""
        token = self.ids.token()
        async with self.store.transaction() as tx:
            await known_account(tx, connection)
            expires_at = self.clock.now() + CONFIRMATION_LIFETIME
            await tx.pending.add(connection, token=token, expires_at=expires_at)
        return ConnectionOutcome(token=token)


async def _consent_was_asked(tx: Transaction, attempt: ConnectionAttempt) -> None:
    """Asking afresh is for one sign-in only: where people may not consent by themselves it leads nowhere twice."""
    if attempt.reconnects is None:
        await tx.attempts.ask_consent_afresh(attempt.expert_id, attempt.provider, wanted=False)
