"""Sessions that can't be written wait, the callers are told why, and all are written once the way is free."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from psycopg import AsyncConnection

from calendarsync.v1 import calendar_pb2
from calendarsync.v1.account_pb2 import ACCOUNT_STATUS_ACTIVE
from calendarsync.v1.session_pb2 import EVENT_REPLACEMENT_ACCOUNT_DISCONNECTED
from tests.support.calls import EXPERT, TITLE, unread
from tests.support.service import Service, until


async def choose_team(service: Service) -> str:
    """Anna's account with its second calendar as the chosen write calendar; that calendar's id."""
    await service.connect("anna")
    team = await service.calendar_id("anna", "team")
    await service.choose(write_calendar_id=team)
    return team


async def state(service: Service) -> str:
    """What stands in the way of writing, as the settings tell it."""
    name = calendar_pb2.WriteCalendarState.Name((await service.calendar_settings()).write_calendar_state)
    return name.removeprefix("WRITE_CALENDAR_STATE_")


async def test_waits_when_no_account_is_connected(service: Service) -> None:
    await service.put_session()
    await service.waits("NO_WRITABLE_CALENDAR")
    await service.connect("anna")
    await service.written()
    assert len(service.events("anna")) == 1


async def test_waits_when_the_chosen_calendar_was_removed(service: Service) -> None:
    team = await choose_team(service)
    service.sandbox.world.calendars.remove("anna", "team")
    await service.put_session()
    await service.waits("CALENDAR_MISSING")
    await service.idle()
    assert await state(service) == "CALENDAR_MISSING"
    assert (await service.calendar_settings()).write_calendar_id == team
    assert not service.events("anna")
    await service.choose(write_calendar_id=await service.calendar_id("anna", "primary"))
    await service.written()
    assert len(service.events("anna")) == 1


async def test_waits_when_the_chosen_calendar_turned_read_only(service: Service) -> None:
    await choose_team(service)
    calendars = service.sandbox.world.calendars
    calendars.set_writable("anna", "team", can_edit=False)
    await service.put_session()
    await service.waits("CALENDAR_NOT_WRITABLE")
    await service.idle()
    assert await state(service) == "CALENDAR_NOT_WRITABLE"
    calendars.set_writable("anna", "team", can_edit=True)
    await service.list_calendars(refresh=True)
    await service.written()
    assert len(service.events("anna", "team")) == 1
    assert not service.events("anna")


async def test_follows_a_calendar_that_came_back_under_a_new_id(service: Service) -> None:
    team = await choose_team(service)
    service.sandbox.world.calendars.change_id("anna", "team")
    await service.put_session()
    session = await service.written()
    assert session.event.calendar_id == team
    assert len(service.events("anna", "team")) == 1


async def test_keeps_every_choice_when_the_list_comes_back_empty(service: Service) -> None:
    team = await choose_team(service)
    service.sandbox.world.people.change("anna", calendar_list="empty")
    listed = await service.list_calendars(refresh=True)
    assert not any(one.missing for one in listed)
    settings = await service.calendar_settings()
    assert (settings.write_calendar_id, settings.effective_write_calendar_id) == (team, team)
    assert len(settings.conflict_calendar_ids) == 1


async def test_waits_when_the_chosen_calendars_account_was_disconnected(service: Service) -> None:
    await service.connect("carla")
    team = await choose_team(service)
    anna = (await service.list_accounts())[1].account_id
    await service.disconnect(anna)
    await service.put_session()
    await service.waits("ACCOUNT_DISCONNECTED")
    assert await state(service) == "ACCOUNT_DISCONNECTED"
    assert (await service.calendar_settings()).write_calendar_id == team
    await service.choose(write_calendar_id="")
    await service.written()
    assert [one.subject for one in service.events("carla")] == [TITLE]


async def test_an_automatic_write_calendar_follows_the_accounts(service: Service) -> None:
    anna = await service.connect("anna")
    carla = await service.connect("carla")
    await service.disconnect(anna)
    await service.put_session()
    session = await service.written()
    assert session.event.account_id == carla


async def test_a_change_after_disconnecting_goes_into_a_new_event(service: Service) -> None:
    anna = await service.connect("anna")
    await service.connect("carla")
    await service.put_session()
    await service.written()
    await service.disconnect(anna)
    await service.put_session(title="Changed")
    session = await service.written(revision=2)
    assert session.event.replacement == EVENT_REPLACEMENT_ACCOUNT_DISCONNECTED
    assert [one.subject for one in service.events("carla")] == ["Changed"]
    assert [one.subject for one in service.events("anna")] == [TITLE]


async def test_a_cancelled_session_leaves_its_event_in_a_disconnected_account(service: Service) -> None:
    anna = await service.connect("anna")
    await service.connect("carla")
    await service.put_session()
    await service.written()
    await service.disconnect(anna)
    await service.cancel_session()
    await service.written(revision=2)
    assert len(service.events("anna")) == 1
    assert not service.events("carla")


async def test_a_change_of_what_was_in_a_removed_calendar_goes_into_a_new_event(service: Service) -> None:
    await choose_team(service)
    await service.put_session()
    await service.written()
    await service.choose(write_calendar_id="")
    service.sandbox.world.calendars.remove("anna", "team")
    await service.put_session(title="Changed")
    session = await service.written(revision=2)
    assert [one.subject for one in service.events("anna")] == ["Changed"]
    assert session.event.calendar_id == await service.calendar_id("anna", "primary")


async def test_all_waiting_sessions_are_written_in_their_last_state(service: Service) -> None:
    for number in range(5):
        await service.put_session(f"session-{number}", start=8 + number, title="First wish")
        await service.waits("NO_WRITABLE_CALENDAR", f"session-{number}")
    await service.put_session("session-0", start=8, title="Second wish")
    await service.cancel_session("session-1")
    await service.connect("anna")
    for number in range(5):
        await service.written(f"session-{number}")
    written = {(one.start.hour, one.subject) for one in service.events("anna")}
    assert written == {(8, "Second wish"), (10, "First wish"), (11, "First wish"), (12, "First wish")}


@asynccontextmanager
async def held_back(service: Service) -> AsyncIterator[AsyncConnection[Any]]:
    """A transaction under way that has the expert's lock, as a reconnect has, and commits in the end."""
    dsn = service.settings.database_url.get_secret_value()
    async with await AsyncConnection.connect(dsn) as connection:
        await connection.execute("SELECT FROM expert WHERE expert_id = %s FOR NO KEY UPDATE", [EXPERT])
        yield connection


async def somebody_waits(service: Service) -> None:
    await until(
        lambda: service.rows(
            "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        ),
        bool,
    )


async def test_a_session_that_meets_a_reconnect_on_its_way_is_written_at_once(service: Service) -> None:
    """The writer finds the account lost; before it lets the session wait, the reconnect commits and finds none."""
    await service.connect("anna")
    await service.database.execute("UPDATE account SET status = 'RECONNECT_REQUIRED'")
    async with held_back(service) as reconnect:
        await reconnect.execute("UPDATE account SET status = 'ACTIVE'")
        await service.put_session()
        await somebody_waits(service)
        assert await service.rows("SELECT status FROM session") == [{"status": "PENDING"}]
    await service.written()
    assert len(service.events("anna")) == 1


async def test_whoever_may_wake_sessions_takes_turns_with_those_who_let_them_wait(service: Service) -> None:
    """Looking at a list of calendars again is one of them, finding out a false alarm another."""
    await service.connect("anna")
    world = service.sandbox.world
    world.calendars.remove("anna", "team")
    async with held_back(service):
        refreshing = asyncio.ensure_future(service.list_calendars(refresh=True))
        await somebody_waits(service)
    assert any(one.missing for one in await refreshing)

    await service.settled()
    async with held_back(service):  # from before the loss, whoever notices it first
        world.grants.expire_access_tokens("anna")
        world.faults.token_error("invalid_grant", codes=(50173,), person="anna")
        assert unread(await service.busy()) == ["RECONNECT_REQUIRED"]
        await somebody_waits(service)
    await until(service.list_accounts, lambda found: found[0].status == ACCOUNT_STATUS_ACTIVE)
    await service.idle()
    assert service.sandbox.mails == []


@pytest.mark.parametrize("how", ["403 ErrorQuotaExceeded", "507"])
async def test_a_full_mailbox_is_a_hindrance_of_its_own(service: Service, how: str) -> None:
    await service.connect("anna")
    world = service.sandbox.world
    if how == "507":
        world.faults.answer(507, code="InsufficientStorage", method="POST", path="events$", times=None)
    else:
        world.people.change("anna", mailbox="full")
    await service.put_session()
    session = await service.waits("MAILBOX_FULL")
    assert session.event.HasField("next_attempt_time")
    assert (await service.busy()).complete
    world.people.change("anna", mailbox="online")
    world.faults.clear()
    await service.hurry()
    await service.written()
    assert len(service.events("anna")) == 1


async def test_a_session_is_cancelled_in_a_full_mailbox(service: Service) -> None:
    await service.connect("anna")
    await service.put_session()
    await service.written()
    service.sandbox.world.people.change("anna", mailbox="full")
    await service.put_session(start=15)
    await service.waits("MAILBOX_FULL")
    await service.cancel_session()
    await service.written(revision=3)
    assert not service.events("anna")


async def test_a_suspended_account_is_a_hindrance_of_its_own_and_mails_nobody(service: Service) -> None:
    await service.connect("anna")
    world = service.sandbox.world
    world.people.change("anna", mailbox="suspended")
    assert unread(await service.busy()) == ["MAILBOX_SUSPENDED"]
    await service.put_session()
    await service.waits("MAILBOX_SUSPENDED")
    assert not service.sandbox.mails
    world.people.change("anna", mailbox="online")
    await service.hurry()
    await service.written()
    assert (await service.busy()).complete
    assert len(service.events("anna")) == 1
