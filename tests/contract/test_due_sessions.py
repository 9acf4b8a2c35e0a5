"""What every repository of sessions keeps to where workers claim what is due, as many as they have room for."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from application.ports.lanes import Room
from application.ports.sessions import Turn
from domain.ids import ExpertId, SessionId
from domain.session import Session, WriteStatus
from tests.builders import (
    ACCOUNT,
    EXPERT,
    NOW,
    SESSION,
    a_calendar,
    a_grant,
    a_session,
    after,
    an_account,
    an_event_copy,
    an_expert,
    an_identity,
    some_settings,
)
from tests.support.stores import TOKENS, Kept, claim_sessions, put_expert

UNTIL = after(minutes=5)


def waiting(
    session_id: str, *, expert_id: str = EXPERT, due_at: datetime = NOW, account_id: str | None = None
) -> Session:
    copy = an_event_copy(account_id=account_id, mark=f"mark-{session_id}") if account_id else None
    return a_session(
        session_id, expert_id=expert_id, status=WriteStatus.WAITING, due_at=due_at, failures=1, copy=copy
    )


async def booked(kept: Kept, *sessions: Session) -> None:
    await put_expert(kept, *(an_expert(one) for one in {one.expert_id for one in sessions}))
    async with kept.transaction() as tx:
        for session in sessions:
            await tx.sessions.add(session)


async def connected(kept: Kept, account_id: str, expert_id: str, mailbox: str, *, minutes: int = 0) -> None:
    """An account with a writable primary calendar of the same name; `minutes` later than others."""
    await put_expert(kept, an_expert(expert_id))
    account = an_account(
        account_id,
        expert_id=expert_id,
        identity=an_identity(mailbox),
        connected_at=after(minutes=minutes),
    )
    async with kept.transaction() as tx:
        await tx.accounts.add(account, a_grant())
        await tx.calendars.save([a_calendar(f"of-{account_id}", account_id=account_id, primary=True)])


async def test_claims_what_is_due_for_whoever_asks_first(kept: Kept) -> None:
    await booked(kept, a_session(), a_session("later", due_at=after(minutes=1)), a_session("no", due_at=None))
    async with kept.transaction() as tx:
        assert await claim_sessions(tx, token="first") == [(EXPERT, SESSION)]
        assert await tx.sessions.claimed(EXPERT, SESSION, token="first") == a_session()
        assert await claim_sessions(tx, token="second") == []
        assert await claim_sessions(tx, token="second", now=after(minutes=1)) == [(EXPERT, "later")]


async def test_a_claim_that_ran_out_is_for_others(kept: Kept) -> None:
    await booked(kept, a_session())
    async with kept.transaction() as tx:
        await claim_sessions(tx, token="first")
        assert await claim_sessions(tx, token="second", now=after(minutes=4)) == []
        assert await claim_sessions(tx, token="second", now=UNTIL) == [(EXPERT, SESSION)]
        assert await tx.sessions.claimed(EXPERT, SESSION, token="first") is None


async def test_what_was_claimed_unawares_is_claimed_again_with_the_same_token(kept: Kept) -> None:
    """The answer to a claim may be lost on its way."""
    await booked(kept, a_session())
    async with kept.transaction() as tx:
        for _ in range(2):
            assert await claim_sessions(tx, token="first") == [(EXPERT, SESSION)]


async def test_new_ones_come_first_and_among_each_the_longest_due(kept: Kept) -> None:
    await booked(
        kept,
        waiting("w", expert_id="a", due_at=after(minutes=-9)),
        waiting("w", expert_id="b", due_at=after(minutes=-8)),
        a_session("n", expert_id="c", due_at=after(minutes=-1)),
        a_session("n", expert_id="d", due_at=after(minutes=-2)),
    )
    async with kept.transaction() as tx:
        assert await claim_sessions(tx, places=1) == [("d", "n")]
        assert await claim_sessions(tx) == [("c", "n"), ("a", "w"), ("b", "w")]


async def test_no_more_than_there_are_places_of_either_kind(kept: Kept) -> None:
    sessions = [waiting("w", expert_id=one) for one in "abc"] + [a_session("n", expert_id="d")]
    await booked(kept, *sessions)
    async with kept.transaction() as tx:
        assert await claim_sessions(tx, places=3, again=0) == [("d", "n")]
        assert await claim_sessions(tx, places=3, again=2) == [("a", "w"), ("b", "w")]
        assert await claim_sessions(tx, places=3, again=2) == [("c", "w")]


async def test_waiting_ones_are_claimed_once_they_are_ripe(kept: Kept) -> None:
    await booked(kept, waiting("a", due_at=NOW), waiting("b", due_at=after(minutes=1)))
    async with kept.transaction() as tx:
        assert await tx.sessions.ripen(after(seconds=-1)) == (0, NOW)
        assert await tx.sessions.ripen(NOW) == (1, after(minutes=1))
        assert await tx.sessions.ripen(NOW) == (0, after(minutes=1))
        assert await tx.sessions.ripen(UNTIL) == (1, None)
        assert await claim_sessions(tx) == [(EXPERT, "a")]


async def test_one_that_was_put_off_since_is_not_ripe(kept: Kept) -> None:
    await booked(kept, waiting("a", due_at=NOW))
    async with kept.transaction() as tx:
        await tx.sessions.ripen(NOW)
        await tx.sessions.save(waiting("a", due_at=after(minutes=1)))
        assert await tx.sessions.ripen(NOW) == (0, after(minutes=1))
        assert await claim_sessions(tx) == []
        assert await claim_sessions(tx, now=after(minutes=1)) == [(EXPERT, "a")]


async def test_an_expert_gets_two_places_at_most(kept: Kept) -> None:
    await booked(
        kept,
        *(a_session(f"n{number}", due_at=after(minutes=-number)) for number in range(5)),
        waiting("w", due_at=after(minutes=-9)),
        a_session("n", expert_id="other"),
    )
    async with kept.transaction() as tx:
        assert await claim_sessions(tx) == [(EXPERT, "n4"), (EXPERT, "n3"), ("other", "n")]


async def test_what_is_held_already_counts(kept: Kept) -> None:
    await booked(kept, *(a_session(f"n{number}", expert_id=one) for number in range(3) for one in "ab"))
    async with kept.transaction() as tx:
        first = await tx.sessions.claim_due(**a_claim(places=1))
        (one,) = first.rows
        held = dict.fromkeys(one.keys, 1)
        assert one.row.expert_id == "a"
        assert [key for key, _ in await claim_sessions(tx, held=held)] == ["a", "b", "b"]
        assert await claim_sessions(tx, held=dict.fromkeys(one.keys, 2)) == [("b", "n2")]


async def test_a_mailbox_gets_two_places_over_all_its_experts(kept: Kept) -> None:
    for number in range(4):
        await connected(kept, f"account-{number}", f"expert-{number}", "shared")
    await connected(kept, "alone", "other", "alone")
    await booked(
        kept,
        *(a_session("n", expert_id=f"expert-{number}") for number in range(4)),
        a_session("n", expert_id="other"),
        a_session("n", expert_id="nowhere"),
        a_session("n", expert_id="nowhere-either"),
        a_session("n", expert_id="nowhere-either-1"),
    )
    async with kept.transaction() as tx:
        claimed = [expert for expert, _ in await claim_sessions(tx)]
    assert claimed == [
        "expert-0",
        "expert-1",
        "nowhere",
        "nowhere-either",
        "nowhere-either-1",
        "other",
    ]


async def test_a_session_burdens_the_mailbox_of_its_event_or_else_of_the_write_calendar(kept: Kept) -> None:
    await connected(kept, ACCOUNT, EXPERT, "first")
    await connected(kept, "account-2", EXPERT, "second", minutes=1)
    await connected(kept, "account-3", EXPERT, "third", minutes=2)
    await booked(
        kept, a_session("new"), replace(a_session("there"), copy=an_event_copy(account_id="account-2"))
    )

    async def mailboxes() -> list[str]:
        async with kept.transaction() as tx:
            claimed = await tx.sessions.claim_due(**a_claim())
            for one in claimed.rows:
                await tx.sessions.release(one.row.expert_id, one.row.session_id)
        return [
            next(
                name for name in ("first", "second", "third", "none") if any(name in key for key in one.keys)
            )
            for one in claimed.rows
        ]

    assert await mailboxes() == ["first", "second"]
    async with kept.transaction() as tx:
        await tx.calendars.save_settings(some_settings(chosen="of-account-3"))
    assert await mailboxes() == ["third", "second"]


async def test_the_automatic_write_calendar_is_of_the_oldest_working_account(kept: Kept) -> None:
    await connected(kept, ACCOUNT, EXPERT, "first")
    await connected(kept, "account-2", EXPERT, "second", minutes=1)
    await booked(kept, a_session("new"))
    async with kept.transaction() as tx:
        await tx.calendars.save([replace(a_calendar(f"of-{ACCOUNT}", primary=True), missing=True)])
        (one,) = (await tx.sessions.claim_due(**a_claim())).rows
    assert any("second" in key for key in one.keys)


@pytest.mark.parametrize("workers", [2, 6])
async def test_of_many_who_claim_at_once_each_gets_others(kept: Kept, workers: int) -> None:
    experts = [f"expert-{number:02}" for number in range(20)]
    await booked(kept, *(a_session(expert_id=one) for one in experts))

    async def claim() -> list[tuple[ExpertId, SessionId]]:
        claimed: list[tuple[ExpertId, SessionId]] = []
        while True:
            async with kept.transaction() as tx:
                more = await tx.sessions.claim_due(**a_claim(places=3))
            if not more.rows and not more.missed:
                return claimed
            claimed += [(one.row.expert_id, one.row.session_id) for one in more.rows]
            for one in more.rows:
                async with kept.transaction() as tx:
                    await tx.sessions.save(a_session(expert_id=one.row.expert_id, due_at=None))

    everybodys = await asyncio.gather(*(claim() for _ in range(workers)))
    assert sorted(one for ones in everybodys for one in ones) == [(one, SESSION) for one in experts]


async def test_nobody_claims_what_another_is_about_to_change(kept: Kept) -> None:
    await booked(kept, a_session(), a_session(expert_id="other"))
    changing, changed = asyncio.Event(), asyncio.Event()

    async def change() -> None:
        async with kept.transaction() as tx:
            await tx.sessions.lock(EXPERT, SESSION)
            changing.set()
            await asyncio.wait([asyncio.ensure_future(changed.wait())], timeout=0.1)
            await tx.sessions.save(a_session(due_at=None))

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(change())
        await changing.wait()
        async with kept.transaction() as tx:
            assert await claim_sessions(tx) == [("other", SESSION)]
        changed.set()


def a_claim(*, places: int = 10, token: str = "worker-1.token") -> dict[str, Any]:
    return {
        "room": Room(places=places, again=places),
        "turn": Turn(),
        "token": next(TOKENS),
        "now": NOW,
        "until": NOW + timedelta(minutes=5),
    }
