"""The limit of connected accounts: early, binding, never in the way of a reconnect, and kind to downgrades."""

import asyncio
from dataclasses import replace

import pytest

from domain.account import Provider
from domain.expert import AccountLimitReached, Plan
from tests.builders import EXPERT, a_grant, an_account, an_identity
from tests.support.application import Application


async def fill(app: Application, *, up_to: int) -> None:
    for number in range(up_to):
        await app.connect(app.provider.add_person(f"person-{number}"))


@pytest.mark.parametrize(("plan", "limit"), [(Plan.FREE, 2), (Plan.GROWTH, 2), (Plan.PRO, 4)])
async def test_every_plan_connects_as_many_as_it_holds(app: Application, plan: Plan, limit: int) -> None:
    await app.add_expert(plan=plan)
    await fill(app, up_to=limit)

    listed = await app.list_accounts(EXPERT)
    assert (listed.use.connected, listed.use.limit, listed.use.over_limit) == (limit, limit, False)
    with pytest.raises(AccountLimitReached):
        await app.start()


async def test_the_limit_binds_when_the_sign_in_finishes(app: Application) -> None:
    await app.add_expert(plan=Plan.FREE)
    states = [await app.start() for _ in range(3)]
    people = [app.provider.add_person(f"person-{number}") for number in range(3)]

    outcomes = [await app.finish(state, person) for state, person in zip(states, people, strict=True)]

    assert [outcome.failure is None for outcome in outcomes] == [True, True, False]
    assert isinstance(outcomes[2].failure, AccountLimitReached)
    assert len(app.store.tables.accounts) == len(app.store.tables.grants) == 2


async def test_two_sign_ins_at_once_cannot_both_get_the_last_place(app: Application) -> None:
    await app.add_expert(plan=Plan.FREE)
    await fill(app, up_to=1)
    one, other = app.provider.add_person("one"), app.provider.add_person("other")
    states = [await app.start(), await app.start()]
    looks = [app.provider.hold("first_look"), app.provider.hold("first_look")]

    both = asyncio.gather(app.finish(states[0], one), app.finish(states[1], other))
    for look in looks:
        await look.reached.wait()
    for look in looks:
        look.release()
    outcomes = await both

    refused = [outcome for outcome in outcomes if outcome.account is None]
    assert len(refused) == 1
    assert isinstance(refused[0].failure, AccountLimitReached)
    assert len((await app.list_accounts(EXPERT)).accounts) == 2


async def test_the_same_person_twice_at_once_takes_one_place(app: Application) -> None:
    person = app.provider.add_person("one")
    states = [await app.start(), await app.start()]

    outcomes = await asyncio.gather(*(app.finish(state, person) for state in states))

    assert {outcome.reconnected for outcome in outcomes} == {False, True}
    assert len((await app.list_accounts(EXPERT)).accounts) == 1


async def test_a_reconnect_at_the_limit_is_no_new_account(app: Application) -> None:
    await app.add_expert(plan=Plan.FREE)
    person = app.provider.add_person("one")
    account = await app.connect(person)
    await app.connect(app.provider.add_person("two"))

    again = await app.connect(person, reconnects=account.account_id)

    assert again.account_id == account.account_id
    assert len((await app.list_accounts(EXPERT)).accounts) == 2


async def test_signing_in_with_a_known_account_at_the_limit_reconnects_it(app: Application) -> None:
    await app.add_expert(plan=Plan.FREE)
    state = await app.start()
    person = app.provider.add_person("one")
    account = await app.connect(person)
    await app.connect(app.provider.add_person("two"))

    outcome = await app.finish(state, person)

    assert outcome.reconnected
    assert outcome.account is not None
    assert outcome.account.account_id == account.account_id


async def test_accounts_of_all_providers_count(app: Application) -> None:
    await app.add_expert(plan=Plan.FREE)
    async with app.store.transaction() as tx:
        for number, provider in enumerate((Provider.GOOGLE, Provider.APPLE)):
            identity = an_identity(f"object-{number}", provider=provider)
            await tx.accounts.add(an_account(f"other-{number}", identity=identity), a_grant())

    with pytest.raises(AccountLimitReached):
        await app.start()


async def test_a_downgrade_keeps_the_accounts_and_admits_no_new_one(app: Application) -> None:
    await fill(app, up_to=3)
    expert = await app.get_expert(EXPERT)
    async with app.store.transaction() as tx:
        await tx.experts.put(replace(expert, plan=Plan.FREE))

    listed = await app.list_accounts(EXPERT)
    assert [account.active for account in listed.accounts] == [True] * 3
    assert listed.use.over_limit
    with pytest.raises(AccountLimitReached):
        await app.start()

    for account in listed.accounts[:2]:
        await app.disconnect_account(EXPERT, account.account_id)
    await app.start()
