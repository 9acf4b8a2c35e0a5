"""Reading ahead: what is kept of a look, when the next is due, and that no mark is lost."""

from datetime import datetime, timedelta

import pytest

from application.readings import read_calendar as module
from domain.access import (
    AccessDenied,
    CalendarGone,
    InvalidAnswer,
    ProviderMisconfigured,
    ProviderUnavailable,
)
from domain.account import AccountStatus, Provider
from domain.availability import ReadFailure, UnreadReason
from domain.change import ChangeType
from domain.connection import MailboxNotServed
from domain.errors import DomainError
from domain.ids import CalendarId
from domain.reading import LEASE
from tests.builders import EXPERT, SESSION, after, an_interval
from tests.fakes import tables
from tests.fakes.provider import Person
from tests.support.application import DEFAULT_MAX_AGE, Application, an_application

PRIMARY = "object-maria/Calendar"
MOMENT = timedelta(seconds=1)
SWEPT_EVERY = timedelta(seconds=10)


@pytest.fixture
async def calendar_id(app: Application, maria: Person) -> CalendarId:
    """Maria's primary calendar, a second after it was read for the first time."""
    await app.connect(maria)
    await app.run_jobs()
    app.clock.advance(MOMENT)
    return (await app.calendar(PRIMARY)).calendar_id


def row(app: Application, calendar_id: CalendarId) -> tables.ReadingRow:
    return app.store.tables.readings[calendar_id]


def due_in(app: Application, calendar_id: CalendarId) -> timedelta:
    return row(app, calendar_id).due_at - app.clock.now()


async def mark(app: Application, calendar_id: CalendarId) -> None:
    async with app.store.transaction() as tx:
        await tx.readings.mark(calendar_id, app.clock.now())


async def test_keeps_the_time_and_nothing_else(
    app: Application, maria: Person, calendar_id: CalendarId
) -> None:
    maria.block(an_interval())

    assert await app.read_calendar(calendar_id) is None

    reading = row(app, calendar_id).reading
    assert reading is not None
    assert (reading.read_at, reading.zone) == (app.clock.now(), "Europe/Berlin")
    assert list(reading.busy) == [an_interval()]
    assert reading.window.start < after(days=-1)
    assert reading.window.end > after(days=120)


async def test_events_beyond_the_window_are_not_kept(
    app: Application, maria: Person, calendar_id: CalendarId
) -> None:
    for days in (-3, 125):
        maria.block(an_interval(starts=24 * days))

    await app.read_calendar(calendar_id)

    reading = row(app, calendar_id).reading
    assert reading is not None
    assert not reading.busy


async def test_our_own_events_are_no_busy_time_and_those_of_others_are(
    app: Application, maria: Person, calendar_id: CalendarId
) -> None:
    maria.block(an_interval(starts=30), mark="somebody-elses")
    await app.book()
    await app.run_jobs()

    await app.read_calendar(calendar_id)

    reading = row(app, calendar_id).reading
    assert reading is not None
    assert list(reading.busy) == [an_interval(starts=30)]


async def test_is_read_again_often_without_notifications_and_rarely_with(maria: Person) -> None:
    for push_on, pause in ((False, timedelta(minutes=5)), (True, timedelta(minutes=13))):
        app = an_application(push_on=push_on)
        await app.add_expert()
        await app.connect(app.provider.add_person("maria"))
        await app.run_jobs()
        assert due_in(app, (await app.calendar(PRIMARY)).calendar_id) == pause


async def test_a_subscription_that_has_ended_counts_for_nothing(
    app: Application, calendar_id: CalendarId
) -> None:
    app.push.refuses = "off"
    app.clock.advance(timedelta(days=7))

    await app.read_calendar(calendar_id)

    assert due_in(app, calendar_id) == timedelta(minutes=5)


@pytest.mark.parametrize("push_refused", [True, False], ids=["without push", "with push"])
async def test_polling_alone_brings_every_change(app: Application, maria: Person, push_refused: bool) -> None:
    """Whatever becomes of the notifications, of which none is ever sent here."""
    app.push.refuses = "off" if push_refused else ""
    await app.connect(maria)
    await app.run_jobs()
    maria.block(an_interval())

    for _ in range(6 * 61):
        await app.pass_time(SWEPT_EVERY)

    reading = row(app, (await app.calendar(PRIMARY)).calendar_id).reading
    assert reading is not None
    assert list(reading.busy) == [an_interval()]


@pytest.mark.parametrize(
    ("push_refused", "most"), [(True, timedelta(minutes=6)), (False, timedelta(minutes=14))]
)
async def test_a_stored_reading_always_satisfies_the_default_bound_though_nothing_is_told(
    app: Application, maria: Person, push_refused: bool, most: timedelta
) -> None:
    app.push.refuses = "off" if push_refused else ""
    await app.connect(maria)
    await app.run_jobs()
    oldest = timedelta()

    for _ in range(6 * 45):
        await app.pass_time(SWEPT_EVERY)
        (kept,) = app.store.tables.readings.values()
        assert kept.reading is not None
        oldest = max(oldest, app.clock.now() - kept.reading.read_at)

    assert most - timedelta(minutes=2) < oldest < most < DEFAULT_MAX_AGE


@pytest.mark.parametrize("after_doing", [False, True], ids=["before it is read", "after it was read"])
async def test_a_mark_that_lands_while_the_calendar_is_read_keeps_it_due(
    app: Application, maria: Person, calendar_id: CalendarId, after_doing: bool
) -> None:
    read = app.provider.hold("read_entries", after_doing=after_doing)
    async with app.running(app.read_calendar(calendar_id)) as reading:
        await read.reached.wait()
        app.clock.advance(MOMENT)
        maria.block(an_interval())
        await mark(app, calendar_id)
        read.release()
        await reading
    assert due_in(app, calendar_id) <= timedelta()

    await app.pass_time(SWEPT_EVERY)

    kept = row(app, calendar_id)
    assert kept.reading is not None
    assert list(kept.reading.busy) == [an_interval()]
    assert kept.due_at > app.clock.now()


async def test_a_mark_from_before_is_done_with_by_one_reading(
    app: Application, calendar_id: CalendarId
) -> None:
    await mark(app, calendar_id)
    await mark(app, calendar_id)

    await app.read_calendar(calendar_id)

    assert due_in(app, calendar_id) == timedelta(minutes=13)


async def test_a_slow_reading_never_replaces_one_that_began_later(
    app: Application, maria: Person, calendar_id: CalendarId
) -> None:
    slow = app.provider.hold("read_entries", after_doing=True)
    async with app.running(app.read_calendar(calendar_id)) as reading:
        await slow.reached.wait()
        app.clock.advance(MOMENT)
        maria.block(an_interval())
        await app.read_calendar(calendar_id)
        slow.release()
        await reading

    kept = row(app, calendar_id).reading
    assert kept is not None
    assert list(kept.busy) == [an_interval()]


async def test_two_processes_that_read_at_once_tell_a_change_once(
    app: Application, maria: Person, calendar_id: CalendarId
) -> None:
    maria.block(an_interval())
    app.forget_changes()
    first = app.provider.hold("read_entries", after_doing=True)
    async with app.running(app.read_calendar(calendar_id)) as one:
        await first.reached.wait()
        app.clock.advance(MOMENT)
        second = app.provider.hold("read_entries", after_doing=True)
        async with app.running(app.read_calendar(calendar_id)) as other:
            await second.reached.wait()
            first.release()
            await one
            second.release()
            await other

    assert len(app.changes(ChangeType.BUSY_TIME_CHANGED)) == 1


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (ProviderUnavailable(), UnreadReason.PROVIDER_UNAVAILABLE),
        (ProviderUnavailable(throttled=True), UnreadReason.THROTTLED),
        (InvalidAnswer(what="no list"), UnreadReason.INVALID_ANSWER),
        (AccessDenied(), UnreadReason.ACCESS_DENIED),
        (MailboxNotServed(), UnreadReason.MAILBOX_NOT_SERVED),
        (CalendarGone(), UnreadReason.CALENDAR_MISSING),
        (ProviderMisconfigured(code="invalid_client"), UnreadReason.SERVICE_MISCONFIGURED),
    ],
)
async def test_a_failure_keeps_the_old_reading_and_is_tried_again(
    app: Application, calendar_id: CalendarId, fault: DomainError, reason: UnreadReason
) -> None:
    before = row(app, calendar_id)
    app.provider.fail("read_entries", fault)

    assert _reason(await app.read_calendar(calendar_id)) is reason

    assert row(app, calendar_id).reading == before.reading
    assert due_in(app, calendar_id) == timedelta(seconds=30)


async def test_failures_in_a_row_are_tried_ever_more_rarely_until_one_succeeds(
    app: Application, calendar_id: CalendarId
) -> None:
    app.provider.fail("read_entries", ProviderUnavailable(), times=9)
    pauses = []
    for _ in range(9):
        await app.read_calendar(calendar_id)
        pauses.append(due_in(app, calendar_id))
    assert pauses[:3] == [timedelta(seconds=30), timedelta(minutes=1), timedelta(minutes=2)]
    assert pauses[-1] == timedelta(minutes=30)

    await app.read_calendar(calendar_id)
    app.provider.fail("read_entries", ProviderUnavailable())
    await app.read_calendar(calendar_id)

    assert due_in(app, calendar_id) == timedelta(seconds=30)


async def test_the_providers_own_wish_is_kept_where_it_is_longer(
    app: Application, calendar_id: CalendarId
) -> None:
    app.provider.fail("read_entries", ProviderUnavailable(retry_after=timedelta(minutes=7), throttled=True))

    await app.read_calendar(calendar_id)

    assert due_in(app, calendar_id) == timedelta(minutes=7)


async def test_a_throttled_mailbox_is_left_alone_in_all_of_its_calendars(
    app: Application, maria: Person, calendar_id: CalendarId
) -> None:
    side = maria.add_calendar("Side")
    await app.list_calendars(EXPERT, refresh=True)
    second = await app.connect(app.provider.add_person("second"))
    both = [calendar_id, (await app.calendar(side)).calendar_id]
    others = (await app.calendar("object-second/Calendar")).calendar_id
    await app.update_calendar_settings(EXPERT, conflict=[*both, others])
    app.provider.fail("read_entries", ProviderUnavailable(throttled=True, retry_after=timedelta(minutes=7)))

    await app.read_calendar(calendar_id)

    assert [due_in(app, one) for one in both] == [timedelta(minutes=7)] * 2
    assert due_in(app, others) <= timedelta()
    assert second.active


async def test_a_look_that_takes_too_long_is_given_up_and_put_off(
    app: Application, calendar_id: CalendarId, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LONGEST_LOOK", timedelta(milliseconds=10))
    app.provider.hold("read_entries")

    assert _reason(await app.read_calendar(calendar_id)) is UnreadReason.TIMED_OUT

    assert row(app, calendar_id).failures == 1
    assert due_in(app, calendar_id) == timedelta(seconds=30)


async def test_while_it_is_read_no_sweep_has_it_read_once_more(
    app: Application, calendar_id: CalendarId
) -> None:
    app.clock.advance(timedelta(hours=1))
    before = app.provider.calls["read_entries"]
    slow = app.provider.hold("read_entries")
    async with app.running(app.read_calendar(calendar_id)) as reading:
        await slow.reached.wait()
        for _ in range(7):
            await app.pass_time(SWEPT_EVERY)
        slow.release()
        await reading

    assert app.provider.calls["read_entries"] == before + 1


async def test_one_that_fails_for_a_reason_nobody_foresaw_stands_in_nobodys_way(
    app: Application, calendar_id: CalendarId
) -> None:
    app.clock.advance(timedelta(hours=1))
    app.provider.fail("read_entries", ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        await app.read_calendar(calendar_id)

    assert due_in(app, calendar_id) == LEASE


async def test_a_failure_that_comes_late_does_not_put_off_what_was_read_meanwhile(
    app: Application, calendar_id: CalendarId
) -> None:
    app.provider.fail("read_entries", ProviderUnavailable())
    slow = app.provider.hold("read_entries")
    async with app.running(app.read_calendar(calendar_id)) as reading:
        await slow.reached.wait()
        app.clock.advance(MOMENT)
        await app.read_calendar(calendar_id)
        slow.release()
        await reading

    assert row(app, calendar_id).failures == 0
    assert due_in(app, calendar_id) == timedelta(minutes=13)


async def test_a_vanished_calendar_has_the_list_looked_at_again(
    app: Application, maria: Person, calendar_id: CalendarId
) -> None:
    del maria.calendars[PRIMARY]
    maria.add_calendar("Other")

    await app.read_calendar(calendar_id)
    await app.run_jobs()

    assert (await app.calendar(PRIMARY)).missing
    assert _reason(await app.read_calendar(calendar_id)) is UnreadReason.CALENDAR_MISSING


async def test_lost_access_is_reported_once_and_an_alarm_ends_with_the_next_good_reading(
    app: Application, maria: Person, calendar_id: CalendarId
) -> None:
    app.provider.misconfigured = "AADSTS7000222"
    await app.read_calendar(calendar_id)
    assert app.alarms.raised == {Provider.MICROSOFT: "AADSTS7000222"}
    app.provider.misconfigured = ""
    await app.read_calendar(calendar_id)
    assert app.alarms.raised == {}

    maria.revoke()
    assert _reason(await app.read_calendar(calendar_id)) is UnreadReason.RECONNECT_REQUIRED

    assert [one.status for one in app.store.tables.accounts.values()] == [AccountStatus.RECONNECT_REQUIRED]
    assert len(app.store.tables.incidents) == 1


async def test_calendars_of_lost_accounts_are_left_alone_until_the_reconnect(
    app: Application, maria: Person, calendar_id: CalendarId
) -> None:
    maria.revoke()
    await app.read_calendar(calendar_id)
    before = app.provider.calls["read_entries"]

    await app.pass_time(timedelta(days=1))
    assert app.provider.calls["read_entries"] == before

    maria.block(an_interval())
    await app.connect(maria)
    await app.run_jobs()
    reading = row(app, calendar_id).reading
    assert reading is not None
    assert list(reading.busy) == [an_interval()]


@pytest.mark.parametrize("erased", [True, False], ids=["erased", "unchosen"])
async def test_nothing_is_brought_back_that_went_during_the_reading(
    app: Application, calendar_id: CalendarId, erased: bool
) -> None:
    read = app.provider.hold("read_entries", after_doing=True)
    async with app.running(app.read_calendar(calendar_id)) as reading:
        await read.reached.wait()
        if erased:
            await app.delete_expert(EXPERT)
        else:
            await app.update_calendar_settings(EXPERT, conflict=[])
        app.forget_changes()
        read.release()
        await reading

    assert app.store.tables.readings == {}
    assert app.changes() == []


async def test_an_unknown_calendar_is_missing(app: Application) -> None:
    assert _reason(await app.read_calendar(CalendarId("unknown"))) is UnreadReason.CALENDAR_MISSING
    assert app.provider.calls["read_entries"] == 0


async def test_an_event_written_while_the_calendar_is_read_is_known_for_ours(
    app: Application, calendar_id: CalendarId
) -> None:
    read = app.provider.hold("read_entries")
    async with app.running(app.read_calendar(calendar_id)) as reading:
        await read.reached.wait()
        await app.book()
        await app.write(SESSION)
        read.release()
        await reading

    kept = row(app, calendar_id).reading
    assert kept is not None
    assert not kept.busy


async def test_nothing_is_read_earlier_than_planned(app: Application, calendar_id: CalendarId) -> None:
    before = app.provider.calls["read_entries"]
    due_at: datetime = row(app, calendar_id).due_at
    app.clock.advance(due_at - app.clock.now() - MOMENT)
    await app.sweep_due()
    await app.run_jobs()
    assert app.provider.calls["read_entries"] == before

    await app.pass_time(MOMENT)
    assert app.provider.calls["read_entries"] == before + 1


def _reason(failure: ReadFailure | None) -> UnreadReason | None:
    return None if failure is None else failure.reason
