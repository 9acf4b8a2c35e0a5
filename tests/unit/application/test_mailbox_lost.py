"""An account whose mailbox is no longer served: what is told of it, and how it ends."""

from datetime import timedelta

from domain.access import AccessLost, LossCause
from domain.account import Account, AccountStatus
from domain.availability import UnreadReason
from domain.calendar_settings import WriteCalendarState
from domain.change import ChangeType
from domain.ids import IncidentId, SessionId
from domain.session import Hindrance, Session, WriteStatus
from tests.builders import EXPERT, an_interval
from tests.fakes.provider import Person
from tests.support.application import Application


async def write_state(app: Application) -> WriteCalendarState:
    return (await app.get_calendar_settings(EXPERT)).write.state


def state_of(session: Session) -> tuple[WriteStatus, Hindrance | None]:
    return session.status, session.hindrance


async def test_settings_and_sessions_name_the_mailbox(app: Application, maria: Person) -> None:
    account = await app.connect(maria)
    await app.run_jobs()
    maria.served = False
    await app.book()
    await app.run_jobs()

    assert state_of(await app.session()) == (WriteStatus.WAITING, Hindrance.MAILBOX_NOT_SERVED)
    assert await write_state(app) is WriteCalendarState.MAILBOX_NOT_SERVED
    assert not (await app.account(account.account_id)).served
    assert (await app.account(account.account_id)).status is AccountStatus.ACTIVE


async def test_a_reading_that_finds_no_mailbox_changes_the_state(app: Application, maria: Person) -> None:
    await app.connect(maria)
    await app.run_jobs()
    maria.served = False
    app.forget_changes()
    await app.pass_time(timedelta(minutes=30))

    assert await write_state(app) is WriteCalendarState.MAILBOX_NOT_SERVED
    assert len(app.changes(ChangeType.CALENDARS_CHANGED)) == 1


async def test_one_word_of_a_calendar_is_not_believed(app: Application, maria: Person) -> None:
    """The list of calendars is asked before the mailbox counts as lost."""
    await app.connect(maria)
    await app.run_jobs()
    maria.served = False
    calendar = await app.calendar("object-maria/Calendar")
    failure = await app.read_calendar(calendar.calendar_id)
    assert failure is not None
    assert failure.reason is UnreadReason.MAILBOX_NOT_SERVED
    maria.served = True
    await app.run_jobs()

    assert await write_state(app) is WriteCalendarState.READY


async def test_everything_goes_on_when_the_mailbox_is_served_again(app: Application, maria: Person) -> None:
    account = await app.connect(maria)
    await app.book("written", interval=an_interval(starts=30))
    await app.run_jobs()
    maria.served = False
    await app.book("waiting")
    await app.cancel_session(EXPERT, SessionId("written"))
    await app.run_jobs()
    assert state_of(await app.session("written")) == (WriteStatus.WAITING, Hindrance.MAILBOX_NOT_SERVED)
    maria.served = True
    app.forget_changes()
    await app.pass_time(timedelta(minutes=16))

    assert (await app.account(account.account_id)).served
    assert await write_state(app) is WriteCalendarState.READY
    assert maria.the_event.interval == an_interval()
    assert len(app.changes(ChangeType.CALENDARS_CHANGED)) == 1


async def test_automatic_goes_to_an_account_that_has_a_mailbox(app: Application, maria: Person) -> None:
    await app.connect(maria)
    second = app.provider.add_person("second")
    await app.connect(second)
    maria.served = False
    await app.list_calendars(EXPERT, refresh=True)
    await app.book()
    await app.run_jobs()

    assert second.the_event.interval == an_interval()


async def test_a_chosen_calendar_waits_for_its_mailbox(app: Application, maria: Person) -> None:
    await app.connect(maria)
    second = app.provider.add_person("second")
    await app.connect(second)
    chosen = await app.calendar("object-maria/Calendar")
    await app.update_calendar_settings(EXPERT, write=chosen.calendar_id)
    maria.served = False
    await app.list_calendars(EXPERT, refresh=True)

    assert await write_state(app) is WriteCalendarState.MAILBOX_NOT_SERVED
    assert second.events == {}


async def test_a_new_sign_in_proves_the_mailbox(app: Application, maria: Person) -> None:
    account = await app.connect(maria)
    maria.served = False
    await app.list_calendars(EXPERT, refresh=True)
    maria.served = True
    await app.connect(maria, reconnects=account.account_id)

    assert await write_state(app) is WriteCalendarState.READY


async def test_the_expert_is_told_once_it_has_lasted(app: Application, maria: Person) -> None:
    account = await app.connect(maria)
    await app.run_jobs()
    maria.served = False
    for _ in range(5):
        await app.pass_time(timedelta(hours=1))
    assert app.mailer.sent == []
    for _ in range(30):
        await app.pass_time(timedelta(hours=1))

    assert [mail.cause for mail in app.mailer.sent] == [LossCause.MAILBOX_NOT_SERVED]
    assert (await app.account(account.account_id)).status is AccountStatus.ACTIVE
    maria.served = True
    app.forget_changes()
    await app.pass_time(timedelta(minutes=16))
    assert len(app.changes(ChangeType.INCIDENT_CLOSED)) == 1
    assert await write_state(app) is WriteCalendarState.READY


async def test_nobody_is_told_of_a_mailbox_that_has_just_come_back(app: Application, maria: Person) -> None:
    await app.connect(maria)
    await app.run_jobs()
    maria.served = False
    for _ in range(6):
        await app.list_calendars(EXPERT, refresh=True)
        app.clock.advance(timedelta(hours=1))
    await app.list_calendars(EXPERT, refresh=True)
    maria.served = True
    await app.run_jobs()

    assert app.mailer.sent == []
    assert len(app.changes(ChangeType.INCIDENT_OPENED)) == len(app.changes(ChangeType.INCIDENT_CLOSED)) == 1
    assert await write_state(app) is WriteCalendarState.READY


async def test_a_mailbox_whose_access_is_lost_as_well_is_told_anew(app: Application, maria: Person) -> None:
    account = await app.connect(maria)
    await app.run_jobs()
    maria.served = False
    for _ in range(12):
        await app.pass_time(timedelta(hours=1))
    maria.revoke()
    await app.pass_time(timedelta(hours=1))

    assert [mail.cause for mail in app.mailer.sent] == [
        LossCause.MAILBOX_NOT_SERVED,
        LossCause.SIGN_IN_REQUIRED,
    ]
    assert (await app.account(account.account_id)).status is AccountStatus.RECONNECT_REQUIRED


async def lose_mailbox(app: Application, person: Person) -> tuple[Account, IncidentId]:
    """Until there is an incident, whose mail is still to be sent."""
    account = await app.connect(person)
    await app.run_jobs()
    person.served = False
    for _ in range(7):
        await app.list_calendars(EXPERT, refresh=True)
        app.clock.advance(timedelta(hours=1))
    (listed,) = await app.list_incidents(EXPERT, limit=10)
    return account, listed.found.incident.incident_id


async def lose_access(app: Application, account: Account) -> None:
    await app.report_lost_access(
        AccessLost(account_id=account.account_id, grant_version=1, cause=LossCause.SIGN_IN_REQUIRED)
    )


async def test_access_lost_while_the_mailbox_was_told_of_is_told_next(
    app: Application, maria: Person
) -> None:
    account, incident_id = await lose_mailbox(app, maria)
    held = app.provider.hold("list_calendars")
    async with app.running(app.notify_expert(incident_id)) as notifying:
        await held.reached.wait()
        await lose_access(app, account)
        held.release()
        await notifying
    maria.revoke()
    await app.run_jobs()

    assert [mail.cause for mail in app.mailer.sent] == [
        LossCause.MAILBOX_NOT_SERVED,
        LossCause.SIGN_IN_REQUIRED,
    ]


async def test_access_lost_while_the_mailbox_was_found_again_is_told(app: Application, maria: Person) -> None:
    account, incident_id = await lose_mailbox(app, maria)
    maria.served = True
    held = app.provider.hold("list_calendars", after_doing=True)
    async with app.running(app.notify_expert(incident_id)) as notifying:
        await held.reached.wait()
        maria.revoke()
        await lose_access(app, account)
        held.release()
        await notifying
    await app.run_jobs()

    assert [mail.cause for mail in app.mailer.sent] == [LossCause.SIGN_IN_REQUIRED]


async def test_an_incident_that_is_about_more_is_told_in_the_feed(app: Application, maria: Person) -> None:
    account, incident_id = await lose_mailbox(app, maria)
    app.forget_changes()
    await lose_access(app, account)

    assert [one.incident_id for one in app.changes(ChangeType.INCIDENT_OPENED)] == [incident_id]
