"""What watchers are told: each change once, when it happens, and never what it says."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from domain.access import AccessLost, ProviderUnavailable, WriteRefused
from domain.calendar import CalendarNotFound
from domain.change import Change, ChangeType, hold_placed
from domain.ids import CalendarId, SessionId
from domain.taken import BookedTime
from tests.builders import ACCOUNT, EXPERT, INCIDENT, NOW, SESSION, a_hold, after, an_interval
from tests.fakes.provider import Person
from tests.support.application import CHANGES_KEPT, Application

PRIMARY = "object-maria/Calendar"
MOMENT = timedelta(seconds=1)
BUSY, COLLIDES = ChangeType.BUSY_TIME_CHANGED, ChangeType.SESSION_COLLIDES
OF_SESSIONS = (ChangeType.SESSION_WRITTEN, ChangeType.SESSION_WAITING, ChangeType.SESSION_FAILED)


@pytest.fixture
async def calendar_id(app: Application, maria: Person) -> CalendarId:
    """Maria's primary calendar, a second after it was read for the first time; nothing was told yet."""
    await app.connect(maria)
    await app.run_jobs()
    app.clock.advance(MOMENT)
    app.forget_changes()
    return (await app.calendar(PRIMARY)).calendar_id


def types(app: Application, *which: ChangeType) -> list[ChangeType]:
    return [one.type for one in app.changes(*which)]


async def read(app: Application, calendar_id: CalendarId) -> None:
    app.clock.advance(MOMENT)
    await app.read_calendar(calendar_id)


async def test_an_account_lost_is_told_once_whoever_finds_out(
    app: Application, maria: Person, calendar_id: CalendarId
) -> None:
    lost = AccessLost(account_id=ACCOUNT, grant_version=1)

    await asyncio.gather(*(app.report_lost_access(lost) for _ in range(5)))

    told = Change(
        type=ChangeType.ACCOUNT_RECONNECT_REQUIRED, expert_id=EXPERT, at=app.clock.now(), account_id=ACCOUNT
    )
    incident = replace(told, type=ChangeType.INCIDENT_OPENED, incident_id=INCIDENT)
    assert app.changes() == [told, incident]


async def test_a_reconnect_is_told_and_with_it_calendars_that_changed_meanwhile(
    app: Application, maria: Person, calendar_id: CalendarId
) -> None:
    await app.connect(maria, reconnects=ACCOUNT)
    assert types(app) == [ChangeType.ACCOUNT_RECONNECTED]
    app.forget_changes()

    maria.add_calendar("New one")
    await app.connect(maria, reconnects=ACCOUNT)

    assert sorted(types(app), key=lambda one: one.value) == [
        ChangeType.ACCOUNT_RECONNECTED,
        ChangeType.CALENDARS_CHANGED,
    ]


async def test_a_false_alarm_is_told_to_be_one(
    app: Application, maria: Person, calendar_id: CalendarId
) -> None:
    await app.report_lost_access(AccessLost(account_id=ACCOUNT, grant_version=1))
    await app.run_jobs()

    assert types(app) == [
        ChangeType.ACCOUNT_RECONNECT_REQUIRED,
        ChangeType.INCIDENT_OPENED,
        ChangeType.ACCOUNT_RECONNECTED,
        ChangeType.INCIDENT_CLOSED,
    ]
    assert app.mailer.sent == []


async def test_a_new_account_and_one_that_goes_are_told_and_so_are_their_calendars(
    app: Application, maria: Person
) -> None:
    account = await app.connect(maria)
    connected = app.changes()
    app.forget_changes()
    await app.disconnect_account(EXPERT, account.account_id)

    for type_, told in (
        (ChangeType.ACCOUNT_CONNECTED, connected),
        (ChangeType.ACCOUNT_DISCONNECTED, app.changes()),
    ):
        assert [(one.type, one.account_id) for one in told] == [
            (type_, account.account_id),
            (ChangeType.CALENDARS_CHANGED, account.account_id),
        ]


async def test_a_list_that_changed_is_told_once(
    app: Application, maria: Person, calendar_id: CalendarId
) -> None:
    maria.add_calendar("New one")
    await app.refresh_calendars(ACCOUNT)
    await app.refresh_calendars(ACCOUNT)
    assert types(app) == [ChangeType.CALENDARS_CHANGED]

    maria.calendars.clear()
    await app.refresh_calendars(ACCOUNT)
    assert types(app) == [ChangeType.CALENDARS_CHANGED]


async def test_other_choices_are_told(app: Application, maria: Person, calendar_id: CalendarId) -> None:
    await app.update_calendar_settings(EXPERT, conflict=[])

    assert types(app) == [ChangeType.CALENDARS_CHANGED]


async def test_a_refused_choice_is_not_told(app: Application, maria: Person, calendar_id: CalendarId) -> None:
    with pytest.raises(CalendarNotFound):
        await app.update_calendar_settings(EXPERT, conflict=[CalendarId("unknown")])

    assert app.changes() == []


async def test_busy_time_is_told_when_it_changed_and_not_when_it_was_only_read(
    app: Application, maria: Person, calendar_id: CalendarId
) -> None:
    await read(app, calendar_id)
    assert app.changes() == []

    maria.block(an_interval())
    await read(app, calendar_id)
    await read(app, calendar_id)

    told = Change(
        type=BUSY, expert_id=EXPERT, at=app.clock.now() - MOMENT, account_id=ACCOUNT, calendar_id=calendar_id
    )
    assert app.changes() == [told]

    maria.entries.clear()
    await read(app, calendar_id)
    assert types(app) == [BUSY, BUSY]


async def test_a_calendar_read_for_the_first_time_is_told(app: Application, maria: Person) -> None:
    await app.connect(maria)
    await app.run_jobs()

    assert types(app, BUSY) == [BUSY]


async def test_our_own_events_change_no_busy_time(
    app: Application, maria: Person, calendar_id: CalendarId
) -> None:
    await app.book()
    await app.run_jobs()
    await read(app, calendar_id)

    assert types(app) == [ChangeType.SESSION_ACCEPTED, ChangeType.SESSION_WRITTEN]


async def test_days_that_come_into_reach_are_no_change(
    app: Application, maria: Person, calendar_id: CalendarId
) -> None:
    maria.block(an_interval(starts=24 * 122))
    app.clock.advance(timedelta(days=2))
    await read(app, calendar_id)

    assert app.changes() == []
    reading = app.store.tables.readings[calendar_id].reading
    assert reading is not None
    assert reading.busy


async def test_a_failed_reading_tells_nothing(
    app: Application, maria: Person, calendar_id: CalendarId
) -> None:
    maria.block(an_interval())
    app.provider.fail("read_entries", ProviderUnavailable())

    await read(app, calendar_id)

    assert app.changes() == []


async def test_a_session_is_told_to_be_written_once(
    app: Application, maria: Person, calendar_id: CalendarId
) -> None:
    await app.book()
    assert types(app, *OF_SESSIONS) == []
    await app.run_jobs()
    await app.write()
    await app.pass_time(timedelta(days=1))

    (told,) = app.changes(*OF_SESSIONS)
    assert (told.type, told.session_id) == (ChangeType.SESSION_WRITTEN, SESSION)


async def test_each_written_revision_is_told_and_the_cancellation_too(
    app: Application, maria: Person, calendar_id: CalendarId
) -> None:
    await app.book()
    await app.run_jobs()
    await app.book(interval=an_interval(starts=30))
    await app.run_jobs()
    await app.cancel_session(EXPERT, SESSION)
    await app.run_jobs()

    assert types(app, *OF_SESSIONS) == [ChangeType.SESSION_WRITTEN] * 3


async def test_a_waiting_session_is_told_once_however_often_it_is_tried(
    app: Application, maria: Person, calendar_id: CalendarId
) -> None:
    app.provider.outage = True
    await app.book()
    for _ in range(20):
        await app.pass_time(timedelta(minutes=1))
    assert types(app, *OF_SESSIONS) == [ChangeType.SESSION_WAITING]

    app.provider.outage = False
    await app.pass_time(timedelta(minutes=15))
    assert types(app, *OF_SESSIONS) == [ChangeType.SESSION_WAITING, ChangeType.SESSION_WRITTEN]


async def test_another_hindrance_is_told_anew(
    app: Application, maria: Person, calendar_id: CalendarId
) -> None:
    app.provider.outage = True
    await app.book()
    await app.run_jobs()
    app.provider.outage = False
    maria.revoke()
    await app.pass_time(timedelta(minutes=1))

    assert types(app, *OF_SESSIONS) == [ChangeType.SESSION_WAITING] * 2


async def test_a_refused_session_is_told_to_have_failed(
    app: Application, maria: Person, calendar_id: CalendarId
) -> None:
    app.provider.fail("create", WriteRefused(code="ErrorInvalidRequest"))
    await app.book()
    await app.run_jobs()
    await app.pass_time(timedelta(days=1))

    assert types(app, *OF_SESSIONS) == [ChangeType.SESSION_FAILED]


async def test_an_event_that_came_over_a_session_is_told_once(
    app: Application, maria: Person, calendar_id: CalendarId
) -> None:
    await app.book()
    await app.book("elsewhere", interval=an_interval(starts=30))
    await app.run_jobs()
    maria.block(an_interval(starts=24.5))

    await read(app, calendar_id)
    maria.block(an_interval(starts=48))
    await read(app, calendar_id)

    (told,) = app.changes(COLLIDES)
    assert (told.session_id, told.calendar_id, told.account_id) == (SESSION, calendar_id, ACCOUNT)


async def test_a_collision_that_went_and_came_again_is_told_again(
    app: Application, maria: Person, calendar_id: CalendarId
) -> None:
    await app.book()
    for _ in range(2):
        maria.block(an_interval())
        await read(app, calendar_id)
        maria.entries.clear()
        await read(app, calendar_id)

    assert types(app, COLLIDES) == [COLLIDES] * 2


async def test_a_session_booked_over_an_event_is_no_news(
    app: Application, maria: Person, calendar_id: CalendarId
) -> None:
    maria.block(an_interval())
    await read(app, calendar_id)
    await app.book()
    await read(app, calendar_id)

    assert app.changes(COLLIDES) == []


async def test_cancelled_sessions_collide_with_nothing(
    app: Application, maria: Person, calendar_id: CalendarId
) -> None:
    await app.book()
    await app.cancel_session(EXPERT, SESSION)
    maria.block(an_interval())

    await read(app, calendar_id)

    assert app.changes(COLLIDES) == []


async def test_a_collision_on_a_day_that_comes_into_reach_is_told(
    app: Application, maria: Person, calendar_id: CalendarId
) -> None:
    far = an_interval(starts=24 * 122)
    maria.block(far)
    await app.book(interval=far)
    app.clock.advance(timedelta(days=2))

    await read(app, calendar_id)

    assert [one.session_id for one in app.changes(COLLIDES)] == [SESSION]


async def test_what_a_transaction_dropped_was_never_told(
    app: Application, maria: Person, calendar_id: CalendarId
) -> None:
    with pytest.raises(ZeroDivisionError):
        async with app.store.transaction() as tx:
            await tx.changes.add(Change(type=BUSY, expert_id=EXPERT, at=app.clock.now()))
            raise ZeroDivisionError

    assert app.changes() == []


async def test_changes_are_kept_for_so_many_days(
    app: Application, maria: Person, calendar_id: CalendarId
) -> None:
    await app.update_calendar_settings(EXPERT, write=None)
    app.clock.advance(CHANGES_KEPT)
    await app.forget_ended()
    assert len(app.changes()) == 1

    app.clock.advance(MOMENT)
    await app.forget_ended()
    assert app.changes() == []


def test_a_change_carries_ids_and_no_times_of_anybody() -> None:
    booked = BookedTime(session_id=SessionId("session-1"), interval=an_interval())
    change = Change(type=COLLIDES, expert_id=EXPERT, at=after(), session_id=booked.session_id)
    ids = {"expert_id", "account_id", "calendar_id", "session_id", "hold_id", "incident_id"}
    assert set(change.__slots__) == {"type", "at", "expires_at"} | ids
    assert hold_placed(a_hold(), at=NOW).expires_at == a_hold().expires_at != a_hold().interval.end
