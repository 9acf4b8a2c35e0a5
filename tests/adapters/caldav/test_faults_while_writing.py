"""What stands in the way of writing: which refusals mean what, and what is believed after a half answer."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.access import (
    AccessDenied,
    CalendarGone,
    EventDeleted,
    EventMissing,
    InvalidAnswer,
    MailboxFull,
    ProviderUnavailable,
    WriteRefused,
)
from domain.errors import DomainError
from domain.event_digest import EventPart
from domain.ids import EventMark
from sandbox.world.faults import Fault
from tests.adapters.caldav.writing import LATER, MARK, SLOT, Desk, booked

Step = Callable[[Desk], Awaitable[object]]
STEPS: dict[str, Step] = {
    "create": Desk.create,
    "update": Desk.update,
    "delete": Desk.delete,
    "find": Desk.find,
}
PAGE: dict[str, Any] = {"status": 200, "body": "<html>Our services</html>", "content_type": "text/html"}


def fault(desk: Desk, method: str, **details: Any) -> Fault:
    return desk.world.faults.add(surface="icloud", method=method, **details)


async def unknown(step: Awaitable[object]) -> ProviderUnavailable:
    with pytest.raises(ProviderUnavailable) as caught:
        await step
    assert caught.value.outcome_unknown
    return caught.value


@pytest.mark.parametrize("status", [500, 502, 503])
async def test_a_creation_whose_answer_got_lost_made_one_event(desk: Desk, status: int) -> None:
    fault(desk, "PUT", perform=True, status=status)
    await unknown(desk.create())
    assert (desk.event.uid, desk.interval) == (MARK, SLOT)
    desk.dav.clock.advance(timedelta(minutes=2))
    assert await desk.find() == desk.place_in("home")
    assert await desk.create() == desk.place_in("home")
    assert desk.interval == SLOT


async def test_a_creation_that_is_sent_twice_on_the_way_made_one_event(desk: Desk) -> None:
    """The HTTP library repeats what it sent on a connection that then broke, and hears that the event is there."""
    fault(desk, "PUT", perform=True, kind="cut")
    assert await desk.create() == desk.place_in("home")
    assert [method for method, _ in desk.asked()].count("PUT") == 3
    assert (desk.event.uid, desk.interval) == (MARK, SLOT)


async def test_a_removal_that_is_sent_twice_on_the_way_found_nothing_more(desk: Desk) -> None:
    written = await booked(desk)
    fault(desk, "DELETE", perform=True, kind="cut")
    with pytest.raises(EventMissing):
        await written.delete()
    assert await written.find() is None


@pytest.mark.parametrize("how", [{"status": 201}, {"status": 204}, PAGE])
async def test_a_creation_that_nothing_came_of_is_not_believed(desk: Desk, how: dict[str, Any]) -> None:
    fault(desk, "PUT", **how)
    await unknown(desk.create())
    assert await desk.find() is None
    assert await desk.create() == desk.place_in("home")


@pytest.mark.parametrize("parts", [{EventPart.TIME}, set(EventPart)])
async def test_a_change_that_nothing_came_of_is_not_believed(desk: Desk, parts: set[EventPart]) -> None:
    written = await booked(desk)
    fault(desk, "PUT", status=204)
    await unknown(written.update(LATER, parts=parts))
    assert desk.interval == SLOT
    await written.update(LATER, parts=parts)
    assert desk.interval == LATER


@pytest.mark.parametrize(
    "how", [{"status": 503}, {"status": 404}, {"status": 401}, {"kind": "truncate"}, PAGE]
)
async def test_trouble_after_writing_leaves_the_outcome_open(desk: Desk, how: dict[str, Any]) -> None:
    fault(desk, "REPORT", **how, times=2)
    await unknown(desk.create())
    assert desk.interval == SLOT


async def test_a_removal_that_a_page_answered_is_not_believed(desk: Desk) -> None:
    written = await booked(desk)
    fault(desk, "DELETE", **PAGE)
    with pytest.raises(InvalidAnswer):
        await written.delete()
    assert desk.interval == SLOT
    fault(desk, "DELETE", **PAGE, perform=True)
    await written.delete()
    assert desk.written() == []


async def test_the_trouble_with_a_confirmation_says_when_to_come_back(desk: Desk) -> None:
    fault(desk, "REPORT", status=429, headers={"Retry-After": "40"})
    trouble = await unknown(desk.create())
    assert (trouble.throttled, trouble.retry_after) == (True, timedelta(seconds=40))


@pytest.mark.parametrize(
    ("status", "condition", "error"),
    [
        (403, "", AccessDenied),
        (403, "need-privileges", AccessDenied),
        (405, "", AccessDenied),
        (404, "", ProviderUnavailable),
        (409, "", ProviderUnavailable),
        (403, "valid-calendar-data", WriteRefused),
        (400, "", WriteRefused),
        (413, "", WriteRefused),
        (403, "quota-not-exceeded", MailboxFull),
        (507, "", MailboxFull),
    ],
)
async def test_what_a_refused_creation_means(
    desk: Desk, status: int, condition: str, error: type[DomainError]
) -> None:
    desk.world.faults.dav_error(status, condition, method="PUT", times=None)
    with pytest.raises(error) as caught:
        await desk.create()
    if isinstance(caught.value, WriteRefused):
        assert caught.value.code == (condition or f"status {status}")
    if isinstance(caught.value, ProviderUnavailable):
        assert not caught.value.outcome_unknown
    assert desk.written() == []


@pytest.mark.parametrize("status", [403, 404, 409])
async def test_whatever_a_missing_calendar_answers_it_is_told(desk: Desk, status: int) -> None:
    desk.world.calendars.remove(desk.person, "home")
    desk.world.faults.dav_error(status, method="PUT")
    with pytest.raises(CalendarGone):
        await desk.create()


@pytest.mark.parametrize("step", [Desk.update, Desk.delete])
async def test_an_event_in_a_missing_calendar_is_missing(desk: Desk, step: Step) -> None:
    written = await booked(desk)
    desk.world.calendars.remove(desk.person, "home")
    with pytest.raises(EventMissing):
        await step(written)


async def test_a_full_account_can_be_tidied_up(desk: Desk) -> None:
    written = await booked(desk)
    desk.world.icloud.settings.event_limit = 1
    other = replace(desk, copy=replace(desk.copy, mark=EventMark("11111111-2222-5333-8444-555555555555")))
    with pytest.raises(MailboxFull):
        await other.create()
    await written.delete()
    assert await other.find() is None


async def test_a_mark_that_is_taken_in_another_calendar_leads_there(desk: Desk) -> None:
    written = await booked(desk)
    desk.world.events.move(desk.person, desk.event, "work")
    assert await written.create() == desk.place_in("work")
    assert len(desk.written()) == 1


@pytest.mark.parametrize("condition", ["no-uid-conflict", "unique-scheduling-object-resource"])
async def test_a_mark_that_is_taken_and_whose_event_is_nowhere_is_used_up(desk: Desk, condition: str) -> None:
    """Should iCloud remember what was deleted, or its owner's app have given the file another name."""
    desk.world.faults.dav_error(403, condition, method="PUT")
    with pytest.raises(EventDeleted):
        await desk.create()


async def test_a_mark_that_is_taken_while_a_calendar_is_silent_is_looked_for_again(desk: Desk) -> None:
    desk.world.faults.dav_error(403, "no-uid-conflict", method="PUT")
    fault(desk, "PROPFIND", path="work/", status=500, times=None)
    with pytest.raises(ProviderUnavailable):
        await desk.create()


async def test_something_stands_in_the_way_that_nobody_finds(desk: Desk) -> None:
    desk.world.faults.dav_error(412, method="PUT")
    await unknown(desk.create())


@pytest.mark.parametrize("condition", ["", "need-privileges", "valid-calendar-data"])
async def test_an_event_that_is_there_and_may_not_be_changed_is_not_forgotten(
    desk: Desk, condition: str
) -> None:
    """Told as a refusal, it would be taken for one that was never made."""
    written = await booked(desk)
    desk.world.faults.dav_error(412, method="PUT")
    desk.world.faults.dav_error(403, condition, method="PUT", times=None)
    await unknown(written.create())


@pytest.mark.parametrize("name", STEPS)
async def test_a_locked_account_denies_everything(desk: Desk, name: str) -> None:
    written = await booked(desk)
    desk.world.people.change_icloud(desk.person, state="locked")
    with pytest.raises(AccessDenied):
        await STEPS[name](written)


async def test_a_calendar_that_can_only_be_read_denies_writing_and_keeps_its_event(desk: Desk) -> None:
    written = await booked(desk)
    desk.world.calendars.set_writable(desk.person, "home", can_edit=False)
    for step in (Desk.create, Desk.update, Desk.delete):
        with pytest.raises(AccessDenied):
            await step(written)
    assert desk.interval == SLOT
    assert await written.find() == desk.place_in("home")


@pytest.mark.parametrize("file", ["made-up", "../me", "a?b#c", "home/", ".ics", f"../{MARK}.ics"])
async def test_what_can_be_no_event_of_ours_is_not_even_asked_for(desk: Desk, file: str) -> None:
    written = await booked(desk)
    place = written.copy.place
    assert place is not None
    before = len(desk.asked())
    odd = desk.at(type(place)(remote_calendar_id=place.remote_calendar_id, remote_id=file))
    for step in (Desk.update, Desk.delete):
        with pytest.raises(EventMissing):
            await step(odd)
    assert len(desk.asked()) == before


async def test_two_who_remove_it_at_once_remove_it_once(desk: Desk) -> None:
    written = await booked(desk)
    ends = await asyncio.gather(written.delete(), written.delete(), return_exceptions=True)
    assert sorted(type(end).__name__ for end in ends) == ["EventMissing", "NoneType"]
