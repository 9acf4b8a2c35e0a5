"""Booking a free time: one session a form, however often it is sent, and refusals that say what to do."""

import uuid

from calendarsync.v1.session_pb2 import WRITE_STATUS_WRITTEN, Session
from sandbox import Sandbox
from tests.examples.beside_sandbox.days_of_2030 import (
    WEEK,
    all_sessions,
    book_link,
    connect,
    enter,
    fail,
    session_link,
    starts,
)
from tests.examples.visitor import Seen, Visitor
from tests.support.calls import at, ends
from tests.support.service import Service, until


async def form_for(visitor: Visitor, service: Service, start: str = "07:00") -> Seen:
    """As somebody whose calendar is Anna's."""
    await visitor.become()
    await connect(service, "anna")
    return await visitor.see(book_link(await visitor.see(WEEK), start))


async def test_a_session_comes_into_the_calendar_as_it_was_filled_in(
    visitor: Visitor, service: Service
) -> None:
    form = await form_for(visitor, service)
    assert "Tuesday, 14 May 2030, 09:00 to 10:00" in form.text
    week = await visitor.send(form, "/book", title="Coaching <b>", place="Room 3", text="One\r\ntwo")
    assert week.url.startswith(f"{WEEK}&")
    assert "The session is booked. Coaching <b>, Tuesday, 14 May 2030, 09:00 to 10:00." in week.text
    assert "<b>" not in week.html
    assert "07:00" not in starts(week)

    async def written() -> list[Session]:
        return await all_sessions(service)

    (session,) = await until(written, lambda found: found[0].event.status == WRITE_STATUS_WRITTEN)
    assert ends(session.interval) == (at(7), at(8))
    assert (session.details.title, session.details.place, session.details.text) == (
        "Coaching <b>",
        "Room 3",
        "One\ntwo",
    )
    assert [one.subject for one in service.events("anna")] == ["Coaching <b>"]
    shown = await visitor.see(session_link(week))
    assert "In Calendar (anna@contoso.example.com), as it is here." in shown.text


async def test_a_form_makes_one_session_however_often_it_is_sent(visitor: Visitor, service: Service) -> None:
    form = await form_for(visitor, service)
    await visitor.send(form, "/book", title="First")
    again = await visitor.send(form, "/book", title="Second")
    assert "This form was sent before: the session is booked." in again.text
    assert [one.details.title for one in await all_sessions(service)] == ["First"]
    other = await visitor.see(book_link(await visitor.see(WEEK), "09:00"))
    await visitor.send(other, "/book", title="Other")
    assert len(await all_sessions(service)) == 2


async def test_a_time_that_was_taken_meanwhile_is_refused_and_says_by_what(
    visitor: Visitor, service: Service, sandbox: Sandbox
) -> None:
    form = await form_for(visitor, service)
    enter(sandbox, "09:30", "09:45")
    refused = await visitor.send(form, "/book", title="Coaching", place="Room 3")
    assert refused.status == 409
    assert (
        "This time has just been taken. There is something in Calendar (anna@contoso.example.com)."
        in refused.text
    )
    assert 'value="Room 3"' in refused.html
    assert f"{WEEK}&minutes=60&buffer=0" in refused.links.values()
    assert "Layoff" not in refused.html
    assert not await all_sessions(service)


async def test_the_time_of_another_session_is_refused_with_its_margins(
    visitor: Visitor, service: Service
) -> None:
    form = await form_for(visitor, service)
    link = book_link(await visitor.see(f"{WEEK}&minutes=60&buffer=30"), "08:00")
    beside = await visitor.see(link)
    await visitor.send(form, "/book", title="First")
    refused = await visitor.send(beside, "/book", title="Second")
    assert refused.status == 409
    assert "Another session is booked for then." in refused.text
    assert [one.details.title for one in await all_sessions(service)] == ["First"]


async def test_nothing_is_booked_while_an_account_is_lost(visitor: Visitor, service: Service) -> None:
    form = await form_for(visitor, service)
    service.withdraw("anna")
    refused = await visitor.send(form, "/book", title="Coaching")
    assert refused.status == 409
    assert "its account has to be connected again" in refused.text
    assert "/accounts" in refused.links.values()
    assert not await all_sessions(service)


async def test_a_time_that_nobody_can_look_at_may_be_tried_again_with_the_same_form(
    visitor: Visitor, service: Service, sandbox: Sandbox
) -> None:
    form = await form_for(visitor, service)
    fail(sandbox)
    refused = await visitor.send(form, "/book", title="Coaching")
    assert refused.status == 503
    assert "Calendar (anna@contoso.example.com): its provider has an outage." in refused.text
    assert not await all_sessions(service)
    sandbox.world.faults.clear()
    assert refused.form("/book").fields["session_id"] == form.form("/book").fields["session_id"]
    assert "The session is booked." in (await visitor.send(refused, "/book")).text


async def test_what_is_filled_in_wrong_is_said_beside_the_field(visitor: Visitor, service: Service) -> None:
    form = await form_for(visitor, service)
    refused = await visitor.send(form, "/book", title=" ", place="Room 3")
    assert refused.status == 400
    assert "A title of 1 to 255 characters is needed." in refused.text
    assert 'value="Room 3"' in refused.html
    assert not await all_sessions(service)


async def test_no_form_books_what_no_page_offers(visitor: Visitor, service: Service) -> None:
    form = await form_for(visitor, service)
    for changed in (
        {"session_id": "x"},
        {"session_id": uuid.uuid4().hex},
        {"start": "tomorrow"},
        {"start": "2030-05-14T07:00"},
    ):
        assert (await visitor.send(form, "/book", title="Coaching", **changed)).status == 400
    assert not await all_sessions(service)
