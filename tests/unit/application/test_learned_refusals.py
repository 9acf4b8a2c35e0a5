"""Calendars that refuse events although their list calls them writable: remembered, told, and tried again."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from application.accounts.start_connection import StartedConnection
from application.calendars.list_calendars import Listing
from domain.access import AccessDenied
from domain.account import Account, Provider
from domain.calendar import CalendarNotWritable
from domain.calendar_settings import WriteCalendarState
from domain.change import ChangeType
from domain.ids import ExpertId, SessionId
from domain.session import Hindrance, Session, WriteStatus
from tests.builders import EXPERT, an_interval
from tests.fakes.provider import REQUIRED, Person
from tests.support.application import RETURN_URL, Application

WIDER = "Calendars.ReadWrite.Shared"
SHARED = "object-maria/Shared"
PRIMARY = "object-maria/Calendar"
NEEDS_PERMISSION = (WriteStatus.WAITING, Hindrance.PERMISSION_REQUIRED)


async def choose(app: Application, remote_id: str) -> None:
    await app.update_calendar_settings(EXPERT, write=(await app.calendar(remote_id)).calendar_id)


async def write_state(app: Application) -> WriteCalendarState:
    return (await app.get_calendar_settings(EXPERT)).write.state


def state_of(session: Session) -> tuple[WriteStatus, Hindrance | None]:
    return session.status, session.hindrance


async def start(app: Application, account: Account) -> StartedConnection:
    return await app.start_connection(
        expert_id=ExpertId(EXPERT),
        provider=Provider.MICROSOFT,
        account_id=account.account_id,
        return_url=RETURN_URL,
    )


async def refused(app: Application, maria: Person) -> Account:
    """Maria's account, with somebody else's calendar chosen that has refused a session."""
    maria.add_calendar("Shared", shared=True)
    maria.shared_writes_take = (WIDER,)
    account = await app.connect(maria)
    await choose(app, SHARED)
    await app.book()
    await app.run_jobs()
    return account


async def test_a_refusal_is_remembered_and_told(app: Application, maria: Person) -> None:
    await refused(app, maria)

    assert state_of(await app.session()) == NEEDS_PERMISSION
    assert await write_state(app) is WriteCalendarState.PERMISSION_REQUIRED
    shared = await app.calendar(SHARED)
    assert (shared.writable, shared.permission_required, shared.demands) == (False, True, (WIDER,))
    offered = (await app.list_calendars(EXPERT, which=Listing.WRITABLE)).calendars
    assert [one.remote.remote_id for one in offered] == [PRIMARY]
    settings_changed, learned = app.changes(ChangeType.CALENDARS_CHANGED)[-2:]
    assert settings_changed.account_id is None
    assert learned.account_id == shared.account_id


async def test_later_sessions_wait_without_asking_the_provider(app: Application, maria: Person) -> None:
    await refused(app, maria)
    asked = app.provider.calls["create"]
    for number in range(5):
        await app.book(f"later-{number}", interval=an_interval(starts=30 + number))
    for _ in range(12):
        await app.pass_time(timedelta(hours=1))

    assert state_of(await app.session("later-3")) == NEEDS_PERMISSION
    assert app.provider.calls["create"] == asked


async def test_one_session_a_day_tries_again(app: Application, maria: Person) -> None:
    await refused(app, maria)
    await app.book("later", interval=an_interval(starts=60))
    asked = app.provider.calls["create"]
    app.forget_changes()
    for _ in range(50):
        await app.pass_time(timedelta(hours=1))
    assert app.provider.calls["create"] == asked + 2
    assert app.changes(ChangeType.CALENDARS_CHANGED) == []

    maria.shared_writes_take = ()
    for _ in range(24):
        await app.pass_time(timedelta(hours=1))
    assert len(maria.events) == 2
    assert await write_state(app) is WriteCalendarState.READY
    assert len(app.changes(ChangeType.CALENDARS_CHANGED)) == 1


async def test_the_sign_in_asks_for_what_the_chosen_calendar_takes(app: Application, maria: Person) -> None:
    account = await refused(app, maria)
    started = await start(app, account)

    (additional,) = started.additional
    assert (additional.permission, additional.calendar_id) == (
        WIDER,
        (await app.calendar(SHARED)).calendar_id,
    )
    assert parse_qs(urlsplit(started.authorization_url).query)["also"] == [WIDER]

    maria.granted = (*REQUIRED, WIDER)
    assert (await app.finish(started.state, maria)).failure is None
    await app.run_jobs()
    assert maria.the_event.calendar == SHARED
    assert await write_state(app) is WriteCalendarState.READY


async def test_nothing_more_is_asked_for_a_calendar_that_is_not_chosen(
    app: Application, maria: Person
) -> None:
    account = await refused(app, maria)
    await choose(app, PRIMARY)

    assert (await start(app, account)).additional == ()


async def test_nothing_more_is_asked_before_a_refusal(app: Application, maria: Person) -> None:
    maria.add_calendar("Shared", shared=True)
    account = await app.connect(maria)
    await choose(app, SHARED)

    assert (await start(app, account)).additional == ()


async def test_goes_on_asking_once_it_was_granted(app: Application, maria: Person) -> None:
    """Or the next sign-in would take away what this one gave."""
    account = await refused(app, maria)
    maria.granted = (*REQUIRED, WIDER)
    await app.connect(maria, reconnects=account.account_id)
    await app.run_jobs()

    assert len((await start(app, account)).additional) == 1


async def test_a_sign_in_without_the_permission_connects_and_changes_nothing(
    app: Application, maria: Person
) -> None:
    account = await refused(app, maria)
    asked = app.provider.calls["create"]
    await app.connect(maria, reconnects=account.account_id)
    await app.run_jobs()

    assert await write_state(app) is WriteCalendarState.PERMISSION_REQUIRED
    assert state_of(await app.session()) == NEEDS_PERMISSION
    assert app.provider.calls["create"] == asked


async def test_the_list_can_say_otherwise(app: Application, maria: Person) -> None:
    await refused(app, maria)
    maria.add_calendar("Shared", shared=True, writable=False)
    await app.list_calendars(EXPERT, refresh=True)
    assert await write_state(app) is WriteCalendarState.CALENDAR_NOT_WRITABLE

    maria.shared_writes_take = ()
    maria.add_calendar("Shared", shared=True)
    await app.list_calendars(EXPERT, refresh=True)
    await app.run_jobs()
    assert maria.the_event.calendar == SHARED


async def test_the_same_list_says_nothing(app: Application, maria: Person) -> None:
    await refused(app, maria)
    for _ in range(2):
        app.clock.advance(timedelta(days=2))
        await app.list_calendars(EXPERT, refresh=True)

    assert await write_state(app) is WriteCalendarState.PERMISSION_REQUIRED


async def test_a_calendar_that_only_a_permission_closes_can_be_chosen_again(
    app: Application, maria: Person
) -> None:
    account = await refused(app, maria)
    await choose(app, PRIMARY)
    await choose(app, SHARED)

    assert await write_state(app) is WriteCalendarState.PERMISSION_REQUIRED
    assert len((await start(app, account)).additional) == 1


async def test_a_calendar_that_refuses_for_no_known_reason_is_not_chosen(
    app: Application, maria: Person
) -> None:
    maria.add_calendar("Family")
    await app.connect(maria)
    await choose(app, "object-maria/Family")
    app.provider.fail("create", AccessDenied(), times=1000)
    await app.book()
    await app.run_jobs()
    assert await write_state(app) is WriteCalendarState.CALENDAR_NOT_WRITABLE
    assert state_of(await app.session()) == (WriteStatus.WAITING, Hindrance.CALENDAR_NOT_WRITABLE)
    await choose(app, PRIMARY)

    with pytest.raises(CalendarNotWritable):
        await choose(app, "object-maria/Family")
    app.clock.advance(timedelta(days=1))
    await app.list_calendars(EXPERT, refresh=True)
    await choose(app, "object-maria/Family")


async def test_a_missing_permission_is_no_reason_in_a_calendar_of_ones_own(
    app: Application, maria: Person
) -> None:
    account = await app.connect(maria)
    await choose(app, PRIMARY)
    app.provider.fail("create", AccessDenied(missing_permissions=(WIDER,)))
    await app.book()
    await app.run_jobs()

    assert await write_state(app) is WriteCalendarState.CALENDAR_NOT_WRITABLE
    assert (await start(app, account)).additional == ()


async def test_one_refusal_moves_no_session_to_another_account(app: Application, maria: Person) -> None:
    second = app.provider.add_person("second")
    await app.connect(maria)
    await app.connect(second)
    app.provider.fail("create", AccessDenied())
    await app.book()
    await app.run_jobs()
    assert await write_state(app) is WriteCalendarState.CALENDAR_NOT_WRITABLE
    await app.pass_time(timedelta(minutes=16))

    assert await write_state(app) is WriteCalendarState.READY
    assert second.events == {}
    assert len(maria.events) == 1


async def test_a_change_in_a_refusing_calendar_waits_for_the_permission(
    app: Application, maria: Person
) -> None:
    maria.add_calendar("Shared", shared=True)
    account = await app.connect(maria)
    await choose(app, SHARED)
    await app.book()
    await app.run_jobs()
    maria.shared_writes_take = (WIDER,)
    await app.book(interval=an_interval(starts=40))
    await app.run_jobs()
    assert state_of(await app.session()) == NEEDS_PERMISSION
    assert await write_state(app) is WriteCalendarState.PERMISSION_REQUIRED

    maria.granted = (*REQUIRED, WIDER)
    await app.connect(maria, reconnects=account.account_id)
    await app.run_jobs()
    assert maria.the_event.interval == an_interval(starts=40)


async def test_a_short_storm_is_over_in_seconds(app: Application, maria: Person) -> None:
    await app.connect(maria)
    app.provider.fail("create", AccessDenied(), times=2)
    await app.book()
    await app.book("other", interval=an_interval(starts=40))
    await app.run_jobs()
    assert await write_state(app) is WriteCalendarState.CALENDAR_NOT_WRITABLE
    for _ in range(4):
        await app.pass_time(timedelta(seconds=10))

    assert await write_state(app) is WriteCalendarState.READY
    assert len(maria.events) == 2


async def test_another_session_tries_when_the_refused_one_is_cancelled(
    app: Application, maria: Person
) -> None:
    await app.connect(maria)
    app.provider.fail("create", AccessDenied())
    await app.book()
    await app.run_jobs()
    await app.cancel_session(ExpertId(EXPERT), SessionId("session-1"))
    await app.book("other", interval=an_interval(starts=40))
    await app.run_jobs()
    assert maria.events == {}
    for _ in range(4):
        await app.pass_time(timedelta(minutes=5))

    assert len(maria.events) == 1


async def test_an_event_that_alone_can_not_be_changed_does_not_keep_others_waiting(
    app: Application, maria: Person
) -> None:
    """Its own tries go on, and none of them puts off the next one with a new event."""
    await app.connect(maria)
    await app.book()
    await app.run_jobs()
    app.provider.fail("update", AccessDenied(), times=100)
    await app.book(interval=an_interval(starts=30))
    for _ in range(30):
        await app.pass_time(timedelta(minutes=1))
    await app.book("other", interval=an_interval(starts=40))
    for _ in range(20):
        await app.pass_time(timedelta(minutes=1))

    assert (await app.session("other")).status is WriteStatus.WRITTEN
    assert state_of(await app.session()) == (WriteStatus.WAITING, Hindrance.CALENDAR_NOT_WRITABLE)
