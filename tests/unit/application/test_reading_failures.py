"""Looks that fail: the old reading stays, the next try waits, and whoever can help hears of it."""

from datetime import timedelta

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
from domain.availability import UnreadReason
from domain.connection import MailboxNotServed
from domain.errors import DomainError
from domain.ids import CalendarId
from domain.reading import LEASE
from tests.builders import EXPERT, an_interval
from tests.fakes.provider import Person
from tests.support.application import Application
from tests.unit.application.readings import PRIMARY, a_calendar_just_read, due_in, reason_of, row


@pytest.fixture
async def calendar_id(app: Application, maria: Person) -> CalendarId:
    return await a_calendar_just_read(app, maria)


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

    assert reason_of(await app.read_calendar(calendar_id)) is reason

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

    assert reason_of(await app.read_calendar(calendar_id)) is UnreadReason.TIMED_OUT

    assert row(app, calendar_id).failures == 1
    assert due_in(app, calendar_id) == timedelta(seconds=30)


async def test_one_that_fails_for_a_reason_nobody_foresaw_stands_in_nobodys_way(
    app: Application, calendar_id: CalendarId
) -> None:
    app.clock.advance(timedelta(hours=1))
    app.provider.fail("read_entries", ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        await app.read_calendar(calendar_id)

    assert due_in(app, calendar_id) == LEASE


async def test_a_vanished_calendar_has_the_list_looked_at_again(
    app: Application, maria: Person, calendar_id: CalendarId
) -> None:
    del maria.calendars[PRIMARY]
    maria.add_calendar("Other")

    await app.read_calendar(calendar_id)
    await app.run_jobs()

    assert (await app.calendar(PRIMARY)).missing
    assert reason_of(await app.read_calendar(calendar_id)) is UnreadReason.CALENDAR_MISSING


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
    assert reason_of(await app.read_calendar(calendar_id)) is UnreadReason.RECONNECT_REQUIRED

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


async def test_an_unknown_calendar_is_missing(app: Application) -> None:
    assert reason_of(await app.read_calendar(CalendarId("unknown"))) is UnreadReason.CALENDAR_MISSING
    assert app.provider.calls["read_entries"] == 0
