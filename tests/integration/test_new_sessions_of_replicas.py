"""Several replicas accept the same sessions at once, beside everything else that happens to their experts."""

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack, nullcontext, suppress

import pytest

from adapters.postgres import new_sessions
from application.sessions.cancel_session import CancelSession
from application.sessions.put_session import PutSession, WantedSession
from domain.change import ChangeType
from domain.expert import ExpertNotFound
from domain.ids import ExpertId, SessionId
from domain.session import SessionNotFound
from tests.builders import NOW, a_hold, an_expert, an_interval, some_details
from tests.fakes.clock import MovableClock
from tests.support.new_sessions import BUDGET, put_session_on, refusals
from tests.support.stores import KeptByPostgres, kept_by_postgres, put_expert

REPLICAS, ROUNDS, CALLS = 4, 4, 50
EXPERTS = [ExpertId(f"expert-{number}") for number in range(5)]
ERASED = EXPERTS[0]
"""Again and again, and put anew."""


async def test_replicas_that_write_the_same_sessions_at_once_wait_in_one_order(
    dsn: str, kept: KeptByPostgres, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Beside them others change, cancel and hold times of the same experts, and change and erase the experts."""
    monkeypatch.setitem(new_sessions.SETTINGS, "lock_timeout", "9s")  # or it would end what hangs for good
    await put_expert(kept, *(an_expert(one) for one in EXPERTS))
    chance = random.Random(1)
    start = await kept.feed.end()

    def wanted(of: Sequence[ExpertId] = EXPERTS) -> WantedSession:
        return WantedSession(
            expert_id=chance.choice(of),
            session_id=SessionId(f"session-{chance.randrange(60):02}"),
            interval=an_interval(starts=chance.randrange(3)),
            details=some_details(f"Version {chance.randrange(3)}"),
        )

    async def book(put: PutSession) -> None:
        one = wanted()
        with suppress(ExpertNotFound) if one.expert_id == ERASED else nullcontext():
            await put(one, budget=BUDGET)

    async def interfere(one: WantedSession) -> None:
        with suppress(SessionNotFound):
            await CancelSession(store=kept.store, clock=MovableClock())(one.expert_id, one.session_id)
        async with kept.transaction() as tx:
            await tx.experts.put(an_expert(one.expert_id))
        async with kept.transaction() as tx:
            await tx.experts.lock(one.expert_id)
            await tx.reserved.hold(a_hold(expert_id=one.expert_id, interval=one.interval), now=NOW)

    async def erase() -> None:
        async with kept.transaction() as tx:
            await tx.experts.lock(ERASED)
            await tx.experts.remove(ERASED)
        async with kept.transaction() as tx:
            await tx.experts.put(an_expert(ERASED))

    async with AsyncExitStack() as stack, asyncio.timeout(60):
        replicas = [await stack.enter_async_context(kept_by_postgres(dsn)) for _ in range(REPLICAS)]
        puts = [put_session_on(one, one.new_sessions) for one in replicas]
        for _ in range(ROUNDS):
            calls = [book(put) for put in puts for _ in range(CALLS)]
            await asyncio.gather(*calls, *(interfere(wanted(EXPERTS[1:])) for _ in range(5)), erase())

    told = Counter(
        (change.expert_id, str(change.session_id))
        for _, change in (await kept.feed.after(start, of=None, limit=10_000)).changes
        if change.type in {ChangeType.SESSION_ACCEPTED, ChangeType.SESSION_CANCELLED}
    )
    stored = await kept.rows("SELECT expert_id, session_id, revision FROM session")
    assert told == {(one["expert_id"], one["session_id"]): one["revision"] for one in stored}
    assert {one["expert_id"] for one in stored} >= set(EXPERTS) - {ERASED}
    assert refusals(caplog) == []
