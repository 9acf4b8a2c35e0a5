"""What every repository of experts keeps to."""

import asyncio

import pytest

from application.ports.store import Transaction
from domain.expert import ExpertNotFound, Plan
from domain.ids import ExpertId
from tests.builders import EXPERT, a_grant, an_account, an_expert
from tests.support.stores import Kept, put_expert


async def test_an_expert_comes_back_by_value(kept: Kept) -> None:
    expert = an_expert(
        plan=Plan.GROWTH, display_name="Zoë 🦊 O'Brien\n", time_zone="Pacific/Chatham", locale="sl-rozaj"
    )
    await put_expert(kept, expert)
    async with kept.transaction() as tx:
        assert await tx.experts.get(EXPERT) == expert
        assert await tx.experts.lock(EXPERT) == expert


async def test_putting_again_replaces(kept: Kept) -> None:
    await put_expert(kept, an_expert(plan=Plan.FREE))
    changed = an_expert(
        plan=Plan.PRO, email="new@experts.example", display_name="", time_zone="UTC", locale=""
    )
    await put_expert(kept, changed)
    async with kept.transaction() as tx:
        assert await tx.experts.get(EXPERT) == changed


async def test_pages_follow_ids_by_byte_without_gap_or_repeat(kept: Kept) -> None:
    order = ["B", "Zoe", "a", "a-1", "b", "~"]
    await put_expert(kept, *(an_expert(one) for one in reversed(order)))
    seen: list[str] = []
    async with kept.transaction() as tx:
        while page := await tx.experts.page(after=ExpertId(seen[-1]) if seen else None, limit=4):
            assert len(page) <= 4
            seen += [one.expert_id for one in page]
    assert seen == order


async def test_ids_differ_by_case(kept: Kept) -> None:
    await put_expert(kept, an_expert("Maria"), an_expert("maria", plan=Plan.FREE))
    async with kept.transaction() as tx:
        assert (await tx.experts.get(ExpertId("Maria"))).plan is Plan.PRO
        assert (await tx.experts.get(ExpertId("maria"))).plan is Plan.FREE


async def test_an_unknown_expert_is_not_found(kept: Kept) -> None:
    async with kept.transaction() as tx:
        with pytest.raises(ExpertNotFound):
            await tx.experts.get(EXPERT)
        with pytest.raises(ExpertNotFound):
            await tx.experts.lock(EXPERT)
        with pytest.raises(ExpertNotFound):
            await tx.experts.remove(EXPERT)


async def test_a_removed_expert_is_gone_and_others_stay(kept: Kept) -> None:
    await put_expert(kept, an_expert(), an_expert("other"))
    async with kept.transaction() as tx:
        await tx.experts.remove(EXPERT)
    async with kept.transaction() as tx:
        with pytest.raises(ExpertNotFound):
            await tx.experts.get(EXPERT)
        assert await tx.experts.get(ExpertId("other")) == an_expert("other")


async def test_a_lock_makes_of_many_at_once_one_after_the_other(kept: Kept) -> None:
    """The account limit stands on this: look, decide, add, and nobody in between."""
    await put_expert(kept)

    async def add_unless_full(number: int) -> bool:
        async with kept.transaction() as tx:
            await tx.experts.lock(EXPERT)
            if await _full(tx):
                return False
            await tx.accounts.add(an_account(f"account-{number}"), a_grant())
            return True

    added = await asyncio.gather(*(add_unless_full(number) for number in range(6)))
    assert sorted(added) == [False] * 4 + [True] * 2


async def _full(tx: Transaction) -> bool:
    return len(await tx.accounts.of_expert(EXPERT)) >= 2
