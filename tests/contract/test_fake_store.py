"""What the fake store adds for the tests that use it."""

import asyncio

import pytest

from application.ports.store import StoreUnavailable
from tests.builders import ACCOUNT, EXPERT, NOW, a_grant, an_account, an_expert
from tests.fakes.store import FakeStore


async def test_knows_whether_the_running_task_is_inside_a_transaction() -> None:
    store = FakeStore()
    seen: dict[str, bool] = {}
    entered, left = asyncio.Event(), asyncio.Event()

    async def look(name: str, until: asyncio.Event) -> None:
        await until.wait()
        seen[name] = store.in_transaction

    outsider = asyncio.create_task(look("outsider", entered))
    async with store.transaction():
        seen["holder"] = store.in_transaction
        helper = asyncio.create_task(look("helper", entered))
        straggler = asyncio.create_task(look("straggler", left))
        entered.set()
        await asyncio.wait([outsider, helper])
    left.set()
    await straggler
    assert not store.in_transaction
    assert seen == {"holder": True, "helper": True, "outsider": False, "straggler": False}


async def test_refuses_a_transaction_inside_another_one() -> None:
    store = FakeStore()
    async with store.transaction():
        with pytest.raises(AssertionError):
            async with store.transaction():
                pass
        with pytest.raises(AssertionError):
            await store.vault.load(ACCOUNT)


async def test_a_renewal_is_not_lost_to_a_transaction_that_runs_at_the_same_time() -> None:
    store = FakeStore()
    async with store.transaction() as tx:
        await tx.experts.put(an_expert())
        await tx.accounts.add(an_account(), a_grant())
    first = await store.vault.load(ACCOUNT)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(store.vault.save_renewed(ACCOUNT, a_grant(b"renewed"), over=first, now=NOW))
        async with store.transaction() as tx:
            await asyncio.sleep(0)
            await tx.experts.put(an_expert(email="new@experts.example"))
    assert (await store.vault.load(ACCOUNT)).grant == a_grant(b"renewed")


async def test_can_be_away() -> None:
    store = FakeStore()
    store.away = True
    with pytest.raises(StoreUnavailable):
        async with store.transaction():
            pass
    store.away = False
    async with store.transaction() as tx:
        await tx.experts.put(an_expert())
        assert await tx.experts.get(EXPERT) == an_expert()
