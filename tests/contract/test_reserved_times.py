"""What every store of reserved times keeps to: of any two that overlap, it takes one."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from application.ports.reserved_times import HoldPosition
from application.ports.store import Transaction
from domain.expert import ExpertNotFound
from domain.hold import Hold, HoldNotFound, TimeTaken
from domain.ids import ExpertId, HoldId, SessionId
from domain.interval import Interval
from domain.session import SessionNotFound
from tests.builders import EXPERT, HOLD, NOW, SESSION, a_hold, a_session, after, an_expert, an_interval
from tests.support.stores import Kept, put_expert

OTHER = ExpertId("other")


async def _hold(kept: Kept, hold: Hold | None = None, *, minutes: float = 0) -> tuple[Hold, ...]:
    """At `minutes` after NOW."""
    async with kept.transaction() as tx:
        return await tx.reserved.hold(hold or a_hold(), now=after(minutes=minutes))


async def _book(
    kept: Kept,
    session_id: str = SESSION,
    interval: Interval | None = None,
    *,
    expert_id: str = EXPERT,
    minutes: float = 0,
) -> tuple[Hold, ...]:
    """Give the time to the session, which is added unless it is there already."""
    session = a_session(session_id, expert_id=expert_id, interval=interval)
    async with kept.transaction() as tx:
        await tx.sessions.add(session)
        return await tx.reserved.reserve(
            session.expert_id, session.session_id, session.interval, now=after(minutes=minutes)
        )


async def _held(tx: Transaction, expert_id: ExpertId, hold_id: HoldId) -> Hold:
    """Released, and held again."""
    hold = await tx.reserved.release(expert_id, hold_id)
    await tx.reserved.hold(hold, now=NOW)
    return hold


async def _hold_over(kept: Kept, interval: Interval) -> tuple[Hold, ...]:
    return await _hold(kept, a_hold("over", interval=interval, expires_at=after(hours=1)), minutes=10)


async def _book_over(kept: Kept, interval: Interval) -> tuple[Hold, ...]:
    return await _book(kept, interval=interval, minutes=10)


async def test_a_hold_comes_back_by_value(kept: Kept) -> None:
    await put_expert(kept)
    odd = a_hold(interval=Interval(after(seconds=0.000001), after(seconds=0.000002)))
    await _hold(kept, odd)
    async with kept.transaction() as tx:
        assert await _held(tx, EXPERT, HOLD) == odd


async def test_an_unknown_hold_is_not_found(kept: Kept) -> None:
    await put_expert(kept, an_expert(), an_expert(OTHER))
    await _hold(kept)
    async with kept.transaction() as tx:
        for expert_id, hold_id in ((EXPERT, HoldId("unknown")), (OTHER, HOLD)):
            with pytest.raises(HoldNotFound):
                await _held(tx, expert_id, hold_id)
            with pytest.raises(HoldNotFound):
                await tx.reserved.release(expert_id, hold_id)
        assert await _held(tx, EXPERT, HOLD) == a_hold()


async def test_a_hold_needs_its_expert(kept: Kept) -> None:
    with pytest.raises(ExpertNotFound):
        await _hold(kept)


@pytest.mark.parametrize("expert_id", [EXPERT, "nobody"])
async def test_a_reserved_time_needs_its_session(kept: Kept, expert_id: str) -> None:
    await put_expert(kept)
    async with kept.transaction() as tx:
        with pytest.raises(SessionNotFound):
            await tx.reserved.reserve(ExpertId(expert_id), SESSION, an_interval(), now=NOW)


@pytest.mark.parametrize(
    "wanted",
    [
        an_interval(starts=24, hours=1),
        an_interval(starts=23, hours=1.01),
        an_interval(starts=24.99, hours=1),
        an_interval(starts=24.4, hours=0.1),
        an_interval(starts=20, hours=10),
    ],
)
async def test_a_time_is_given_once(kept: Kept, wanted: Interval) -> None:
    await put_expert(kept)
    await _hold(kept)
    with pytest.raises(TimeTaken):
        await _hold(kept, a_hold("second", interval=wanted))
    with pytest.raises(TimeTaken):
        await _book(kept, interval=wanted)
    async with kept.transaction() as tx:
        await tx.reserved.release(EXPERT, HOLD)
    await _book(kept)
    with pytest.raises(TimeTaken):
        await _hold(kept, a_hold("second", interval=wanted))
    with pytest.raises(TimeTaken):
        await _book(kept, "second", interval=wanted)


async def test_a_refusal_names_what_is_in_the_way(kept: Kept) -> None:
    await put_expert(kept)
    await _hold(kept, a_hold("over", interval=an_interval(starts=23)))
    await _hold(kept, a_hold("live", interval=an_interval(starts=24), expires_at=after(minutes=15)))
    await _book(kept, "booked", an_interval(starts=25))
    await _book(kept, "elsewhere", an_interval(starts=40))
    wanted = an_interval(starts=23, hours=3)
    async with kept.transaction() as tx:
        with pytest.raises(TimeTaken) as refused:
            await tx.reserved.hold(a_hold("second", interval=wanted), now=a_hold().expires_at)
    assert (refused.value.calendars, refused.value.sessions, refused.value.holds) == (
        (),
        ("booked",),
        ("live",),
    )


async def test_a_refusal_leaves_the_transaction_usable_and_everything_as_it_was(kept: Kept) -> None:
    await put_expert(kept)
    await _hold(kept)
    mine = a_hold("mine", interval=an_interval(starts=30))
    await _hold(kept, mine)
    async with kept.transaction() as tx:
        with pytest.raises(TimeTaken):
            await tx.reserved.hold(a_hold("mine"), now=NOW)
        assert await _held(tx, EXPERT, HoldId("mine")) == mine


async def test_touching_times_do_not_overlap(kept: Kept) -> None:
    await put_expert(kept)
    await _hold(kept)
    await _hold(kept, a_hold("before", interval=an_interval(starts=23)))
    await _book(kept, interval=an_interval(starts=25))


@pytest.mark.parametrize("starts", [23, 25])
async def test_what_is_needed_beside_a_time_must_be_nobody_elses_and_is_not_taken(
    kept: Kept, starts: float
) -> None:
    await put_expert(kept)
    needed = an_interval(starts=23.5, hours=2)
    await _hold(kept, a_hold("near", interval=an_interval(starts=starts)))
    async with kept.transaction() as tx:
        await tx.sessions.add(a_session())
        with pytest.raises(TimeTaken) as refused:
            await tx.reserved.hold(a_hold(), needed=needed, now=NOW)
        with pytest.raises(TimeTaken):
            await tx.reserved.reserve(EXPERT, SESSION, an_interval(), needed=needed, now=NOW)
        assert refused.value.holds == ("near",)

        # Once that has expired, it is in nobody's way; and beside the time it need not be removed.
        assert await tx.reserved.hold(a_hold(), needed=needed, now=a_hold().expires_at) == ()
        assert (await tx.reserved.release(EXPERT, HoldId("near"))).hold_id == "near"
        assert (await tx.reserved.release(EXPERT, HOLD)).interval == a_hold().interval
        await tx.reserved.reserve(EXPERT, SESSION, an_interval(), needed=needed, now=NOW)
        await tx.reserved.hold(a_hold("beside", interval=an_interval(starts=starts)), now=NOW)


async def test_experts_do_not_stand_in_each_others_way(kept: Kept) -> None:
    await put_expert(kept, an_expert(), an_expert(OTHER))
    await _hold(kept)
    await _hold(kept, a_hold(expert_id=OTHER))
    await _book(kept, interval=an_interval(starts=25))
    await _book(kept, interval=an_interval(starts=25), expert_id=OTHER)


async def test_a_hold_is_renewed_or_moved_under_its_id(kept: Kept) -> None:
    await put_expert(kept)
    await _hold(kept)
    moved = a_hold(interval=an_interval(starts=24.5), expires_at=after(minutes=9))
    await _hold(kept, moved)
    async with kept.transaction() as tx:
        assert await _held(tx, EXPERT, HOLD) == moved
    await _hold(kept, a_hold("second", interval=an_interval(starts=23.5)))


async def test_the_time_of_a_session_is_told_while_it_has_one(kept: Kept) -> None:
    await put_expert(kept)
    await _book(kept, interval=an_interval(starts=24.5))
    async with kept.transaction() as tx:
        assert await tx.reserved.of_session(EXPERT, SESSION) == an_interval(starts=24.5)
        assert await tx.reserved.of_session(EXPERT, SessionId("unknown")) is None
        await tx.reserved.give_back(EXPERT, SESSION)
        assert await tx.reserved.of_session(EXPERT, SESSION) is None


async def test_a_session_takes_another_time_for_its_own(kept: Kept) -> None:
    await put_expert(kept)
    await _book(kept)
    await _book(kept, interval=an_interval(starts=24.5))
    await _hold(kept, a_hold(interval=an_interval(starts=23.5)))
    with pytest.raises(TimeTaken):
        await _hold(kept, a_hold("second", interval=an_interval(starts=25)))


async def test_a_hold_and_a_session_of_one_id_are_not_one(kept: Kept) -> None:
    await put_expert(kept)
    await _hold(kept, a_hold("same"))
    with pytest.raises(TimeTaken):
        await _book(kept, "same")
    await _book(kept, "same", an_interval(starts=30))
    with pytest.raises(TimeTaken):
        await _hold(kept, a_hold("same", interval=an_interval(starts=30)))
    async with kept.transaction() as tx:
        assert await _held(tx, EXPERT, HoldId("same")) == a_hold("same")


async def test_an_expired_hold_is_in_nobodys_way(kept: Kept) -> None:
    await put_expert(kept)
    await _hold(kept)
    with pytest.raises(TimeTaken):
        await _hold(kept, a_hold("second"), minutes=4.99)
    await _hold(kept, a_hold("second", expires_at=after(minutes=10)), minutes=5)
    async with kept.transaction() as tx:
        with pytest.raises(HoldNotFound):
            await _held(tx, EXPERT, HOLD)


async def test_an_expired_hold_can_be_looked_at_until_it_is_removed(kept: Kept) -> None:
    await put_expert(kept)
    await _hold(kept)
    await _hold(kept, a_hold("other", interval=an_interval(starts=30)), minutes=6)
    async with kept.transaction() as tx:
        assert await _held(tx, EXPERT, HOLD) == a_hold()
        assert await tx.reserved.release(EXPERT, HOLD) == a_hold()


async def test_released_time_is_free_again(kept: Kept) -> None:
    await put_expert(kept)
    await _hold(kept)
    async with kept.transaction() as tx:
        assert await tx.reserved.release(EXPERT, HOLD) == a_hold()
        with pytest.raises(HoldNotFound):
            await _held(tx, EXPERT, HOLD)
    await _hold(kept, a_hold("second"))


async def test_a_hold_becomes_a_session_in_one_transaction(kept: Kept) -> None:
    await put_expert(kept)
    await _hold(kept)
    async with kept.transaction() as tx:
        await tx.sessions.add(a_session())
        await tx.reserved.release(EXPERT, HOLD)
        await tx.reserved.reserve(EXPERT, SESSION, an_interval(), now=NOW)
    with pytest.raises(TimeTaken):
        await _hold(kept)


async def test_a_time_given_back_is_free_again(kept: Kept) -> None:
    await put_expert(kept)
    await _book(kept)
    async with kept.transaction() as tx:
        await tx.reserved.give_back(EXPERT, SESSION)
        await tx.reserved.give_back(EXPERT, SESSION)
        await tx.reserved.give_back(EXPERT, SessionId("unknown"))
    await _hold(kept)


async def test_only_expired_holds_are_removed(kept: Kept) -> None:
    await put_expert(kept)
    holds = [
        a_hold(
            f"hold-{number}",
            interval=an_interval(starts=number),
            expires_at=after(minutes=number) + timedelta(seconds=1),
        )
        for number in range(4)
    ]
    for hold in holds:
        await _hold(kept, hold)
    await _book(kept)
    async with kept.transaction() as tx:
        assert await tx.reserved.remove_expired(after(minutes=1, seconds=1), 10) == tuple(holds[:2])
        assert await tx.reserved.remove_expired(after(minutes=1, seconds=1), 10) == ()
        with pytest.raises(HoldNotFound):
            await _held(tx, EXPERT, HoldId("hold-1"))
        await _held(tx, EXPERT, HoldId("hold-2"))
    with pytest.raises(TimeTaken):
        await _hold(kept)


async def test_expired_holds_are_removed_in_steps_the_longest_expired_first(kept: Kept) -> None:
    await put_expert(kept)
    holds = [
        a_hold(f"hold-{number}", interval=an_interval(starts=number), expires_at=after(minutes=5 - number))
        for number in range(4)
    ]
    for hold in holds:
        await _hold(kept, hold)
    async with kept.transaction() as tx:
        assert await tx.reserved.remove_expired(after(hours=1), 3) == (holds[3], holds[2], holds[1])
        assert await tx.reserved.remove_expired(after(hours=1), 3) == (holds[0],)


@pytest.mark.parametrize("by", [_hold_over, _book_over])
async def test_expired_holds_in_the_way_are_handed_back(
    kept: Kept, by: Callable[[Kept, Interval], Awaitable[tuple[Hold, ...]]]
) -> None:
    await put_expert(kept)
    early, late = (a_hold(name, interval=an_interval(starts=start)) for name, start in (("a", 24), ("b", 25)))
    for hold in (early, late, a_hold("elsewhere", interval=an_interval(starts=40))):
        assert await _hold(kept, hold) == ()
    assert await by(kept, an_interval(starts=24.5)) == (early, late)
    assert await by(kept, an_interval(starts=24.5)) == ()


async def test_a_hold_that_is_renewed_is_not_in_its_own_way(kept: Kept) -> None:
    await put_expert(kept)
    await _hold(kept)
    assert await _hold(kept, a_hold(expires_at=after(minutes=20)), minutes=10) == ()
    assert await _hold(kept, a_hold(expires_at=after(minutes=21)), minutes=10) == ()


async def test_of_ten_who_want_one_time_one_gets_it(kept: Kept) -> None:
    await put_expert(kept)
    wishes = [a_hold(f"hold-{n}", interval=an_interval(starts=24 + n / 20)) for n in range(5)]
    outcomes = await asyncio.gather(
        *(_hold(kept, wish) for wish in wishes),
        *(_book(kept, f"session-{n}", an_interval(starts=24.5 + n / 20)) for n in range(5)),
        return_exceptions=True,
    )
    assert [outcome for outcome in outcomes if outcome == ()] == [()]
    assert sum(isinstance(outcome, TimeTaken) for outcome in outcomes) == 9


async def test_sessions_that_swap_their_times_at_once_do_not_hang(kept: Kept) -> None:
    await put_expert(kept)
    early, late = an_interval(starts=1), an_interval(starts=2)
    await _book(kept, "a", early)
    await _book(kept, "b", late)
    outcomes = await asyncio.gather(_book(kept, "a", late), _book(kept, "b", early), return_exceptions=True)
    assert all(isinstance(outcome, TimeTaken) for outcome in outcomes)


async def test_reserved_times_go_with_the_expert(kept: Kept) -> None:
    await put_expert(kept)
    await _hold(kept)
    await _book(kept, interval=an_interval(starts=30))
    async with kept.transaction() as tx:
        await tx.experts.remove(EXPERT)
    await put_expert(kept)
    async with kept.transaction() as tx:
        with pytest.raises(HoldNotFound):
            await _held(tx, EXPERT, HOLD)
    await _hold(kept, a_hold("second", interval=an_interval(starts=20, hours=20)))


async def test_pages_of_holds_follow_their_ends_without_gap_or_repeat(kept: Kept) -> None:
    await put_expert(kept, an_expert(), an_expert(OTHER))
    order = [("z", EXPERT, 1), ("b", EXPERT, 2), ("A", OTHER, 2), ("a", OTHER, 2), ("c", EXPERT, 3)]
    for number, (name, whose, minutes) in enumerate(reversed(order)):
        times = an_interval(starts=number)
        await _hold(kept, a_hold(name, expert_id=whose, interval=times, expires_at=after(minutes=minutes)))
    await _book(kept, interval=an_interval(starts=30))

    assert [one.hold_id for one in await _listed(kept, None)] == [name for name, _, _ in order]
    assert [one.hold_id for one in await _listed(kept, OTHER)] == ["A", "a"]


async def test_holds_that_have_expired_are_not_listed(kept: Kept) -> None:
    await put_expert(kept)
    held = a_hold(expires_at=after(minutes=2))
    await _hold(kept, held)

    assert await _listed(kept, None, minutes=1) == await _listed(kept, EXPERT, minutes=1) == [held]
    assert await _listed(kept, None, minutes=2) == await _listed(kept, EXPERT, minutes=2) == []


async def _listed(kept: Kept, of: ExpertId | None, *, minutes: float = 0) -> list[Hold]:
    """Page by page of two, at `minutes` after NOW."""
    found: list[Hold] = []
    position: HoldPosition | None = None
    async with kept.transaction() as tx:
        while page := await tx.reserved.holds(of, after=position, now=after(minutes=minutes), limit=2):
            assert len(page) <= 2
            found += page
            position = HoldPosition(page[-1].expires_at, page[-1].expert_id, page[-1].hold_id)
    return found
