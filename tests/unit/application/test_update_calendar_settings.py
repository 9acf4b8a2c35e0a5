"""Choosing calendars."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from domain.availability import UnreadReason
from domain.calendar import CalendarNotCheckable, CalendarNotFound, CalendarNotWritable, Uncheckable
from domain.calendar_settings import WriteCalendarState
from domain.errors import EtagMismatch
from domain.expert import ExpertNotFound
from domain.ids import CalendarId, ExpertId
from domain.session import Hindrance, WriteStatus
from tests.builders import EXPERT, an_interval
from tests.fakes.provider import Person
from tests.support.application import Application


async def id_of(app: Application, remote_id: str) -> CalendarId:
    return (await app.calendar(remote_id)).calendar_id


async def test_changes_only_what_is_given(app: Application, maria: Person) -> None:
    side = maria.add_calendar("Side")
    await app.connect(maria)
    wanted = await id_of(app, side)
    before = (await app.get_calendar_settings(EXPERT)).settings

    chosen = await app.update_calendar_settings(EXPERT, write=wanted)
    assert (chosen.settings.conflict, chosen.settings.chosen) == (before.conflict, wanted)

    chosen = await app.update_calendar_settings(EXPERT, conflict=[])
    assert (chosen.settings.conflict, chosen.settings.chosen) == (frozenset(), wanted)
    assert chosen == await app.get_calendar_settings(EXPERT)


async def test_a_write_calendar_can_be_made_automatic_again(app: Application, maria: Person) -> None:
    side = maria.add_calendar("Side")
    await app.connect(maria)
    await app.update_calendar_settings(EXPERT, write=await id_of(app, side))

    chosen = await app.update_calendar_settings(EXPERT, write=None)

    assert chosen.settings.chosen is None
    assert chosen.write.calendar == await app.calendar("object-maria/Calendar")


async def test_a_read_only_calendar_may_be_checked_but_not_written(app: Application, maria: Person) -> None:
    holidays = maria.add_calendar("Holidays", writable=False)
    await app.connect(maria)
    wanted = await id_of(app, holidays)

    chosen = await app.update_calendar_settings(EXPERT, conflict=[wanted])
    assert chosen.settings.conflict == {wanted}
    with pytest.raises(CalendarNotWritable):
        await app.update_calendar_settings(EXPERT, write=wanted)
    assert (await app.get_calendar_settings(EXPERT)) == chosen


async def test_a_calendar_that_can_not_be_checked_is_not_chosen(app: Application, maria: Person) -> None:
    feed = maria.add_calendar("Fixtures", uncheckable=Uncheckable.SUBSCRIBED)
    await app.connect(maria)
    wanted = await id_of(app, feed)
    before = await app.get_calendar_settings(EXPERT)

    with pytest.raises(CalendarNotCheckable):
        await app.update_calendar_settings(EXPERT, conflict=[*before.settings.conflict, wanted])
    with pytest.raises(CalendarNotWritable):
        await app.update_calendar_settings(EXPERT, write=wanted)
    assert await app.get_calendar_settings(EXPERT) == before


async def test_one_that_was_chosen_before_is_unread_until_it_is_left_out(
    app: Application, maria: Person
) -> None:
    side = maria.add_calendar("Side")
    await app.connect(maria)
    both = [await id_of(app, side), *(await app.get_calendar_settings(EXPERT)).settings.conflict]
    await app.update_calendar_settings(EXPERT, conflict=both)
    maria.calendars[side] = replace(maria.calendars[side], uncheckable=Uncheckable.SUBSCRIBED)
    await app.list_calendars(EXPERT, refresh=True)

    found = await app.look_up_availability(EXPERT, an_interval(), budget=timedelta(seconds=5))
    assert [one.reason for one in found.unread] == [UnreadReason.CALENDAR_MISSING]
    await app.update_calendar_settings(EXPERT, conflict=both)
    await app.update_calendar_settings(EXPERT, conflict=both[1:])
    with pytest.raises(CalendarNotCheckable):
        await app.update_calendar_settings(EXPERT, conflict=both)


async def test_refuses_a_missing_calendar_as_write_calendar(app: Application, maria: Person) -> None:
    side = maria.add_calendar("Side")
    await app.connect(maria)
    del maria.calendars[side]
    await app.list_calendars(EXPERT, refresh=True)

    with pytest.raises(CalendarNotWritable):
        await app.update_calendar_settings(EXPERT, write=await id_of(app, side))


async def test_the_chosen_calendar_may_stay_chosen_though_it_cannot_be_written(
    app: Application, maria: Person
) -> None:
    side = maria.add_calendar("Side")
    await app.connect(maria)
    wanted = await id_of(app, side)
    await app.update_calendar_settings(EXPERT, write=wanted)
    del maria.calendars[side]
    await app.list_calendars(EXPERT, refresh=True)

    chosen = await app.update_calendar_settings(EXPERT, conflict=[], write=wanted)

    assert chosen.write.state is WriteCalendarState.CALENDAR_MISSING


async def test_calendars_of_another_expert_are_not_found(app: Application, maria: Person) -> None:
    other = await app.add_expert("expert-2")
    await app.connect(maria)
    foreign = await id_of(app, "object-maria/Calendar")

    with pytest.raises(CalendarNotFound) as refusal:
        await app.update_calendar_settings(other, conflict=[foreign])
    assert refusal.value.field == "conflict_calendar_ids"
    with pytest.raises(CalendarNotFound) as refusal:
        await app.update_calendar_settings(other, write=foreign)
    assert refusal.value.field == "write_calendar_id"
    assert (await app.get_calendar_settings(other)).settings.version == 0


async def test_half_of_a_wrong_update_is_not_kept(app: Application, maria: Person) -> None:
    await app.connect(maria)
    before = await app.get_calendar_settings(EXPERT)

    with pytest.raises(CalendarNotFound):
        await app.update_calendar_settings(EXPERT, conflict=[], write=CalendarId("unknown"))

    assert await app.get_calendar_settings(EXPERT) == before


async def test_refuses_a_stale_etag(app: Application, maria: Person) -> None:
    await app.connect(maria)
    etag = (await app.get_calendar_settings(EXPERT)).settings.etag
    chosen = await app.update_calendar_settings(EXPERT, etag=etag, conflict=[])

    with pytest.raises(EtagMismatch):
        await app.update_calendar_settings(EXPERT, etag=etag, write=None)
    assert chosen.settings.etag != etag
    await app.update_calendar_settings(EXPERT, etag=chosen.settings.etag, write=None)


async def test_of_two_updates_that_cross_one_wins(app: Application, maria: Person) -> None:
    await app.connect(maria)
    etag = (await app.get_calendar_settings(EXPERT)).settings.etag

    outcomes = await asyncio.gather(
        *(app.update_calendar_settings(EXPERT, etag=etag, conflict=[]) for _ in range(2)),
        return_exceptions=True,
    )

    assert [isinstance(outcome, EtagMismatch) for outcome in outcomes].count(True) == 1


async def test_an_unknown_expert_has_no_settings(app: Application) -> None:
    nobody = ExpertId("nobody")
    with pytest.raises(ExpertNotFound):
        await app.update_calendar_settings(nobody, conflict=[])
    with pytest.raises(ExpertNotFound):
        await app.get_calendar_settings(nobody)


async def test_a_choice_lets_waiting_sessions_be_written(app: Application, maria: Person) -> None:
    maria.add_calendar("Calendar", primary=True, writable=False)
    side = maria.add_calendar("Side")
    await app.connect(maria)
    await app.book()
    await app.run_jobs()
    waiting = await app.session()
    assert (waiting.status, waiting.hindrance) == (WriteStatus.WAITING, Hindrance.NO_WRITABLE_CALENDAR)

    await app.update_calendar_settings(EXPERT, write=await id_of(app, side))
    await app.run_jobs()

    assert (await app.session()).status is WriteStatus.WRITTEN
    assert [event.calendar for event in maria.events.values()] == [side]
