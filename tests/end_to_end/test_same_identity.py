"""An account is disconnected and connected again: its events are ours again, and what had to wait is done."""

from calendarsync.v1.session_pb2 import (
    EVENT_REPLACEMENT_ACCOUNT_DISCONNECTED,
    EVENT_REPLACEMENT_UNSPECIFIED,
    WRITE_HINDRANCE_ACCOUNT_DISCONNECTED,
    WRITE_HINDRANCE_UNSPECIFIED,
)
from tests.support.calls import TITLE, at
from tests.support.cast import Cast
from tests.support.service import Service, start_of


async def _written(service: Service, person: str = "anna") -> str:
    account_id = await service.connect(person)
    await service.put_session()
    await service.written()
    return account_id


async def test_a_change_lands_on_the_event_written_before(service: Service, cast: Cast) -> None:
    former = await _written(service, cast.main)
    (event,) = service.events(cast.main)
    await service.disconnect(former)
    account_id = await service.connect(cast.main)
    session = await service.session()
    assert account_id != former
    assert session.event.account_id == account_id
    assert session.event.calendar_id == await service.calendar_id(cast.main, cast.primary)
    await service.put_session(start=12)
    session = await service.written(revision=2)
    assert service.events(cast.main) == [event]
    assert start_of(event) == at(12)
    assert session.event.replacement == EVENT_REPLACEMENT_UNSPECIFIED
    await service.cancel_session()
    await service.written(revision=3)
    assert not service.events(cast.main)


async def test_a_change_that_waits_is_carried_out_on_the_event_written_before(service: Service) -> None:
    await service.disconnect(await _written(service))
    (event,) = service.events("anna")
    service.sandbox.world.events.change(event, subject="Mine", location="Room 7")
    await service.put_session(start=12)
    await service.waits("NO_WRITABLE_CALENDAR")
    await service.connect("anna")
    await service.written(revision=2)
    assert service.events("anna") == [event]
    assert (event.start.hour, event.subject, event.location) == (12, "Mine", "Room 7")


async def test_an_event_of_a_session_cancelled_meanwhile_is_removed(service: Service) -> None:
    await service.disconnect(await _written(service))
    await service.cancel_session()
    left = await service.written(revision=2)
    assert left.event.hindrance == WRITE_HINDRANCE_ACCOUNT_DISCONNECTED
    assert left.event.replacement == EVENT_REPLACEMENT_ACCOUNT_DISCONNECTED
    assert [one.subject for one in service.events("anna")] == [TITLE]
    await service.connect("anna")
    session = await service.written(revision=2)
    await service.idle()
    session = await service.session()
    assert not service.events("anna")
    assert session.event.hindrance == WRITE_HINDRANCE_UNSPECIFIED
    assert session.event.replacement == EVENT_REPLACEMENT_UNSPECIFIED
    assert session.event.account_id == ""


async def test_an_event_moved_by_hand_into_a_calendar_with_a_new_id_is_found(service: Service) -> None:
    await service.disconnect(await _written(service))
    (event,) = service.events("anna")
    service.sandbox.world.events.move("anna", event, "team")
    service.sandbox.world.calendars.change_id("anna", "primary")
    await service.connect("anna")
    await service.put_session(start=12)
    session = await service.written(revision=2)
    assert not service.events("anna")
    assert service.events("anna", "team") == [event]
    assert event.start.hour == 12
    assert session.event.calendar_id == await service.calendar_id("anna", "team")


async def test_an_event_written_elsewhere_meanwhile_is_the_only_one(service: Service) -> None:
    former = await _written(service)
    await service.connect("carla")
    await service.disconnect(former)
    await service.put_session(start=12)
    session = await service.written(revision=2)
    assert session.event.replacement == EVENT_REPLACEMENT_ACCOUNT_DISCONNECTED
    assert len(service.events("anna")) == len(service.events("carla")) == 1
    await service.connect("anna")
    await service.idle()
    await service.written(revision=2)
    assert not service.events("anna")
    assert [one.start.hour for one in service.events("carla")] == [12]


async def test_an_event_of_another_expert_in_the_same_mailbox_is_left_alone(service: Service) -> None:
    await service.put_expert("expert-2")
    former = await _written(service)
    await service.disconnect(former)
    await service.cancel_session()
    await service.written(revision=2)
    await service.connect("anna", expert_id="expert-2")
    await service.idle()
    assert len(service.events("anna")) == 1
    await service.connect("anna")
    await service.idle()
    assert not service.events("anna")
