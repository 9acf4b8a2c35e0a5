"""Booking a free time: it comes into the calendar, or is refused in words that say what to do."""

from calendarsync.v1.session_pb2 import WRITE_STATUS_WRITTEN, Session
from sandbox import Sandbox
from tests.examples.beside_sandbox.days_of_2030 import (
    WEEK,
    all_sessions,
    book_link,
    connect,
    enter,
    fail,
    only_expert,
    session_link,
    starts,
)
from tests.examples.visitor import Seen, Visitor
from tests.support.calls import SESSION, at, ends
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


async def test_a_session_that_waits_says_why_and_what_helps(visitor: Visitor, service: Service) -> None:
    await visitor.become()
    await service.put_session(start=7, expert_id=await only_expert(service))
    await service.settled()
    page = await visitor.see(f"/session?id={SESSION}")
    assert "waits Not in a calendar yet. There is no calendar to add it to." in page.text
    assert "/accounts" in page.links.values()
