"""What the page for typing a password shows of its sign-in."""

from dataclasses import dataclass, field, replace

from application.accounts.page_sign_in import CANCELLED, PageFlow, way_back
from application.ports.clock import Clock
from application.ports.store import Store, Transaction
from domain.account import Provider
from domain.connection import ConnectionAttempt, ConnectionAttemptExpired, ConnectionAttemptNotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class PageForm:
    """`name` is suggested, `form` must come back with what is typed, `cancel_url` leads back without connecting."""

    name: str = field(repr=False)
    form: str = field(repr=False)
    cancel_url: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class LookAtPage:
    store: Store
    clock: Clock

    async def __call__(self, state: str, *, at: Provider) -> PageForm:
        """Uses nothing up. Raises ConnectionAttemptNotFound, TooManyTries."""
        async with self.store.transaction() as tx:
            _, flow = await open_attempt(tx, self.clock, state, at=at)
        flow.require_tries_left()
        cancel_url = way_back(flow.redirect_uri, state=state, error=CANCELLED)
        return PageForm(name=flow.name, form=flow.form, cancel_url=cancel_url)


async def open_attempt(
    tx: Transaction, clock: Clock, state: str, *, at: Provider
) -> tuple[ConnectionAttempt, PageFlow]:
    """The attempt, locked, and its flow.

    Raises ConnectionAttemptNotFound for whatever the page has nothing (more) to do with: unknown,
    finished, expired, another provider's.
    """
    attempt = await tx.attempts.lock(state)
    attempt.require_provider(at)
    try:
        attempt.require_alive(clock.now())
    except ConnectionAttemptExpired:
        raise ConnectionAttemptNotFound from None
    flow = PageFlow.of(attempt)
    if flow.signed_in is not None:
        raise ConnectionAttemptNotFound
    return attempt, flow


async def keep_flow(tx: Transaction, attempt: ConnectionAttempt, flow: PageFlow) -> None:
    await tx.attempts.save(replace(attempt, flow=flow.to_bytes()))
