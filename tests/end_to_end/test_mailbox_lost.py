"""Somebody who loses their calendars after they were connected, and a mailbox without a main calendar."""

from datetime import timedelta

from calendarsync.v1 import availability_pb2, calendar_pb2
from tests.support.cast import Cast
from tests.support.service import Service, until


async def write_state(service: Service) -> str:
    name = calendar_pb2.WriteCalendarState.Name((await service.calendar_settings()).write_calendar_state)
    return name.removeprefix("WRITE_CALENDAR_STATE_")


async def test_who_has_no_calendars_any_more_is_told_as_such(service: Service, cast: Cast) -> None:
    await service.connect(cast.main)
    await service.put_session()
    await service.written()
    cast.has_calendars(service.sandbox, False)
    (evidence,) = (await service.busy(max_age=timedelta())).calendars
    assert evidence.unread_reason == availability_pb2.UNREAD_REASON_MAILBOX_NOT_SERVED
    await until(lambda: write_state(service), lambda state: state == "MAILBOX_NOT_SERVED")
    await service.put_session("second", start=15)
    await service.waits("MAILBOX_NOT_SERVED", "second")
    assert (await service.list_accounts())[0].status == 1  # the sign-in stands: ACTIVE
    assert not service.sandbox.mails

    cast.has_calendars(service.sandbox, True)
    await service.list_calendars(refresh=True)
    await service.written("second")
    assert await write_state(service) == "READY"
    assert len(service.events(cast.main)) == 2


async def test_a_mailbox_without_a_main_calendar_is_connected(service: Service) -> None:
    service.sandbox.world.people.change("anna", default_calendar="not_found")
    await service.connect("anna")
    listed = await service.list_calendars()
    assert sorted(one.name for one in listed) == ["Calendar", "Team"]
    assert not any(one.primary for one in listed)
    settings = await service.calendar_settings()
    assert list(settings.conflict_calendar_ids) == []
    assert await write_state(service) == "NO_WRITABLE_CALENDAR"
