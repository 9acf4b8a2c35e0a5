"""What is known of an expert's time, and what is not."""

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from application.calendars.refresh_calendars import LISTED_EVERY
from domain.access import (
    AccessDenied,
    CalendarGone,
    InvalidAnswer,
    ProviderMisconfigured,
    ProviderUnavailable,
)
from domain.account import AccountStatus, Provider
from domain.availability import Availability, UnreadReason, Verdict
from domain.blocking import CalendarEntry, Days, ShowAs, UnplacedTimes
from domain.errors import DomainError
from domain.expert import ExpertNotFound
from domain.ids import ExpertId, SessionId
from domain.interval import Interval, WindowTooLong
from tests.builders import EXPERT, NOW, after, an_expert, an_interval
from tests.fakes.provider import Person
from tests.support.application import Application

WINDOW = Interval(NOW, after(days=7))
BUDGET = timedelta(seconds=5)
PRIMARY = "object-maria/Calendar"


async def look_up(app: Application, *, excluded: tuple[str, ...] = ()) -> Availability:
    """Look now."""
    return await app.look_up_availability(
        EXPERT, WINDOW, excluded=[SessionId(one) for one in excluded], max_age=timedelta(), budget=BUDGET
    )


def verdict(known: Availability, candidate: Interval) -> Verdict:
    return known.check(candidate).verdict


async def test_says_what_blocks_in_all_conflict_calendars(app: Application, maria: Person) -> None:
    second = app.provider.add_person("second")
    for person in (maria, second):
        await app.connect(person)
    one, other = an_interval(starts=24), an_interval(starts=30)
    maria.block(one)
    second.block(other)

    known = await look_up(app)

    assert known.complete
    assert tuple(known.busy) == (one, other)
    assert {reading.read_at for reading in known.readings} == {app.clock.now()}


async def test_calendars_that_were_not_chosen_are_not_read(app: Application, maria: Person) -> None:
    side = maria.add_calendar("Side")
    await app.connect(maria)
    maria.block(an_interval(), calendar=side)

    known = await look_up(app)

    assert tuple(known.busy) == ()
    assert app.provider.calls["read_entries"] == 1


async def test_without_conflict_calendars_only_sessions_block(app: Application, maria: Person) -> None:
    await app.connect(maria)
    await app.update_calendar_settings(EXPERT, conflict=[])
    maria.block(an_interval())
    await app.book(interval=an_interval(starts=48))

    known = await look_up(app)

    assert (known.readings, known.unread) == ((), ())
    assert tuple(known.busy) == (an_interval(starts=48),)


async def test_an_unreadable_calendar_is_named_and_no_time_is_called_free(
    app: Application, maria: Person
) -> None:
    names = [maria.add_calendar(f"Calendar {number}") for number in range(4)]
    await app.connect(maria)
    calendars = (await app.list_calendars(EXPERT)).calendars
    await app.update_calendar_settings(EXPERT, conflict=[one.calendar_id for one in calendars])
    blocked = [an_interval(starts=hours) for hours in (24, 27, 30, 33)]
    for name, interval in zip([PRIMARY, *names[:3]], blocked, strict=True):
        maria.block(interval, calendar=name)
    app.provider.fail("read_entries", ProviderUnavailable(), calendar=names[3])

    known = await look_up(app)

    unread = await app.calendar(names[3])
    assert [(one.calendar_id, one.reason) for one in known.unread] == [
        (unread.calendar_id, UnreadReason.PROVIDER_UNAVAILABLE)
    ]
    assert len(known.readings) == 4
    assert not known.complete
    assert tuple(known.busy) == tuple(blocked)
    assert verdict(known, an_interval(starts=50)) is Verdict.UNKNOWN
    assert verdict(known, blocked[0]) is Verdict.BUSY


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (ProviderUnavailable(), UnreadReason.PROVIDER_UNAVAILABLE),
        (ProviderUnavailable(throttled=True), UnreadReason.THROTTLED),
        (InvalidAnswer(what="no list"), UnreadReason.INVALID_ANSWER),
        (AccessDenied(), UnreadReason.ACCESS_DENIED),
        (CalendarGone(), UnreadReason.CALENDAR_MISSING),
        (ProviderMisconfigured(code="invalid_client"), UnreadReason.SERVICE_MISCONFIGURED),
    ],
)
async def test_says_why_a_calendar_could_not_be_read_and_mails_nobody(
    app: Application, maria: Person, fault: DomainError, reason: UnreadReason
) -> None:
    account = await app.connect(maria)
    app.provider.fail("read_entries", fault)

    known = await look_up(app)

    assert [one.reason for one in known.unread] == [reason]
    assert verdict(known, an_interval()) is Verdict.UNKNOWN
    await app.run_jobs()
    assert (await app.account(account.account_id)).status is AccountStatus.ACTIVE
    assert app.mailer.sent == []


async def test_a_calendar_that_takes_too_long_times_out_alone(app: Application, maria: Person) -> None:
    side = maria.add_calendar("Side")
    await app.connect(maria)
    calendars = (await app.list_calendars(EXPERT)).calendars
    await app.update_calendar_settings(EXPERT, conflict=[one.calendar_id for one in calendars])
    maria.block(an_interval(), calendar=side)
    app.provider.hold("read_entries")

    known = await app.look_up_availability(EXPERT, WINDOW, budget=timedelta(milliseconds=20))

    assert [one.reason for one in known.unread] == [UnreadReason.TIMED_OUT]
    assert len(known.readings) == 1


async def test_without_any_time_left_everything_is_unread(app: Application, maria: Person) -> None:
    await app.connect(maria)

    for budget in (timedelta(), timedelta(seconds=-1)):
        app.provider.hold("read_entries")
        known = await app.look_up_availability(EXPERT, WINDOW, budget=budget)
        assert [one.reason for one in known.unread] == [UnreadReason.TIMED_OUT]


async def test_accounts_that_wait_for_a_reconnect_are_not_asked(app: Application, maria: Person) -> None:
    await app.connect(maria)
    maria.revoke()

    first, second = await look_up(app), await look_up(app)

    for known in (first, second):
        assert [one.reason for one in known.unread] == [UnreadReason.RECONNECT_REQUIRED]
    assert app.provider.calls["read_entries"] == 1


async def test_a_missing_calendar_is_not_asked_until_it_is_back(app: Application, maria: Person) -> None:
    await app.connect(maria)
    kept = maria.calendars.pop(PRIMARY)
    maria.add_calendar("Other")
    known = await look_up(app)
    assert [one.reason for one in known.unread] == [UnreadReason.CALENDAR_MISSING]
    await app.run_jobs()
    assert (await app.calendar(PRIMARY)).missing

    calls = app.provider.calls["read_entries"]

    known = await look_up(app)

    assert [one.reason for one in known.unread] == [UnreadReason.CALENDAR_MISSING]
    assert app.provider.calls["read_entries"] == calls
    maria.calendars[PRIMARY] = kept
    await app.pass_time(LISTED_EVERY)
    assert (await look_up(app)).complete


async def test_the_alarm_about_our_registration_ends_with_the_next_good_read(
    app: Application, maria: Person
) -> None:
    await app.connect(maria)
    app.provider.misconfigured = "AADSTS7000222"
    await look_up(app)
    assert app.alarms.raised == {Provider.MICROSOFT: "AADSTS7000222"}

    app.provider.misconfigured = ""
    assert (await look_up(app)).complete
    assert app.alarms.raised == {}


async def test_an_all_day_event_follows_the_experts_time_zone(app: Application, maria: Person) -> None:
    await app.connect(maria)
    day = date(2027, 3, 4)
    maria.add_entry(PRIMARY, CalendarEntry(when=Days(day, day + timedelta(days=1)), show_as=ShowAs.BUSY))

    in_berlin = tuple((await look_up(app)).busy)
    expert = an_expert()
    await app.put_expert(
        expert_id=EXPERT,
        plan=expert.plan,
        email=expert.email,
        display_name=expert.display_name,
        time_zone="Pacific/Auckland",
    )
    in_auckland = tuple((await look_up(app)).busy)

    assert in_berlin == (Interval(utc(2027, 3, 3, 23), utc(2027, 3, 4, 23)),)
    assert in_auckland == (Interval(utc(2027, 3, 3, 11), utc(2027, 3, 4, 11)),)


async def test_an_event_in_an_unknown_zone_blocks_generously(app: Application, maria: Person) -> None:
    await app.connect(maria)
    when = UnplacedTimes(datetime(2027, 3, 4, 9), datetime(2027, 3, 4, 10))  # noqa: DTZ001
    maria.add_entry(PRIMARY, CalendarEntry(when=when, show_as=ShowAs.BUSY))

    assert tuple((await look_up(app)).busy) == (Interval(utc(2027, 3, 3, 19), utc(2027, 3, 5, 0)),)


async def test_answers_for_no_more_than_366_days(app: Application) -> None:
    longest = Interval(NOW, after(days=366))
    await app.look_up_availability(EXPERT, longest, budget=BUDGET)

    with pytest.raises(WindowTooLong) as refusal:
        await app.look_up_availability(
            EXPERT, replace(longest, end=longest.end + timedelta(seconds=1)), budget=BUDGET
        )
    assert refusal.value.limit == timedelta(days=366)


async def test_an_unknown_expert_has_no_time(app: Application) -> None:
    with pytest.raises(ExpertNotFound):
        await app.look_up_availability(ExpertId("nobody"), WINDOW, budget=BUDGET)


async def test_an_expert_erased_during_the_reads_leaves_nothing_behind(
    app: Application, maria: Person
) -> None:
    await app.connect(maria)
    maria.revoke()
    read = app.provider.hold("read_entries")
    looking = asyncio.create_task(look_up(app))
    await read.reached.wait()
    await app.delete_expert(EXPERT)
    read.release()

    with pytest.raises(ExpertNotFound):
        await looking
    await app.run_jobs()
    assert app.store.tables.accounts == {}
    assert app.store.tables.incidents == {}


def utc(year: int, month: int, day: int, hour: int) -> datetime:
    return datetime(year, month, day, hour, tzinfo=UTC)
