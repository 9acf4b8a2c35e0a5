"""What is chosen for an expert who has not chosen: conflict calendars at connect time, the automatic write calendar."""

from domain.calendar_settings import WriteCalendarState
from domain.ids import ExpertId
from tests.builders import EXPERT
from tests.fakes.provider import Person
from tests.support.application import Application


async def test_an_expert_without_accounts_has_nothing_chosen(app: Application) -> None:
    chosen = await app.get_calendar_settings(EXPERT)

    assert chosen.settings.conflict == frozenset()
    assert chosen.write.state is WriteCalendarState.NO_WRITABLE_CALENDAR


async def test_connecting_checks_the_primary_calendar_for_conflicts_and_writes_to_it(
    app: Application, maria: Person
) -> None:
    maria.add_calendar("Side")
    await app.connect(maria)

    chosen = await app.get_calendar_settings(EXPERT)
    primary = await app.calendar("object-maria/Calendar")
    assert chosen.settings.conflict == {primary.calendar_id}
    assert chosen.settings.chosen is None
    assert (chosen.write.state, chosen.write.calendar) == (WriteCalendarState.READY, primary)


async def test_every_account_adds_its_primary_calendar_but_the_oldest_is_written_to(
    app: Application, maria: Person
) -> None:
    await app.connect(maria)
    await app.connect(app.provider.add_person("second"))

    chosen = await app.get_calendar_settings(EXPERT)
    first, second = await app.calendar("object-maria/Calendar"), await app.calendar("object-second/Calendar")
    assert chosen.settings.conflict == {first.calendar_id, second.calendar_id}
    assert chosen.write.calendar == first


async def test_connecting_keeps_what_was_chosen_before(app: Application, maria: Person) -> None:
    side = maria.add_calendar("Side")
    await app.connect(maria)
    wanted = (await app.calendar(side)).calendar_id
    await app.update_calendar_settings(EXPERT, conflict=[wanted], write=wanted)

    await app.connect(app.provider.add_person("second"))

    chosen = await app.get_calendar_settings(EXPERT)
    added = await app.calendar("object-second/Calendar")
    assert chosen.settings.conflict == {wanted, added.calendar_id}
    assert chosen.settings.chosen == wanted


async def test_an_account_without_a_primary_calendar_connects_with_nothing_preselected(
    app: Application,
) -> None:
    person = app.provider.add_person("odd", calendar=False)
    person.add_calendar("Some calendar")
    await app.connect(person)

    chosen = await app.get_calendar_settings(EXPERT)
    assert chosen.settings.conflict == frozenset()
    assert chosen.write.state is WriteCalendarState.NO_WRITABLE_CALENDAR
    assert len((await app.list_calendars(EXPERT)).calendars) == 1


async def test_the_automatic_write_calendar_follows_the_working_accounts(
    app: Application, maria: Person
) -> None:
    oldest = await app.connect(maria)
    younger = await app.connect(app.provider.add_person("second"))
    maria.revoke()
    await app.list_calendars(EXPERT, refresh=True)

    chosen = await app.get_calendar_settings(EXPERT)
    assert chosen.write.calendar is not None
    assert chosen.write.calendar.account_id == younger.account_id

    await app.connect(maria, reconnects=oldest.account_id)
    chosen = await app.get_calendar_settings(EXPERT)
    assert chosen.write.calendar is not None
    assert chosen.write.calendar.account_id == oldest.account_id


async def test_automatic_waits_for_a_reconnect_when_no_account_works(app: Application, maria: Person) -> None:
    await app.connect(maria)
    maria.revoke()
    await app.list_calendars(EXPERT, refresh=True)

    assert (await app.get_calendar_settings(EXPERT)).write.state is WriteCalendarState.RECONNECT_REQUIRED


async def test_a_chosen_write_calendar_is_not_replaced_by_a_guess(app: Application, maria: Person) -> None:
    side = maria.add_calendar("Side")
    account = await app.connect(maria)
    await app.connect(app.provider.add_person("second"))
    await app.update_calendar_settings(EXPERT, write=(await app.calendar(side)).calendar_id)

    def unwritable() -> None:
        maria.add_calendar("Side", writable=False)

    def deleted() -> None:
        del maria.calendars[side]

    for change, state in (
        (unwritable, WriteCalendarState.CALENDAR_NOT_WRITABLE),
        (deleted, WriteCalendarState.CALENDAR_MISSING),
        (maria.revoke, WriteCalendarState.RECONNECT_REQUIRED),
    ):
        change()
        await app.list_calendars(EXPERT, refresh=True)
        assert (await app.get_calendar_settings(EXPERT)).write.state is state

    await app.disconnect_account(ExpertId(EXPERT), account.account_id)
    write = (await app.get_calendar_settings(EXPERT)).write
    assert (write.state, write.calendar) == (WriteCalendarState.ACCOUNT_DISCONNECTED, None)
