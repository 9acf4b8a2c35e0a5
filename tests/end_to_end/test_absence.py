"""Exactly one event, or none after a cancel, whatever Microsoft says about an event that is there."""

from typing import Any

import pytest

from calendarsync.v1.session_pb2 import EVENT_REPLACEMENT_UNSPECIFIED, Session
from sandbox.world.model import Event
from tests.support.calls import at
from tests.support.service import Service, until


async def _tries_again(service: Service) -> None:
    """To the end: what is under way could otherwise be taken for the try that follows."""

    async def failures() -> int:
        (row,) = await service.rows("SELECT failures FROM session")
        return int(row["failures"])

    before = await failures()
    await service.hurry()
    await until(failures, lambda now: now > before)


LIES = [
    (404, "ErrorItemNotFound"),
    (404, "ResourceNotFound"),
    (404, "UnknownError"),
    (404, ""),
    (404, "NeverSeenBefore"),
    (410, "ErrorItemNotFound"),
    (410, ""),
    (400, "ErrorInvalidIdMalformed"),
]


async def _book(service: Service) -> Event:
    await service.connect("anna")
    await service.put_session(start=10)
    await service.written()
    (event,) = service.events("anna")
    return event


async def _revise(service: Service, *, cancels: bool) -> None:
    if cancels:
        await service.cancel_session()
    else:
        await service.put_session(start=15)


async def _ends(service: Service, event: Event, *, cancels: bool) -> None:
    """The very same event at its new time, or none."""
    session = await _written(service)
    left = [(one.uid, one.start) for one in service.events("anna")]
    assert left == ([] if cancels else [(event.uid, at(15).replace(tzinfo=None))])
    assert session.event.replacement == EVENT_REPLACEMENT_UNSPECIFIED


async def _written(service: Service) -> Session:
    await service.hurry()
    return await service.written(revision=2)


@pytest.mark.parametrize("cancels", [False, True])
@pytest.mark.parametrize(("status", "code"), LIES)
async def test_one_word_about_an_event_that_is_there_changes_nothing(
    service: Service, status: int, code: str, *, cancels: bool
) -> None:
    event = await _book(service)
    method = "DELETE" if cancels else "PATCH"
    fault = service.sandbox.world.faults.answer(status, code=code, method=method)
    await _revise(service, cancels=cancels)
    await service.waits("PROVIDER_UNAVAILABLE")
    await _ends(service, event, cancels=cancels)
    assert fault.hits == 1


@pytest.mark.parametrize("cancels", [False, True])
@pytest.mark.parametrize("code", ["ErrorItemNotFound", "UnknownError"])
async def test_a_mailbox_that_is_not_found_for_hours_changes_nothing(
    service: Service, code: str, *, cancels: bool
) -> None:
    event = await _book(service)
    fault = service.sandbox.world.faults.answer(
        404, code=code, person="anna", method="DELETE" if cancels else "PATCH", times=None
    )
    service.sandbox.world.faults.answer(404, code=code, person="anna", times=None)
    await _revise(service, cancels=cancels)
    for _ in range(3):
        await service.waits("PROVIDER_UNAVAILABLE")
        await _tries_again(service)
    await service.waits("PROVIDER_UNAVAILABLE")
    assert fault.hits >= 4
    service.sandbox.world.faults.clear()
    await _ends(service, event, cancels=cancels)


@pytest.mark.parametrize("cancels", [False, True])
async def test_an_event_is_followed_into_a_mailbox_that_was_moved(service: Service, *, cancels: bool) -> None:
    event = await _book(service)
    service.sandbox.world.events.move_mailbox("anna")
    await _revise(service, cancels=cancels)
    await _ends(service, event, cancels=cancels)


@pytest.mark.parametrize("cancels", [False, True])
async def test_an_event_restored_from_the_bin_is_the_same_event(service: Service, *, cancels: bool) -> None:
    event = await _book(service)
    service.sandbox.world.events.delete("anna", event)
    service.sandbox.world.events.restore(event.uid)
    await _revise(service, cancels=cancels)
    await _ends(service, event, cancels=cancels)


NOT_DONE: list[dict[str, Any]] = [
    {"status": 200, "body": {}},
    {"status": 200, "body": {"id": "AAMkSomebodyElses=", "transactionId": "another"}},
    {"status": 204},
    {"status": 200},
]


@pytest.mark.parametrize("answer", NOT_DONE)
async def test_a_change_that_was_answered_but_not_made_is_made_again(
    service: Service, answer: dict[str, Any]
) -> None:
    event = await _book(service)
    service.sandbox.world.faults.add(method="PATCH", **answer)
    await _revise(service, cancels=False)
    await service.waits("PROVIDER_UNAVAILABLE")
    await _ends(service, event, cancels=False)


@pytest.mark.parametrize("status", [500, 504])
async def test_a_creation_that_one_witness_is_silent_about_is_told_by_the_other(
    service: Service, status: int
) -> None:
    await service.connect("anna")
    world = service.sandbox.world
    world.settings.transaction_mode = "duplicates"
    world.faults.answer(503, code="ServiceUnavailable", method="POST", path="/events$", perform=True)
    world.faults.answer(status, code="UnknownError", method="GET", path="/events$", times=None)
    await service.put_session()
    await service.waits("PROVIDER_UNAVAILABLE")
    await service.hurry()
    await service.written()
    assert len(service.events("anna")) == 1


async def test_a_creation_that_no_witness_speaks_of_waits(service: Service) -> None:
    await service.connect("anna")
    world = service.sandbox.world
    world.settings.transaction_mode = "duplicates"
    world.faults.answer(503, code="ServiceUnavailable", method="POST", path="/events$", perform=True)
    silent = [
        world.faults.answer(500, code="UnknownError", method="GET", path=path, times=None)
        for path in ("/events$", "/calendarView$")
    ]
    await service.put_session()
    await service.waits("PROVIDER_UNAVAILABLE")
    await _tries_again(service)
    await service.waits("PROVIDER_UNAVAILABLE")
    assert all(fault.hits for fault in silent)
    world.faults.clear()
    await service.hurry()
    await service.written()
    assert len(service.events("anna")) == 1


async def test_a_creation_answered_with_somebody_elses_event_never_touches_that_one(service: Service) -> None:
    await service.connect("anna")
    world = service.sandbox.world
    foreign = world.events.add("anna", "2031-07-01T09:00", zone="UTC", subject="Dr. Weiss")
    other = {"id": world.events.id_of("anna", foreign, immutable=True), "transactionId": None}
    world.faults.add(method="POST", path="/events$", status=201, body=other, perform=True)
    await service.put_session()
    await service.waits("PROVIDER_UNAVAILABLE")
    await service.hurry()
    await service.written()
    await service.put_session(title="Changed")
    await service.written(revision=2)
    assert [one.subject for one in service.events("anna")] == ["Changed"]
    assert foreign.subject == "Dr. Weiss"


async def test_a_first_event_that_answers_to_a_repeat_is_brought_up_to_date(service: Service) -> None:
    """No witness knew the event yet, and Microsoft remembered its transaction id."""
    await service.connect("anna")
    world = service.sandbox.world
    world.faults.answer(503, code="ServiceUnavailable", method="POST", path="/events$", perform=True)
    await service.put_session(title="Old title")
    await service.waits("PROVIDER_UNAVAILABLE")
    for path in ("/events$", "/calendarView$"):
        world.faults.add(method="GET", path=path, status=200, body={"value": []}, times=None)
    await service.put_session(title="New title")
    await service.written(revision=2)
    assert [one.subject for one in service.events("anna")] == ["New title"]
