"""What every repository keeps to when everybody's sessions are listed, and of when sessions and experts changed."""

import pytest

from application.ports.sessions import SessionFilter, UpdatePosition
from domain.ids import AccountId
from domain.session import Session, WriteStatus
from tests.builders import (
    EXPERT,
    SESSION,
    a_grant,
    a_session,
    after,
    an_account,
    an_event_copy,
    an_expert,
    an_interval,
)
from tests.support.stores import Kept, put_expert

ALL = SessionFilter(include_cancelled=True)


async def _booked(kept: Kept, *sessions: Session) -> None:
    await put_expert(kept, an_expert(), an_expert("other"))
    async with kept.transaction() as tx:
        for session in sessions:
            assert await tx.sessions.add(session)


async def _listed(kept: Kept, which: SessionFilter = ALL) -> list[str]:
    async with kept.transaction() as tx:
        return [one.session_id for one in await tx.sessions.page_of_all(which, after=None, limit=9)]


async def test_pages_follow_updates_then_ids_over_all_experts_without_gap_or_repeat(kept: Kept) -> None:
    order = [("b", EXPERT, 1), ("z", EXPERT, 2), ("A", "other", 2), ("a", "other", 2), ("c", EXPERT, 3)]
    states = [WriteStatus.WRITTEN, WriteStatus.PENDING, WriteStatus.WAITING, WriteStatus.FAILED]
    await _booked(
        kept,
        *(
            a_session(
                name, expert_id=whose, updated_at=after(hours=hours), status=states[number % len(states)]
            )
            for number, (name, whose, hours) in enumerate(reversed(order))
        ),
    )
    seen: list[str] = []
    position: UpdatePosition | None = None
    async with kept.transaction() as tx:
        while page := await tx.sessions.page_of_all(ALL, after=position, limit=2):
            assert len(page) <= 2
            seen += [one.session_id for one in page]
            position = UpdatePosition(page[-1].updated_at, page[-1].expert_id, page[-1].session_id)
    assert seen == [name for name, _, _ in order]


async def test_everybodys_are_told_apart_by_status_and_cancellation(kept: Kept) -> None:
    await _booked(
        kept,
        a_session("written", status=WriteStatus.WRITTEN, due_at=None, updated_at=after(hours=1)),
        a_session("waits", status=WriteStatus.WAITING, expert_id="other", updated_at=after(hours=2)),
        a_session("failed", status=WriteStatus.FAILED, due_at=None, updated_at=after(hours=3)),
        a_session("gone", status=WriteStatus.WRITTEN, due_at=None, cancelled=True, updated_at=after(hours=4)),
    )
    stuck = frozenset({WriteStatus.FAILED, WriteStatus.WAITING})
    assert await _listed(kept, SessionFilter()) == ["written", "waits", "failed"]
    assert await _listed(kept, SessionFilter(statuses=stuck)) == ["waits", "failed"]
    assert await _listed(kept) == ["written", "waits", "failed", "gone"]


async def test_updates_are_listed_from_the_first_instant_up_to_but_not_the_last(kept: Kept) -> None:
    await _booked(kept, *(a_session(f"s{hour}", updated_at=after(hours=hour)) for hour in range(4)))
    which = SessionFilter(updated_from=after(hours=1), updated_before=after(hours=3))
    assert await _listed(kept, which) == ["s1", "s2"]
    async with kept.transaction() as tx:
        of_one = await tx.sessions.page(EXPERT, which, after=None, limit=9)
        waiting = SessionFilter(statuses=frozenset({WriteStatus.WAITING}))
        assert await tx.sessions.page(EXPERT, waiting, after=None, limit=9) == ()
    assert [one.session_id for one in of_one] == ["s1", "s2"]


async def test_a_saved_session_keeps_when_it_came_and_moves_to_when_it_changed(kept: Kept) -> None:
    await _booked(kept, a_session(updated_at=after(hours=1)), a_session("next", updated_at=after(hours=2)))
    async with kept.transaction() as tx:
        known = await tx.sessions.lock(EXPERT, SESSION)
        await tx.sessions.save(known.put(interval=an_interval(), details=known.details, now=after(hours=3)))
        await tx.sessions.save(known.cancel(now=after(hours=3)))
        stored = await tx.sessions.get(EXPERT, SESSION)
    assert (stored.created_at, stored.updated_at) == (known.created_at, after(hours=3))
    assert await _listed(kept) == ["next", SESSION]


async def test_a_copy_that_moves_to_another_account_updates_its_session(kept: Kept) -> None:
    await _booked(
        kept,
        a_session("moves", copy=an_event_copy(account_id="former")),
        a_session("stays", copy=an_event_copy(account_id="another")),
    )
    async with kept.transaction() as tx:
        await tx.accounts.add(an_account(), a_grant())
        await tx.sessions.move_copies(
            EXPERT, {AccountId("former")}, an_account().account_id, now=after(hours=1)
        )
    assert await _listed(kept, SessionFilter(updated_from=after(hours=1))) == ["moves"]


@pytest.mark.parametrize("known_since", [None, after(hours=-5)])
async def test_an_expert_keeps_when_they_came(kept: Kept, known_since: object) -> None:
    expert = an_expert(created_at=known_since, updated_at=after(hours=1))  # type: ignore[arg-type]
    await put_expert(kept, expert)
    await put_expert(kept, an_expert(created_at=after(hours=9), updated_at=after(hours=2)))
    async with kept.transaction() as tx:
        known = await tx.experts.get(EXPERT)
    assert (known.created_at, known.updated_at) == (known_since, after(hours=2))
