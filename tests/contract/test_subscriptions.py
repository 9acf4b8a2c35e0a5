"""What every repository of subscriptions keeps to."""

import pytest

from application.ports.lanes import Claimed, Room
from domain.account import AccountStatus, Provider
from domain.ids import AccountId, CalendarId
from domain.subscription import EndedSubscription, Subscription
from tests.builders import (
    ACCOUNT,
    CALENDAR,
    NOW,
    a_calendar,
    a_grant,
    a_subscription,
    after,
    an_account,
    an_identity,
)
from tests.support.claims import due_ends, due_subscriptions
from tests.support.stores import Kept, choose_calendars, put_conflict_calendars, put_expert

SECRET = "secret-of-the-subscription"


async def _save(
    kept: Kept,
    subscription: Subscription,
    *,
    instead_of: str | None = None,
    secret: str | None = SECRET,
    renew: float = 60,
) -> bool:
    """`renew` is in minutes after NOW."""
    async with kept.transaction() as tx:
        return await tx.subscriptions.save(
            subscription, instead_of=instead_of, secret=secret, renew_at=after(minutes=renew)
        )


async def _forget(kept: Kept, remote_id: str | None, *, minutes: float = 0) -> None:
    async with kept.transaction() as tx:
        await tx.subscriptions.forget(CALENDAR, remote_id=remote_id, now=after(minutes=minutes))


async def _get(kept: Kept) -> Subscription | None:
    async with kept.transaction() as tx:
        return await tx.subscriptions.get(CALENDAR)


async def _due(kept: Kept, *, minutes: float = 0) -> tuple[CalendarId, ...]:
    return await due_subscriptions(kept, after(minutes=minutes))


async def _proven(kept: Kept, remote_id: str, secret: str) -> Subscription | None:
    async with kept.transaction() as tx:
        return (await tx.subscriptions.proven([(remote_id, secret)])).get((remote_id, secret))


async def test_there_is_none_at_first_and_one_is_due_at_once(kept: Kept) -> None:
    await put_conflict_calendars(kept)
    async with kept.transaction() as tx:
        assert await tx.subscriptions.get(CALENDAR) is None
        assert await tx.subscriptions.get(CalendarId("unknown")) is None
        assert await tx.subscriptions.of_account(ACCOUNT) == ()
    assert await due_subscriptions(kept, after(days=-10_000)) == (CALENDAR,)


async def test_a_subscription_comes_back_by_value(kept: Kept) -> None:
    await put_conflict_calendars(kept)
    assert await _save(kept, a_subscription())
    async with kept.transaction() as tx:
        assert await tx.subscriptions.get(CALENDAR) == a_subscription()


async def test_only_conflict_calendars_have_one(kept: Kept) -> None:
    await put_conflict_calendars(kept)
    async with kept.transaction() as tx:
        await tx.calendars.save([a_calendar("not-chosen")])
    stranger = a_subscription("not-chosen")
    assert not await _save(kept, stranger)
    async with kept.transaction() as tx:
        await tx.subscriptions.postpone(stranger.calendar_id, until=NOW)
        await tx.subscriptions.forget(stranger.calendar_id, remote_id=None, now=NOW)
        assert await tx.subscriptions.get(stranger.calendar_id) is None
    assert await _due(kept) == (CALENDAR,)


async def test_those_of_an_account_come_by_calendar(kept: Kept) -> None:
    await put_conflict_calendars(kept, "b", "a", "without")
    async with kept.transaction() as tx:
        await tx.accounts.add(an_account("second"), a_grant())
        await tx.calendars.save([a_calendar("elsewhere", account_id="second")])
    await choose_calendars(kept, "b", "a", "without", "elsewhere", version=1)
    elsewhere = a_subscription("elsewhere", account_id="second")
    for subscription in (a_subscription("b"), a_subscription("a"), elsewhere):
        await _save(kept, subscription)
    async with kept.transaction() as tx:
        assert await tx.subscriptions.of_account(ACCOUNT) == (a_subscription("a"), a_subscription("b"))
        assert await tx.subscriptions.of_account(AccountId("second")) == (elsewhere,)


async def test_a_notification_proves_itself_by_the_secret(kept: Kept) -> None:
    await put_conflict_calendars(kept, "one", "two")
    one, two = a_subscription("one"), a_subscription("two")
    await _save(kept, one, secret="first-secret")
    await _save(kept, two, secret="second-secret")
    assert await _proven(kept, one.remote_id, "first-secret") == one
    assert await _proven(kept, two.remote_id, "second-secret") == two


async def test_of_many_claims_those_with_their_secret_are_proven(kept: Kept) -> None:
    await put_conflict_calendars(kept, "one", "two")
    one, two = a_subscription("one"), a_subscription("two")
    await _save(kept, one, secret="first-secret")
    await _save(kept, two, secret="second-secret")
    right = [(one.remote_id, "first-secret"), (two.remote_id, "second-secret")]
    wrong = [
        (one.remote_id, "second-secret"),
        (two.remote_id, ""),
        ("\x00", SECRET),
        ("unknown", "first-secret"),
    ]
    many = [(f"unknown-{number}", SECRET) for number in range(1000)]
    async with kept.transaction() as tx:
        assert await tx.subscriptions.proven([*many, *wrong, *right]) == dict(
            zip(right, [one, two], strict=True)
        )
        assert await tx.subscriptions.proven([]) == {}


async def test_it_is_known_which_calendar_a_subscription_is_stored_for(kept: Kept) -> None:
    await put_conflict_calendars(kept)
    await _save(kept, a_subscription())
    async with kept.transaction() as tx:
        assert await tx.subscriptions.calendar_of(a_subscription().remote_id) == CALENDAR
        assert await tx.subscriptions.calendar_of("unknown") is None


@pytest.mark.parametrize("secret", ["", "wrong", SECRET + " ", SECRET.upper(), "\x00", "\ud83d"])
async def test_a_wrong_secret_proves_nothing(kept: Kept, secret: str) -> None:
    await put_conflict_calendars(kept)
    await _save(kept, a_subscription())
    assert await _proven(kept, a_subscription().remote_id, secret) is None


@pytest.mark.parametrize("remote_id", ["", "unknown", "\x00", "\ud83d", "x" * 10_000])
async def test_an_unknown_subscription_proves_nothing(kept: Kept, remote_id: str) -> None:
    await put_conflict_calendars(kept)
    await _save(kept, a_subscription())
    assert await _proven(kept, remote_id, SECRET) is None


async def test_a_renewal_keeps_the_secret(kept: Kept) -> None:
    await put_conflict_calendars(kept)
    await _save(kept, a_subscription())
    renewed = a_subscription(expires_at=after(days=12))
    assert await _save(kept, renewed, instead_of=renewed.remote_id, secret=None, renew=120)
    assert await _proven(kept, renewed.remote_id, SECRET) == renewed
    assert await _due(kept, minutes=119) == ()
    assert await _due(kept, minutes=120) == (CALENDAR,)


async def test_a_new_one_takes_the_place_of_the_old(kept: Kept) -> None:
    await put_conflict_calendars(kept)
    old, new = a_subscription(), a_subscription(remote_id="remote-2")
    await _save(kept, old)
    assert await _save(kept, new, instead_of=old.remote_id, secret="another secret")
    assert await _proven(kept, old.remote_id, SECRET) is None
    assert await _proven(kept, new.remote_id, SECRET) is None
    assert await _proven(kept, new.remote_id, "another secret") == new


async def test_a_renewal_of_what_was_forgotten_or_replaced_is_not_kept(kept: Kept) -> None:
    await put_conflict_calendars(kept)
    assert not await _save(kept, a_subscription(remote_id="older"), instead_of="older", secret=None)
    await _save(kept, a_subscription(remote_id="newer"))
    assert not await _save(kept, a_subscription(remote_id="older"), instead_of="older", secret=None)
    assert await _get(kept) == a_subscription(remote_id="newer")


@pytest.mark.parametrize("known", [None, "older"])
async def test_a_new_one_takes_no_place_that_another_has_taken_meanwhile(
    kept: Kept, known: str | None
) -> None:
    await put_conflict_calendars(kept)
    quick, slow = a_subscription(remote_id="quick"), a_subscription(remote_id="slow")
    if known is not None:
        await _save(kept, a_subscription(remote_id=known))
    assert await _save(kept, quick, instead_of=known)
    assert not await _save(kept, slow, instead_of=known, secret="another secret")
    assert await _proven(kept, "quick", SECRET) == quick
    assert await _due(kept, minutes=59) == ()


async def test_only_what_was_known_is_forgotten(kept: Kept) -> None:
    await put_conflict_calendars(kept)
    await _save(kept, a_subscription(remote_id="newer"))
    for known in ("older", None):
        await _forget(kept, known)
    assert await _proven(kept, "newer", SECRET) == a_subscription(remote_id="newer")
    assert await _due(kept, minutes=59) == ()


async def test_forgetting_where_there_is_none_makes_one_due(kept: Kept) -> None:
    await put_conflict_calendars(kept)
    async with kept.transaction() as tx:
        await tx.subscriptions.postpone(CALENDAR, until=after(minutes=360))
    await _forget(kept, None, minutes=5)
    assert await _due(kept, minutes=5) == (CALENDAR,)


async def test_putting_off_leaves_what_is_stored(kept: Kept) -> None:
    await put_conflict_calendars(kept, "with", "without")
    await _save(kept, a_subscription("with"), renew=1)
    async with kept.transaction() as tx:
        for calendar_id in (CalendarId("with"), CalendarId("without")):
            await tx.subscriptions.postpone(calendar_id, until=after(minutes=30))
    assert await _due(kept, minutes=29) == ()
    assert await _due(kept, minutes=30) == ("with", "without")
    assert await _proven(kept, a_subscription("with").remote_id, SECRET) == a_subscription("with")


async def test_what_the_provider_has_no_more_is_due_anew(kept: Kept) -> None:
    await put_conflict_calendars(kept)
    await _save(kept, a_subscription())
    await _forget(kept, a_subscription().remote_id, minutes=5)
    assert await _due(kept, minutes=4) == ()
    assert await _due(kept, minutes=5) == (CALENDAR,)
    assert await _proven(kept, a_subscription().remote_id, SECRET) is None
    async with kept.transaction() as tx:
        assert await tx.subscriptions.get(CALENDAR) is None


async def test_those_due_longest_come_first_and_no_more_than_asked_for(kept: Kept) -> None:
    await put_conflict_calendars(kept, "a", "b", "c")
    for calendar_id, renew in (("a", 3), ("b", 1), ("c", 2)):
        await _save(kept, a_subscription(calendar_id), renew=renew)
    assert await _due(kept, minutes=5) == ("b", "c", "a")
    assert await _due(kept, minutes=1) == ("b",)
    async with kept.transaction() as tx:
        for places, held, claimed in ((1, 0, ["b"]), (5, 1, ["c"]), (5, 2, [])):
            room = Room(places=places, again=places, held={str(ACCOUNT): held})
            found = await tx.subscriptions.claim_due(room, now=after(minutes=5), until=after(minutes=7))
            assert [one.row for one in found] == claimed
            assert {key for one in found for key in one.keys} <= {ACCOUNT}
    assert await _due(kept, minutes=6) == ("a",)


@pytest.mark.parametrize(
    ("status", "missing"), [(AccountStatus.RECONNECT_REQUIRED, False), (AccountStatus.ACTIVE, True)]
)
async def test_what_cannot_be_read_needs_none(kept: Kept, status: AccountStatus, missing: bool) -> None:
    await put_conflict_calendars(kept)
    await _save(kept, a_subscription(), renew=-1)
    async with kept.transaction() as tx:
        await tx.accounts.save(an_account(status=status))
        await tx.calendars.save([a_calendar(missing=missing)])
    assert await _due(kept) == ()
    async with kept.transaction() as tx:
        assert await tx.subscriptions.get(CALENDAR) == a_subscription()


@pytest.mark.parametrize("whole", [True, False], ids=["the choice", "the account"])
async def test_a_subscription_goes_with_what_it_is_for(kept: Kept, whole: bool) -> None:
    await put_conflict_calendars(kept)
    await _save(kept, a_subscription())
    if whole:
        await choose_calendars(kept, version=1)
    else:
        async with kept.transaction() as tx:
            await tx.accounts.remove(ACCOUNT)
    assert await _proven(kept, a_subscription().remote_id, SECRET) is None
    assert await _due(kept, minutes=100) == ()
    assert not await _save(kept, a_subscription())


async def test_a_calendar_chosen_anew_begins_without(kept: Kept) -> None:
    await put_conflict_calendars(kept)
    await _save(kept, a_subscription())
    await choose_calendars(kept, version=1)
    await choose_calendars(kept, CALENDAR, version=2)
    async with kept.transaction() as tx:
        assert await tx.subscriptions.get(CALENDAR) is None
    assert await _due(kept) == (CALENDAR,)


async def test_who_claims_what_is_due_has_it_alone_for_a_while(kept: Kept) -> None:
    await put_conflict_calendars(kept)
    async with kept.transaction() as tx:
        assert await tx.subscriptions.claim(CALENDAR, now=NOW, until=after(minutes=2))
    async with kept.transaction() as tx:
        assert not await tx.subscriptions.claim(CALENDAR, now=after(minutes=1), until=after(minutes=9))
        assert not await tx.subscriptions.claim(CalendarId("unknown"), now=NOW, until=after(minutes=9))
    assert await _due(kept, minutes=1) == ()
    async with kept.transaction() as tx:
        assert await tx.subscriptions.claim(CALENDAR, now=after(minutes=2), until=after(minutes=9))


async def test_the_provider_is_told_once_of_what_has_ended(kept: Kept) -> None:
    await put_conflict_calendars(kept)
    for _ in range(2):
        async with kept.transaction() as tx:
            await tx.jobs.end_subscription(ACCOUNT, "ended")
    assert await due_ends(kept, NOW) == ("ended",)
    async with kept.transaction() as tx:
        room = Room(places=1, again=1)
        (claimed,) = await tx.subscriptions.claim_ended(room, now=NOW, until=after(minutes=2))
    ended = EndedSubscription(provider=Provider.MICROSOFT, account_id=ACCOUNT, remote_id="ended")
    assert claimed == Claimed(row=ended, keys=(ACCOUNT,))
    assert await due_ends(kept, after(minutes=1)) == ()
    assert await due_ends(kept, after(minutes=2)) == ("ended",)
    async with kept.transaction() as tx:
        await tx.subscriptions.forget_ended("ended")
    assert await due_ends(kept, after(minutes=2)) == ()


async def test_what_has_ended_comes_with_its_accounts_provider(kept: Kept) -> None:
    await put_expert(kept)
    async with kept.transaction() as tx:
        await tx.accounts.add(an_account(identity=an_identity(provider=Provider.GOOGLE)), a_grant())
        await tx.subscriptions.end(ACCOUNT, "ended")
        room = Room(places=1, again=1)
        (claimed,) = await tx.subscriptions.claim_ended(room, now=NOW, until=after(minutes=2))
    assert claimed.row == EndedSubscription(provider=Provider.GOOGLE, account_id=ACCOUNT, remote_id="ended")


async def test_what_has_ended_is_forgotten_with_its_account(kept: Kept) -> None:
    await put_conflict_calendars(kept)
    async with kept.transaction() as tx:
        await tx.jobs.end_subscription(ACCOUNT, "ended")
    async with kept.transaction() as tx:
        await tx.accounts.remove(ACCOUNT)
    assert await due_ends(kept, after(minutes=2)) == ()
