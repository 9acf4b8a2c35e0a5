"""What every repository of accounts keeps to."""

import asyncio
from dataclasses import replace

import pytest

from domain.access import LossCause
from domain.account import AccountKind, AccountNotFound, AccountStatus, Identity, Provider
from domain.doubt import Doubt
from domain.expert import ExpertNotFound
from domain.ids import AccountId, ExpertId
from tests.builders import (
    ACCOUNT,
    EXPERT,
    NOW,
    a_calendar,
    a_grant,
    a_session,
    after,
    an_account,
    an_event_copy,
    an_expert,
    an_identity,
    an_incident,
)
from tests.support.stores import Kept, claim_incidents, put_expert


async def test_an_account_comes_back_by_value(kept: Kept) -> None:
    await put_expert(kept)
    account = an_account(
        identity=an_identity("Oid-ß", tenant_id="9188040d", provider=Provider.GOOGLE),
        kind=AccountKind.PERSONAL,
        status=AccountStatus.RECONNECT_REQUIRED,
        display_name="Ünal 'Ö'",
        connected_at=NOW.replace(microsecond=123456),
        grant_version=7,
        unserved_since=NOW.replace(microsecond=7),
        doubt=Doubt(grant_version=6, refusals=2, last_at=NOW.replace(microsecond=8)),
    )
    async with kept.transaction() as tx:
        await tx.accounts.add(account, a_grant())
    async with kept.transaction() as tx:
        assert await tx.accounts.get(ACCOUNT) == account
        assert await tx.accounts.lock(ACCOUNT) == account
        assert await tx.accounts.of_expert(EXPERT) == (account,)


async def test_accounts_come_oldest_first(kept: Kept) -> None:
    await put_expert(kept)
    async with kept.transaction() as tx:
        for name, connected_at in (("c", NOW), ("b", after(hours=1)), ("a", NOW), ("d", after(hours=-1))):
            await tx.accounts.add(an_account(name, connected_at=connected_at), a_grant())
        assert [one.account_id for one in await tx.accounts.of_expert(EXPERT)] == ["d", "a", "c", "b"]


async def test_an_unknown_expert_has_no_accounts(kept: Kept) -> None:
    async with kept.transaction() as tx:
        assert await tx.accounts.of_expert(EXPERT) == ()


async def test_an_account_needs_its_expert(kept: Kept) -> None:
    with pytest.raises(ExpertNotFound):
        async with kept.transaction() as tx:
            await tx.accounts.add(an_account(), a_grant())


async def test_an_unknown_account_is_not_found(kept: Kept) -> None:
    async with kept.transaction() as tx:
        with pytest.raises(AccountNotFound):
            await tx.accounts.get(ACCOUNT)
        with pytest.raises(AccountNotFound):
            await tx.accounts.lock(ACCOUNT)
        with pytest.raises(AccountNotFound):
            await tx.accounts.save(an_account(), a_grant())
        with pytest.raises(AccountNotFound):
            await tx.accounts.remove(ACCOUNT)


async def test_an_account_of_another_expert_is_not_found(kept: Kept) -> None:
    await put_expert(kept, an_expert(), an_expert("other"))
    async with kept.transaction() as tx:
        await tx.accounts.add(an_account(), a_grant())
        assert await tx.accounts.get(ACCOUNT, of=EXPERT) == an_account()
        with pytest.raises(AccountNotFound):
            await tx.accounts.get(ACCOUNT, of=ExpertId("other"))


async def test_two_experts_may_connect_the_same_person(kept: Kept) -> None:
    await put_expert(kept, an_expert(), an_expert("other"))
    async with kept.transaction() as tx:
        await tx.accounts.add(an_account("mine", identity=an_identity()), a_grant())
        await tx.accounts.add(an_account("theirs", expert_id="other", identity=an_identity()), a_grant())
    async with kept.transaction() as tx:
        mine = await tx.accounts.get(AccountId("mine"))
        theirs = await tx.accounts.get(AccountId("theirs"))
        assert (mine.identity, mine.expert_id) == (theirs.identity, EXPERT)


async def test_saving_replaces_the_account_and_leaves_its_grant(kept: Kept) -> None:
    await put_expert(kept)
    async with kept.transaction() as tx:
        await tx.accounts.add(an_account(), a_grant(b"first"))
    async with kept.transaction() as tx:
        await tx.accounts.save(an_account().lost(LossCause.ORGANISATION_DISALLOWS))
    async with kept.transaction() as tx:
        assert await tx.accounts.get(ACCOUNT) == an_account(
            status=AccountStatus.RECONNECT_REQUIRED, loss_cause=LossCause.ORGANISATION_DISALLOWS
        )
    assert (await kept.vault.load(ACCOUNT)).grant == a_grant(b"first")


async def test_a_new_sign_in_replaces_the_grant(kept: Kept) -> None:
    await put_expert(kept)
    async with kept.transaction() as tx:
        await tx.accounts.add(an_account(), a_grant(b"first"))
    await kept.vault.save_renewed(ACCOUNT, a_grant(b"renewed"), over=await kept.vault.load(ACCOUNT), now=NOW)
    again = an_account().reconnected(email="new@contoso.example", display_name="New")
    async with kept.transaction() as tx:
        await tx.accounts.save(again, a_grant(b"second"))
    stored = await kept.vault.load(ACCOUNT)
    assert (stored.grant, stored.grant_version, stored.rotation) == (a_grant(b"second"), 2, 0)


async def test_removing_takes_grant_calendars_and_incidents_along(kept: Kept) -> None:
    await put_expert(kept)
    async with kept.transaction() as tx:
        for name in ("account-1", "account-2"):
            await tx.accounts.add(an_account(name), a_grant())
            await tx.calendars.save([a_calendar(f"calendar-of-{name}", account_id=name)])
            await tx.incidents.add(an_incident(f"incident-of-{name}", account_id=name))
            await tx.jobs.refresh_calendars(an_account(name).account_id)
        await tx.sessions.add(a_session(copy=an_event_copy()))
    async with kept.transaction() as tx:
        await tx.accounts.remove(ACCOUNT)
    async with kept.transaction() as tx:
        assert [one.account_id for one in await tx.accounts.of_expert(EXPERT)] == ["account-2"]
        assert [one.calendar_id for one in await tx.calendars.of_expert(EXPERT)] == ["calendar-of-account-2"]
        assert await claim_incidents(tx) == ["incident-of-account-2"]
        assert await tx.sessions.get(EXPERT, a_session().session_id) == a_session(copy=an_event_copy())
    with pytest.raises(AccountNotFound):
        await kept.vault.load(ACCOUNT)
    assert [one.id for one in await kept.wishes()] == ["account-2"]


async def test_finds_one_working_account_in_each_of_a_few_other_organisations(kept: Kept) -> None:
    await put_expert(kept)
    tenants = {
        "a1": "tenant-a",
        "b1": "tenant-b",
        "b2": "tenant-b",
        "c1": "tenant-c",
        "d1": "tenant-d",
        "e1": "tenant-e",
    }
    async with kept.transaction() as tx:
        for name, tenant in tenants.items():
            identity = an_identity(name, tenant_id=tenant)
            await tx.accounts.add(an_account(name, identity=identity), a_grant())
        await tx.accounts.save(an_account("d1", identity=an_identity("d1", tenant_id="tenant-d")).lost())
        google = an_identity("g1", tenant_id="tenant-g", provider=Provider.GOOGLE)
        await tx.accounts.add(an_account("g1", identity=google), a_grant())

    async def found(tenant: str, limit: int = 10) -> list[str]:
        async with kept.transaction() as tx:
            accounts = await tx.accounts.working_elsewhere(an_identity(tenant_id=tenant), limit=limit)
        return sorted(tenants[one] for one in accounts)

    assert await found("tenant-c") == ["tenant-a", "tenant-b", "tenant-e"]
    assert await found("tenant-b") == ["tenant-a", "tenant-c", "tenant-e"]
    assert await found("nobody-here") == ["tenant-a", "tenant-b", "tenant-c", "tenant-e"]
    assert len(await found("tenant-c", limit=2)) == 2
    assert await found("tenant-c", limit=0) == []


async def test_accounts_of_other_people_are_found_one_of_each(kept: Kept) -> None:
    """Of one tenant, too, and two experts may have the same account."""
    people = {
        "a": an_identity("1", tenant_id="icloud", provider=Provider.APPLE),
        "b": an_identity("2", tenant_id="icloud", provider=Provider.APPLE),
        "c": an_identity("3", tenant_id="icloud", provider=Provider.APPLE),
        "d": an_identity("1", tenant_id="icloud-elsewhere", provider=Provider.APPLE),
        "lost": an_identity("21", tenant_id="icloud", provider=Provider.APPLE),
        "google": an_identity("22", tenant_id="icloud", provider=Provider.GOOGLE),
    }
    await put_expert(kept, an_expert(), an_expert("other"))
    async with kept.transaction() as tx:
        for name, identity in people.items():
            state = AccountStatus.RECONNECT_REQUIRED if name == "lost" else AccountStatus.ACTIVE
            await tx.accounts.add(an_account(name, identity=identity, status=state), a_grant())
        await tx.accounts.add(an_account("b-again", expert_id="other", identity=people["b"]), a_grant())

    async def found(name: str, limit: int = 10) -> list[str]:
        async with kept.transaction() as tx:
            others = await tx.accounts.others_working(people[name], limit=limit)
        return sorted(one.removesuffix("-again") for one in others)

    assert await found("a") == ["b", "c", "d"]
    assert await found("b") == ["a", "c", "d"]
    assert await found("d") == ["a", "b", "c"]
    assert await found("lost") == ["a", "b", "c", "d"]
    assert await found("google") == []
    assert len(await found("b", limit=2)) == 2
    assert await found("b", limit=0) == []


async def test_a_doubt_is_replaced_and_ended(kept: Kept) -> None:
    await put_expert(kept)
    first, second = (
        Doubt(grant_version=1, refusals=number, last_at=after(hours=number)) for number in (1, 2)
    )
    async with kept.transaction() as tx:
        await tx.accounts.add(an_account(), a_grant())
        await tx.accounts.save(an_account(doubt=first))
        await tx.accounts.save(an_account(doubt=second))
    async with kept.transaction() as tx:
        assert (await tx.accounts.get(ACCOUNT)).doubt == second
        await tx.accounts.trust(ACCOUNT)
        await tx.accounts.trust(AccountId("unknown"))
    async with kept.transaction() as tx:
        await tx.accounts.trust(ACCOUNT)
        assert await tx.accounts.get(ACCOUNT) == an_account()


async def test_the_grant_of_an_account_is_read_as_it_was_stored_last(kept: Kept) -> None:
    await put_expert(kept)
    async with kept.transaction() as tx:
        await tx.accounts.add(an_account(), a_grant(b"first"))
        assert await tx.accounts.grant(ACCOUNT) == a_grant(b"first")
        await tx.accounts.save(an_account(grant_version=2), a_grant(b"second"))
    async with kept.transaction() as tx:
        assert await tx.accounts.grant(ACCOUNT) == a_grant(b"second")
        with pytest.raises(AccountNotFound):
            await tx.accounts.grant(AccountId("unknown"))


@pytest.mark.parametrize("status", AccountStatus)
async def test_whether_anybody_has_an_identity_is_known(kept: Kept, status: AccountStatus) -> None:
    identity = an_identity("theirs", tenant_id="", provider=Provider.GOOGLE)
    await put_expert(kept, an_expert(), an_expert("other"))
    async with kept.transaction() as tx:
        await tx.accounts.add(an_account(), a_grant())
        await tx.accounts.add(
            an_account("theirs", expert_id="other", identity=identity, status=status), a_grant()
        )
    async with kept.transaction() as tx:
        assert await tx.accounts.is_connected(identity)
        for other in (
            replace(identity, object_id="another"),
            replace(identity, tenant_id="another"),
            replace(identity, provider=Provider.MICROSOFT),
        ):
            assert not await tx.accounts.is_connected(other)
        await tx.accounts.remove(AccountId("theirs"))
        assert not await tx.accounts.is_connected(identity)


async def test_whoever_locks_second_sees_what_the_first_wrote(kept: Kept) -> None:
    await put_expert(kept)
    async with kept.transaction() as tx:
        await tx.accounts.add(an_account(), a_grant())

    async def sign_in_again() -> None:
        async with kept.transaction() as tx:
            account = await tx.accounts.lock(ACCOUNT)
            await tx.accounts.save(replace(account, grant_version=account.grant_version + 1), a_grant())

    await asyncio.gather(*(sign_in_again() for _ in range(5)))
    async with kept.transaction() as tx:
        assert (await tx.accounts.get(ACCOUNT)).grant_version == 6


async def test_whose_a_removed_account_was_is_told_once(kept: Kept) -> None:
    """To the same expert, for the same identity."""
    await put_expert(kept, an_expert(), an_expert("other"))
    identity, another = an_identity(), an_identity("object-2")
    removed = [
        an_account("first", identity=identity),
        an_account("second", identity=identity),
        an_account("another", identity=another),
        an_account("theirs", expert_id="other", identity=identity),
    ]
    async with kept.transaction() as tx:
        for account in removed:
            await tx.accounts.add(account, a_grant())
            await tx.accounts.remove(account.account_id)
    async with kept.transaction() as tx:
        now = an_account("now", identity=identity)
        await tx.accounts.add(now, a_grant())
        assert await tx.accounts.take_former(now) == {"first", "second"}
        assert await tx.accounts.take_former(now) == frozenset()
        theirs = an_account("theirs-now", expert_id="other", identity=identity)
        assert await tx.accounts.take_former(theirs) == {"theirs"}


@pytest.mark.parametrize(
    "other",
    [
        an_identity("Object-1"),
        an_identity(tenant_id="tenant-2"),
        an_identity(provider=Provider.GOOGLE),
    ],
)
async def test_an_identity_that_differs_in_one_thing_is_another(kept: Kept, other: Identity) -> None:
    await put_expert(kept)
    async with kept.transaction() as tx:
        await tx.accounts.add(an_account("first", identity=an_identity()), a_grant())
        await tx.accounts.remove(AccountId("first"))
        assert await tx.accounts.take_former(an_account("now", identity=other)) == frozenset()


async def test_an_erased_experts_former_accounts_are_forgotten(kept: Kept) -> None:
    await put_expert(kept)
    account = an_account("first", identity=an_identity())
    async with kept.transaction() as tx:
        await tx.accounts.add(account, a_grant())
        await tx.accounts.remove(account.account_id)
        await tx.experts.remove(EXPERT)
    await put_expert(kept)
    async with kept.transaction() as tx:
        assert await tx.accounts.take_former(account) == frozenset()
