"""What every repository of calendars and settings keeps to."""

import asyncio
from dataclasses import replace

import pytest

from application.ports.lanes import Claimed, Room
from domain.account import AccountNotFound, AccountStatus
from domain.calendar import Uncheckable
from domain.calendar_settings import CalendarSettings
from domain.doubt import Doubt
from domain.errors import EtagMismatch
from domain.expert import ExpertNotFound
from domain.ids import AccountId, CalendarId
from tests.builders import (
    ACCOUNT,
    EXPERT,
    NOW,
    a_calendar,
    a_grant,
    a_remote_calendar,
    after,
    an_account,
    an_expert,
    some_settings,
)
from tests.support.claims import due_lists
from tests.support.stores import Kept, put_expert


async def _connected(kept: Kept) -> None:
    """Two accounts, the second one older, and one of another expert."""
    await put_expert(kept, an_expert(), an_expert("other"))
    async with kept.transaction() as tx:
        await tx.accounts.add(an_account(), a_grant())
        await tx.accounts.add(an_account("older", connected_at=after(days=-1)), a_grant())
        await tx.accounts.add(an_account("theirs", expert_id="other"), a_grant())


async def test_a_calendar_comes_back_by_value(kept: Kept) -> None:
    await _connected(kept)
    calendar = a_calendar(
        remote=a_remote_calendar(
            "AAMkAGI2=/+",
            name="Żółw \ud83d\x00",
            owner_name="",
            owner_email="Owner@Contoso.example",
            color="",
            primary=True,
            writable=False,
            shared=True,
        ),
        missing=True,
        refused_at=NOW.replace(microsecond=5),
        demands=("Calendars.ReadWrite.Shared", "Ünlikely {}"),
    )
    async with kept.transaction() as tx:
        await tx.calendars.save([calendar])
    async with kept.transaction() as tx:
        assert await tx.calendars.of_account(ACCOUNT) == (calendar,)
        assert await tx.calendars.of_expert(EXPERT) == (calendar,)


async def test_why_a_calendar_can_not_be_checked_comes_back(kept: Kept) -> None:
    await _connected(kept)
    feed = a_calendar(remote=a_remote_calendar(uncheckable=Uncheckable.SUBSCRIBED))
    checkable = replace(feed, remote=replace(feed.remote, uncheckable=None))
    for calendar in (feed, checkable, feed, replace(checkable, missing=True)):
        async with kept.transaction() as tx:
            await tx.calendars.save([calendar])
        async with kept.transaction() as tx:
            assert await tx.calendars.of_account(ACCOUNT) == (calendar,)
            known = await tx.calendars.known_of(calendar.calendar_id)
            assert known.writable is calendar.readable


async def test_what_can_not_be_checked_any_more_is_not_looked_at(kept: Kept) -> None:
    await _connected(kept)
    calendar = a_calendar()
    async with kept.transaction() as tx:
        await tx.calendars.save([calendar])
        await tx.calendars.save_settings(some_settings(conflict=[calendar.calendar_id]))
    feed = replace(calendar, remote=replace(calendar.remote, uncheckable=Uncheckable.SUBSCRIBED))
    async with kept.transaction() as tx:
        await tx.calendars.save([feed])
    async with kept.transaction() as tx:
        assert await tx.readings.task(calendar.calendar_id) is None


async def test_calendars_come_by_account_then_primary_first_then_by_id(kept: Kept) -> None:
    await _connected(kept)
    async with kept.transaction() as tx:
        await tx.calendars.save(
            [
                a_calendar("b"),
                a_calendar("a", missing=True),
                a_calendar("B"),
                a_calendar("z", primary=True),
                a_calendar("y", account_id="older"),
                a_calendar("x", account_id="theirs"),
            ]
        )
    async with kept.transaction() as tx:
        assert [one.calendar_id for one in await tx.calendars.of_expert(EXPERT)] == ["y", "z", "B", "a", "b"]
        assert [one.calendar_id for one in await tx.calendars.of_account(ACCOUNT)] == ["z", "B", "a", "b"]
        assert await tx.calendars.of_account(AccountId("nobody's")) == ()


async def test_saving_replaces_by_calendar_id_and_drops_nothing(kept: Kept) -> None:
    await _connected(kept)
    moved = a_calendar(remote=a_remote_calendar("new-remote-id", name="Renamed"), missing=True)
    async with kept.transaction() as tx:
        await tx.calendars.save([a_calendar(), a_calendar("calendar-2")])
        await tx.calendars.save([moved])
        await tx.calendars.save([])
        assert await tx.calendars.of_account(ACCOUNT) == (moved, a_calendar("calendar-2"))


@pytest.mark.parametrize("doubt", [None, Doubt(grant_version=1, refusals=1, last_at=NOW)], ids=bool)
async def test_what_is_good_to_know_before_a_look_is_known(kept: Kept, doubt: Doubt | None) -> None:
    await _connected(kept)
    async with kept.transaction() as tx:
        await tx.accounts.save(an_account(doubt=doubt))
        await tx.calendars.save(
            [
                a_calendar("writable", refused_at=NOW),
                a_calendar("read-only", remote=a_remote_calendar("remote-2", writable=False)),
                a_calendar("missing", missing=True),
            ]
        )
    async with kept.transaction() as tx:
        asked = ("writable", "read-only", "missing", "unknown")
        answers = [await tx.calendars.known_of(CalendarId(one)) for one in asked]
    assert [one.writable for one in answers] == [True, False, False, False]
    assert [one.access_doubted for one in answers] == [*[doubt is not None] * 3, False]


async def test_calendars_may_swap_their_remote_ids(kept: Kept) -> None:
    await _connected(kept)
    one, two = a_remote_calendar("remote-1"), a_remote_calendar("remote-2")
    async with kept.transaction() as tx:
        await tx.calendars.save([a_calendar("a", remote=one), a_calendar("b", remote=two)])
    async with kept.transaction() as tx:
        await tx.calendars.save([a_calendar("a", remote=two), a_calendar("b", remote=one)])
    async with kept.transaction() as tx:
        assert [calendar.remote for calendar in await tx.calendars.of_account(ACCOUNT)] == [two, one]


async def test_a_calendar_needs_its_account(kept: Kept) -> None:
    await put_expert(kept)
    with pytest.raises(AccountNotFound):
        async with kept.transaction() as tx:
            await tx.calendars.save([a_calendar()])


async def test_one_of_many_tries_a_calendar_that_refused(kept: Kept) -> None:
    await _connected(kept)
    refusing = a_calendar(refused_at=NOW)
    async with kept.transaction() as tx:
        await tx.calendars.save([refusing])

    async def try_it() -> bool:
        async with kept.transaction() as tx:
            return await tx.calendars.take_trial(refusing, after(hours=1))

    assert sorted(await asyncio.gather(*(try_it() for _ in range(4)))) == [False] * 3 + [True]
    async with kept.transaction() as tx:
        assert await tx.calendars.of_account(ACCOUNT) == (replace(refusing, refused_at=after(hours=1)),)
        assert not await tx.calendars.take_trial(a_calendar("unknown", refused_at=NOW), after(hours=2))


async def test_nothing_is_chosen_at_first(kept: Kept) -> None:
    async with kept.transaction() as tx:
        assert await tx.calendars.settings(EXPERT) == CalendarSettings(expert_id=EXPERT)


@pytest.mark.parametrize(
    "settings",
    [
        some_settings(),
        some_settings(conflict=("b", "a", "A"), chosen="a calendar that is gone"),
        some_settings(tentative_blocks=True),
    ],
    ids=["nothing chosen", "chosen", "tentative"],
)
async def test_settings_come_back_by_value_as_the_next_version(
    kept: Kept, settings: CalendarSettings
) -> None:
    await _connected(kept)
    async with kept.transaction() as tx:
        first = await tx.calendars.save_settings(settings)
        assert first == replace(settings, version=1)
    async with kept.transaction() as tx:
        assert await tx.calendars.settings(EXPERT) == first
        second = await tx.calendars.save_settings(
            some_settings(conflict=("c",), tentative_blocks=True, version=1)
        )
        assert second == some_settings(conflict=("c",), tentative_blocks=True, version=2)
        assert await tx.calendars.settings(EXPERT) == second


@pytest.mark.parametrize("version", [0, 1, 3])
async def test_refuses_settings_that_were_changed_meanwhile(kept: Kept, version: int) -> None:
    await _connected(kept)
    async with kept.transaction() as tx:
        stored = await tx.calendars.save_settings(await tx.calendars.save_settings(some_settings(chosen="a")))
    async with kept.transaction() as tx:
        with pytest.raises(EtagMismatch):
            await tx.calendars.save_settings(some_settings(chosen="b", version=version))
        assert await tx.calendars.settings(EXPERT) == stored


@pytest.mark.parametrize("version", [0, 1])
async def test_of_many_who_choose_at_once_one_wins(kept: Kept, version: int) -> None:
    await _connected(kept)
    async with kept.transaction() as tx:
        for known in range(version):
            await tx.calendars.save_settings(some_settings(version=known))

    async def choose(calendar_id: str) -> CalendarSettings:
        async with kept.transaction() as tx:
            return await tx.calendars.save_settings(some_settings(chosen=calendar_id, version=version))

    outcomes = await asyncio.gather(*(choose(name) for name in "abcde"), return_exceptions=True)
    assert sum(isinstance(outcome, EtagMismatch) for outcome in outcomes) == 4
    async with kept.transaction() as tx:
        assert (await tx.calendars.settings(EXPERT)) in outcomes


async def test_settings_need_their_expert(kept: Kept) -> None:
    with pytest.raises(ExpertNotFound):
        async with kept.transaction() as tx:
            await tx.calendars.save_settings(some_settings())


async def test_the_list_of_a_new_account_is_due_at_once(kept: Kept) -> None:
    await _connected(kept)
    assert await due_lists(kept, after(days=-10_000)) == (ACCOUNT, "older", "theirs")


async def _listed(kept: Kept, account_id: str, *, due: float, begun: float = 0, now: float = 0) -> None:
    """In hours after NOW."""
    async with kept.transaction() as tx:
        await tx.calendars.listed(
            AccountId(account_id), due_at=after(hours=due), begun_at=after(hours=begun), now=after(hours=now)
        )


async def test_a_list_is_due_again_when_its_time_comes(kept: Kept) -> None:
    await _connected(kept)
    for account_id, due in ((ACCOUNT, 3), ("older", 2), ("theirs", 4), ("unknown", 1)):
        await _listed(kept, account_id, due=due)
    assert await due_lists(kept, after(hours=1)) == ()
    assert await due_lists(kept, after(hours=3)) == ("older", ACCOUNT)
    async with kept.transaction() as tx:
        room = Room(places=2, again=2)
        found = await tx.calendars.claim_lists(room, now=after(hours=5), until=after(hours=6))
    assert found == tuple(Claimed(row=AccountId(one), keys=(one,), again=True) for one in ("older", ACCOUNT))
    assert await due_lists(kept, after(hours=5)) == ("theirs",)
    assert await due_lists(kept, after(hours=6)) == ("theirs", ACCOUNT, "older")


async def test_a_list_that_somebody_wishes_for_is_due(kept: Kept) -> None:
    await _connected(kept)
    for account_id in (ACCOUNT, "older", "theirs"):
        await _listed(kept, account_id, due=6)
    async with kept.transaction() as tx:
        for _ in range(2):
            await tx.jobs.refresh_calendars(ACCOUNT)
        await tx.jobs.refresh_calendars(AccountId("unknown"))
    assert await due_lists(kept, NOW) == (ACCOUNT,)
    async with kept.transaction() as tx:
        room = Room(places=9, again=9)
        assert len(await tx.calendars.claim_lists(room, now=NOW, until=after(hours=1))) == 1
    assert await kept.wishes() == ()
    assert await due_lists(kept, NOW) == ()


async def test_a_wish_while_a_list_is_read_has_it_read_again(kept: Kept) -> None:
    await _connected(kept)
    for account_id in ("older", "theirs"):
        await _listed(kept, account_id, due=9)
    room = Room(places=9, again=9)
    async with kept.transaction() as tx:
        assert await tx.calendars.claim_lists(room, now=NOW, until=after(hours=1))
    async with kept.transaction() as tx:
        await tx.jobs.refresh_calendars(ACCOUNT)
    async with kept.transaction() as tx:
        held = Room(places=9, again=9, held={ACCOUNT: 1})
        assert await tx.calendars.claim_lists(held, now=after(hours=0.1), until=after(hours=1)) == ()
    await _listed(kept, ACCOUNT, due=6, begun=0, now=0.2)
    assert await due_lists(kept, after(hours=0.2)) == (ACCOUNT,)
    await _listed(kept, ACCOUNT, due=6, begun=0.2, now=0.3)
    assert await due_lists(kept, after(hours=5)) == ()


async def test_the_list_of_an_account_without_access_is_not_due(kept: Kept) -> None:
    await _connected(kept)
    async with kept.transaction() as tx:
        await tx.accounts.save(an_account(status=AccountStatus.RECONNECT_REQUIRED))
    assert await due_lists(kept, after(days=1)) == ("older", "theirs")
    await _listed(kept, ACCOUNT, due=3)
    async with kept.transaction() as tx:
        await tx.accounts.save(an_account())
    assert await due_lists(kept, after(hours=2)) == ("older", "theirs")
    assert await due_lists(kept, after(hours=3)) == ("older", "theirs", ACCOUNT)
