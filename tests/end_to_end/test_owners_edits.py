"""What its owner makes of a session's event stays, whatever the caller changes beside it."""

from datetime import timedelta
from typing import Any

from calendarsync.v1.session_pb2 import EVENT_REPLACEMENT_UNSPECIFIED
from sandbox.icloud.storing import store_text, text_of
from sandbox.world.model import Event
from tests.support.service import Service

OURS: dict[str, Any] = {"title": "Coaching", "text": "Booked.", "place": "Online", "reminder_minutes": 10}
ROOMS = [{"displayName": "Room 7", "locationType": "conferenceRoom"}, {"displayName": "Garden"}]


async def _edited_by_its_owner(service: Service) -> Event:
    """The event of a written session, after its owner made it a meeting, with notes, in two rooms."""
    await service.connect("anna")
    await service.put_session(**OURS)
    await service.written()
    (event,) = service.events("anna")
    events = service.sandbox.world.events
    events.add_meeting(event)
    events.change(
        event,
        subject="Coaching (prepare!)",
        body=f"<p>Ask about the plan.</p>{event.body}",
        location="Room 7; Garden",
        locations=ROOMS,
        categories=["Red"],
        sensitivity="private",
        show_as="oof",
        reminder_minutes=45,
    )
    return event


def _says(event: Event) -> tuple[object, ...]:
    return (
        event.subject,
        event.body,
        event.online_meeting,
        event.location,
        event.locations,
        event.categories,
        event.sensitivity,
        event.show_as,
        event.reminder_minutes,
    )


async def test_a_new_time_leaves_everything_else_as_it_is(service: Service) -> None:
    event = await _edited_by_its_owner(service)
    before = _says(event)
    await service.put_session(start=12, **OURS)
    session = await service.written(revision=2)
    assert service.events("anna") == [event]
    assert (event.start.hour, event.end.hour) == (12, 13)
    assert _says(event) == before
    assert session.event.replacement == EVENT_REPLACEMENT_UNSPECIFIED


async def test_a_new_title_leaves_the_meeting_and_the_rooms(service: Service) -> None:
    event = await _edited_by_its_owner(service)
    before = _says(event)
    await service.put_session(**OURS | {"title": "Review"})
    await service.written(revision=2)
    assert _says(event) == ("Review", *before[1:])


async def test_a_new_place_is_the_only_one(service: Service) -> None:
    event = await _edited_by_its_owner(service)
    await service.put_session(**OURS | {"place": "Room 9"})
    await service.written(revision=2)
    assert (event.location, event.locations) == ("Room 9", [])
    assert (event.subject, event.online_meeting) == ("Coaching (prepare!)", True)


async def test_a_new_text_replaces_the_notes_and_the_meeting_in_them(service: Service) -> None:
    """What is in the notes is not ours to read, so they can't be mended."""
    event = await _edited_by_its_owner(service)
    await service.put_session(**OURS | {"text": "Booked twice."})
    await service.written(revision=2)
    assert (event.body, event.online_meeting) == ("<p>Booked twice.</p>", False)
    assert (event.subject, event.locations) == ("Coaching (prepare!)", ROOMS)


async def test_an_event_made_all_day_stays_so_until_the_session_is_moved(service: Service) -> None:
    event = await _edited_by_its_owner(service)
    day = event.start.date()
    service.sandbox.world.events.change(event, start=day, end=day + timedelta(days=1))
    assert event.all_day
    await service.put_session(**OURS | {"title": "Review"})
    await service.written(revision=2)
    assert (event.subject, event.all_day) == ("Review", True)
    await service.put_session(start=12, **OURS | {"title": "Review"})
    await service.written(revision=3)
    assert (event.all_day, event.start.hour, event.end.hour) == (False, 12, 13)


async def test_a_change_that_may_have_arrived_is_sent_again(service: Service) -> None:
    event = await _edited_by_its_owner(service)
    faults = service.sandbox.world.faults
    faults.answer(503, code="ServiceUnavailable", method="PATCH", perform=True)
    await service.put_session(**OURS | {"title": "Review"})
    await service.waits("PROVIDER_UNAVAILABLE")
    assert event.subject == "Review"
    await service.put_session(**OURS)
    await service.written(revision=3)
    assert (event.subject, event.locations) == ("Coaching", ROOMS)


async def test_at_apple_everything_goes_back_as_it_came(service: Service) -> None:
    """There an event is stored as a whole, or not at all."""
    await service.connect("ida")
    await service.put_session(**OURS)
    await service.written()
    (event,) = service.events("ida")
    world, file = service.sandbox.world, f"{event.uid}.ics"
    text = text_of(world, "ida", event)
    for ours, theirs in (
        ("SUMMARY:Coaching", "SUMMARY:Coaching (prepare!)\r\nCATEGORIES:Red"),
        ("DESCRIPTION:Booked.", "DESCRIPTION:Ask about the plan.\r\nX-ROOM:7"),
        ("TRIGGER:-PT10M", "TRIGGER:-PT45M"),
    ):
        assert ours in text
        text = text.replace(ours, theirs)
    store_text(world, "ida", "home", text, name=file)
    await service.put_session(start=12, **OURS)
    await service.written(revision=2)
    (event,) = service.events("ida")
    assert (event.start.hour, event.end.hour) == (12, 13)
    assert (event.subject, event.body, event.reminder_minutes) == (
        "Coaching (prepare!)",
        "Ask about the plan.",
        45,
    )
    assert {"CATEGORIES:Red", "X-ROOM:7"} <= set(text_of(world, "ida", event).split("\r\n"))
    await service.put_session(start=12, **OURS | {"title": "Review"})
    await service.written(revision=3)
    (event,) = service.events("ida")
    assert (event.subject, event.body, event.location) == ("Review", "Ask about the plan.", "Online")
