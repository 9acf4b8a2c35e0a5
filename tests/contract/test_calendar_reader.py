"""What every reader of calendars keeps to."""

import asyncio
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from domain.access import CalendarGone
from domain.account import AccountNotFound
from domain.blocking import CalendarEntry, Days, FloatingTimes, Instants, ShowAs, UnplacedTimes, busy_time
from domain.connection import MailboxNotServed
from domain.ids import AccountId, CalendarId, EventMark
from domain.interval import Interval
from domain.session import EventCopy
from domain.zone import local_days
from tests.builders import MARK, a_readable_calendar, some_details
from tests.support.providers import (
    FEW,
    LATER_PAGE_ERRORS,
    MAILBOX_ERRORS,
    PASSING,
    Human,
    ProviderHarness,
    Trouble,
)

pytest_plugins = ["tests.support.provider_fixtures"]
ALSO = ("apple_otherwise", "radicale")

WEEK = Interval(datetime(2031, 5, 5, tzinfo=UTC), datetime(2031, 5, 12, tzinfo=UTC))
FIRST_ZONE, LAST_ZONE = ZoneInfo("Pacific/Kiritimati"), ZoneInfo("Etc/GMT+12")
"""The places where a day begins first and last."""


def _at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2031, 5, day, hour, minute, tzinfo=UTC)


def _entry(
    start: datetime, *, hours: float = 1, show_as: ShowAs = ShowAs.BUSY, mark: str | None = None
) -> CalendarEntry:
    return CalendarEntry(
        when=Instants(start, start + timedelta(hours=hours)),
        show_as=show_as,
        mark=None if mark is None else EventMark(mark),
    )


async def _read(
    provider: ProviderHarness,
    account: AccountId,
    *,
    calendar: str = "",
    may_hold_ours: bool = True,
    window: Interval = WEEK,
) -> tuple[CalendarEntry, ...]:
    asked = a_readable_calendar(calendar or provider.primary(), may_hold_ours=may_hold_ours)
    return await provider.reader.read_entries(account, asked, window)


def _in_any_order(entries: Iterable[CalendarEntry]) -> list[str]:
    """To compare by value, with repetitions; some kinds of entry can't be put in order themselves."""
    return sorted(repr(entry) for entry in entries)


async def test_an_empty_calendar_has_no_entries(provider: ProviderHarness) -> None:
    assert await _read(provider, await provider.connect()) == ()


ENTRIES = [
    *(_entry(_at(6, number), show_as=show_as) for number, show_as in enumerate(ShowAs)),
    _entry(_at(7, 9), mark="somebodys-mark"),
    CalendarEntry(when=Instants(_at(8, 9), _at(8, 10)), show_as=ShowAs.BUSY, cancelled=True),
    CalendarEntry(when=Instants(_at(8, 11), _at(8, 12)), show_as=ShowAs.BUSY, declined=True),
    CalendarEntry(when=Days(date(2031, 5, 9), date(2031, 5, 10)), show_as=ShowAs.OUT_OF_OFFICE),
    CalendarEntry(when=Days(date(2031, 5, 6), date(2031, 5, 9)), show_as=ShowAs.FREE),
    CalendarEntry(
        when=UnplacedTimes(datetime(2031, 5, 10, 9), datetime(2031, 5, 10, 10)),  # noqa: DTZ001 - nobody's zone
        show_as=ShowAs.BUSY,
    ),
    CalendarEntry(
        when=FloatingTimes(datetime(2031, 5, 10, 11), datetime(2031, 5, 10, 12)),  # noqa: DTZ001 - the expert's
        show_as=ShowAs.BUSY,
    ),
]


async def test_every_kind_of_entry_comes_back_by_value(provider: ProviderHarness) -> None:
    entries = [entry for entry in ENTRIES if provider.has(entry)]
    for entry in entries:
        provider.add_entry(entry)
    assert _in_any_order(await _read(provider, await provider.connect())) == _in_any_order(entries)


async def test_whatever_touches_the_window_is_read(provider: ProviderHarness) -> None:
    touching = [
        _entry(WEEK.start - timedelta(minutes=30)),
        _entry(WEEK.end - timedelta(minutes=30)),
        _entry(WEEK.start - timedelta(days=3), hours=14 * 24),
        _entry(_at(7, 12), hours=0.25),
    ]
    for entry in touching:
        provider.add_entry(entry)
    assert set(touching) <= set(await _read(provider, await provider.connect()))


@pytest.mark.parametrize(
    "zone", [FIRST_ZONE.key, "Pacific/Auckland", "UTC", "Pacific/Honolulu", LAST_ZONE.key]
)
@pytest.mark.parametrize("hour", [0, 5, 11, 17, 23])
async def test_all_day_entries_that_touch_the_window_anywhere_are_read(
    provider: ProviderHarness, zone: str, hour: int
) -> None:
    """Whatever zone the event was made in, and whatever zone the expert lives in."""
    window = Interval(_at(8, hour), _at(8, hour, 30))
    days = [date(2031, 5, day) for day in range(5, 12)]
    for day in days:
        when = Days(day, day + timedelta(days=1))
        provider.add_entry(CalendarEntry(when=when, show_as=ShowAs.BUSY), zone=zone)
    read = await _read(provider, await provider.connect(), window=window)
    assert {day for day in days if _touches_somewhere(day, window)} <= {
        entry.when.first for entry in read if isinstance(entry.when, Days)
    }


def _touches_somewhere(day: date, window: Interval) -> bool:
    after = day + timedelta(days=1)
    local = [local_days(day, after, zone) for zone in (FIRST_ZONE, LAST_ZONE)]
    return any(one is not None and one.overlaps(window) for one in local)


async def test_a_series_comes_by_occurrence(provider: ProviderHarness) -> None:
    provider.add_daily_series(Interval(_at(5, 9), _at(5, 9, 30)), days=5)
    entries = await _read(provider, await provider.connect())
    expected = [Instants(_at(day, 9), _at(day, 9, 30)) for day in range(5, 10)]
    assert sorted((entry.when for entry in entries), key=lambda when: when.start) == expected  # type: ignore[union-attr]


async def test_our_own_events_come_with_their_marks(provider: ProviderHarness) -> None:
    account = await provider.connect()
    slot = Interval(_at(6, 9), _at(6, 10))
    copy = EventCopy(
        account_id=account,
        calendar_id=CalendarId("calendar-1"),
        remote_calendar_id=provider.primary(),
        mark=MARK,
        times=(slot,),
    )
    await provider.writer.create(copy, slot, some_details())
    expected = CalendarEntry(when=Instants(slot.start, slot.end), show_as=ShowAs.BUSY, mark=MARK)
    assert await _read(provider, account) == (expected,)


async def test_each_calendar_has_its_own_entries(provider: ProviderHarness) -> None:
    team = provider.add_calendar("Team")
    mine, ours = _entry(_at(6, 9)), _entry(_at(6, 14))
    provider.add_entry(mine)
    provider.add_entry(ours, calendar=team)
    account = await provider.connect()
    assert await _read(provider, account) == (mine,)
    assert await _read(provider, account, calendar=team) == (ours,)


async def test_a_calendar_of_somebody_else_can_be_read(provider: ProviderHarness) -> None:
    provider.add_person(Human(name="jonas"))
    shared = provider.share(
        provider.primary("jonas"), owner="jonas", reader="maria", title="Jonas", writable=False
    )
    entry = _entry(_at(6, 9))
    provider.add_entry(entry, name="jonas")
    assert await _read(provider, await provider.connect(), calendar=shared) == (entry,)


async def test_a_calendar_without_ours_is_as_busy_as_its_entries_say(provider: ProviderHarness) -> None:
    provider.add_person(Human(name="jonas"))
    shared = provider.share(
        provider.primary("jonas"), owner="jonas", reader="maria", title="Jonas", writable=False
    )
    for entry in (
        _entry(_at(6, 9)),
        _entry(_at(6, 9, 30), show_as=ShowAs.OUT_OF_OFFICE),
        _entry(_at(6, 14), show_as=ShowAs.FREE),
        _entry(WEEK.end - timedelta(minutes=30)),
    ):
        provider.add_entry(entry, name="jonas")
    entries = await _read(provider, await provider.connect(), calendar=shared, may_hold_ours=False)
    busy = busy_time(entries, window=WEEK, zone=ZoneInfo("UTC"), tentative_blocks=False)
    assert tuple(busy) == (
        Interval(_at(6, 9), _at(6, 10, 30)),
        Interval(WEEK.end - timedelta(minutes=30), WEEK.end),
    )


async def test_two_readings_at_once_see_their_own_accounts(provider: ProviderHarness) -> None:
    provider.add_person(Human(name="jonas"))
    marias, jonas = _entry(_at(6, 9)), _entry(_at(7, 9))
    provider.add_entry(marias)
    provider.add_entry(jonas, name="jonas")
    first, second = await asyncio.gather(
        _read(provider, await provider.connect("maria")),
        _read(provider, await provider.connect("jonas"), calendar=provider.primary("jonas")),
    )
    assert (first, second) == ((marias,), (jonas,))


async def test_many_readings_at_once_all_succeed(provider: ProviderHarness) -> None:
    provider.add_entry(_entry(_at(6, 9)))
    account = await provider.connect()
    readings = await asyncio.gather(*(_read(provider, account) for _ in range(10)))
    assert {len(entries) for entries in readings} == {1}


MANY = [_entry(_at(6, 0) + timedelta(hours=number)) for number in range(3 * FEW + 1)]


async def test_entries_are_read_to_the_last_page(provider: ProviderHarness) -> None:
    for entry in MANY:
        provider.add_entry(entry)
    assert _in_any_order(await _read(provider, await provider.connect())) == _in_any_order(MANY)


@pytest.mark.parametrize("trouble", LATER_PAGE_ERRORS)
async def test_a_page_that_fails_fails_the_whole_reading(provider: ProviderHarness, trouble: Trouble) -> None:
    for entry in MANY:
        provider.add_entry(entry)
    account = await provider.connect()
    provider.trouble(trouble)
    with pytest.raises(LATER_PAGE_ERRORS[trouble]):
        await _read(provider, account)
    provider.mend()
    assert len(await _read(provider, account)) == len(MANY)


async def test_a_calendar_that_was_removed_is_gone(provider: ProviderHarness) -> None:
    account, team = await provider.connect(), provider.add_calendar("Team")
    assert await _read(provider, account, calendar=team) == ()
    provider.remove_calendar(team)
    with pytest.raises(CalendarGone):
        await _read(provider, account, calendar=team)


async def test_a_calendar_no_longer_shared_is_gone(provider: ProviderHarness) -> None:
    provider.add_person(Human(name="jonas"))
    shared = provider.share(
        provider.primary("jonas"), owner="jonas", reader="maria", title="Jonas", writable=True
    )
    account = await provider.connect()
    provider.remove_calendar(shared)
    with pytest.raises(CalendarGone):
        await _read(provider, account, calendar=shared)


@pytest.mark.parametrize("remote_id", ["made-up", "../../me", "a?b#c", " "])
async def test_a_calendar_that_never_was_is_gone(provider: ProviderHarness, remote_id: str) -> None:
    with pytest.raises(CalendarGone):
        await _read(provider, await provider.connect(), calendar=remote_id)


async def test_a_calendar_of_another_mailbox_is_gone(provider: ProviderHarness) -> None:
    provider.add_person(Human(name="jonas"))
    with pytest.raises(CalendarGone):
        await _read(provider, await provider.connect("maria"), calendar=provider.primary("jonas"))


async def test_a_mailbox_that_was_taken_away_is_not_served(provider: ProviderHarness) -> None:
    account = await provider.connect()
    provider.take_mailbox_away("maria")
    with pytest.raises(MailboxNotServed):
        await _read(provider, account)


@pytest.mark.parametrize("may_hold_ours", [True, False])
@pytest.mark.parametrize("trouble", MAILBOX_ERRORS)
async def test_trouble_has_a_name(
    provider: ProviderHarness, trouble: Trouble, *, may_hold_ours: bool
) -> None:
    account = await provider.connect()
    provider.trouble(trouble)
    with pytest.raises(provider.error_of(trouble)):
        await _read(provider, account, may_hold_ours=may_hold_ours)


@pytest.mark.parametrize("trouble", PASSING)
async def test_trouble_passes(provider: ProviderHarness, trouble: Trouble) -> None:
    provider.add_entry(_entry(_at(6, 9)))
    account = await provider.connect()
    provider.trouble(trouble)
    with pytest.raises(provider.error_of(trouble)):
        await _read(provider, account)
    provider.mend()
    assert len(await _read(provider, account)) == 1


async def test_lost_access_names_the_grant_it_was_seen_under(provider: ProviderHarness) -> None:
    for version in (1, 2):
        account = await provider.connect()
        await _read(provider, account)
        provider.revoke()
        with pytest.raises(provider.refused) as caught:
            await _read(provider, account)
        assert (caught.value.account_id, caught.value.grant_version) == (account, version)


async def test_one_persons_lost_access_is_nobody_elses(provider: ProviderHarness) -> None:
    provider.add_person(Human(name="jonas"))
    account = await provider.connect("jonas")
    provider.revoke("maria")
    assert await _read(provider, account, calendar=provider.primary("jonas")) == ()


async def test_an_account_that_was_disconnected_is_not_found(provider: ProviderHarness) -> None:
    account = await provider.connect()
    provider.disconnect(account)
    with pytest.raises(AccountNotFound):
        await _read(provider, account)
