"""A session's page: changed, moved and cancelled as it stands there, and only as it stands there."""

from typing import Any

from calendarsync.v1.session_pb2 import SessionDetails
from calendarsync.v1.session_service_pb2 import PutSessionRequest
from tests.examples.beside_sandbox.days_of_2030 import WEEK, all_sessions, connect, only_expert
from tests.examples.visitor import Seen, Visitor
from tests.support.calls import SESSION, at, ends, span
from tests.support.service import Service


async def booked(visitor: Visitor, service: Service, **details: Any) -> Seen:
    """The page of a session from 9:00 on, by the clock of Berlin."""
    await visitor.become()
    await connect(service, "anna")
    await service.put_session(start=7, expert_id=await only_expert(service), title="Coaching", **details)
    return await visitor.see(f"/session?id={SESSION}")


async def test_moves_a_session_to_a_free_time_also_over_its_own(visitor: Visitor, service: Service) -> None:
    page = await booked(visitor, service)
    assert 'value="2030-05-14T07:30:00Z"' in page.html
    week = await visitor.send(page, "/session/move", start="2030-05-14T07:30:00Z")
    assert "The session was moved. Coaching, Tuesday, 14 May 2030, 09:30 to 10:30." in week.text
    assert week.url.startswith(WEEK)
    (session,) = await all_sessions(service)
    assert ends(session.interval) == (at(7.5), at(8.5))


async def test_moves_no_session_to_a_time_that_is_taken(visitor: Visitor, service: Service) -> None:
    page = await booked(visitor, service)
    await service.put_session("other", start=10, expert_id=await only_expert(service))
    refused = await visitor.send(page, "/session/move", start="2030-05-14T10:00:00Z")
    assert refused.status == 409
    assert "Another session is booked for then." in refused.text
    assert [ends(one.interval)[0] for one in await all_sessions(service)] == [at(7), at(10)]


async def test_a_change_leaves_what_the_page_does_not_show(visitor: Visitor, service: Service) -> None:
    page = await booked(visitor, service, join_url="https://meet.example/1", text="Old")
    week = await visitor.send(page, "/session/change", title="Supervision", text="New", place="")
    assert "The session was changed." in week.text
    (session,) = await all_sessions(service)
    assert (session.details.title, session.details.text) == ("Supervision", "New")
    assert session.details.join_url == "https://meet.example/1"
    assert ends(session.interval) == (at(7), at(8))


async def test_cancels_a_session_and_says_so_on_the_week(visitor: Visitor, service: Service) -> None:
    page = await booked(visitor, service)
    week = await visitor.send(page, "/session/cancel")
    assert "The session was cancelled." in week.text
    (session,) = await all_sessions(service)
    assert session.cancelled
    await service.settled()
    after = await visitor.see(f"/session?id={SESSION}")
    assert "Cancelled, and in no connected calendar any more." in after.text
    assert not [one for one in after.forms if one.action.startswith("/session")]


async def test_an_old_page_changes_nothing_and_shows_what_is_there_now(
    visitor: Visitor, service: Service
) -> None:
    page = await booked(visitor, service)
    await service.put_session(start=12, expert_id=await only_expert(service), title="Moved elsewhere")
    attempts: tuple[tuple[str, dict[str, str]], ...] = (
        ("/session/change", {"title": "Mine"}),
        ("/session/move", {"start": "2030-05-14T08:00:00Z"}),
        ("/session/cancel", {}),
    )
    for action, values in attempts:
        refused = await visitor.send(page, action, **values)
        assert refused.status == 409
        assert "This was changed elsewhere meanwhile." in refused.text
        assert "Moved elsewhere Tuesday, 14 May 2030, 14:00 to 15:00" in refused.text
        assert f'data-here="/session?id={SESSION}"' in refused.html
    (session,) = await all_sessions(service)
    assert (session.revision, session.cancelled) == (2, False)


async def test_a_session_of_somebody_else_is_not_there(visitor: Visitor, service: Service) -> None:
    page = await booked(visitor, service)
    await visitor.become(display_name="Somebody Else")
    assert (await visitor.see(f"/session?id={SESSION}")).status == 404
    assert (await visitor.see("/session")).status == 404
    token = (await visitor.see("/week")).form("/logout").fields
    values = {**page.form("/session/cancel").fields, **token}
    assert (await visitor.post("/session/cancel", **values)).status == 404


async def test_any_id_that_the_service_takes_leads_to_its_session(visitor: Visitor, service: Service) -> None:
    await visitor.become()
    odd = "../a?b=c&d#e%2F+\"<'"
    await service.put_session(odd, start=7, expert_id=await only_expert(service), title="Odd")
    week = await visitor.see(WEEK)
    link = next(one for one in week.links.values() if one.startswith("/session?"))
    page = await visitor.see(link)
    assert "Odd Tuesday, 14 May 2030, 09:00 to 10:00" in page.text
    assert "The session was cancelled." in (await visitor.send(page, "/session/cancel")).text


async def test_a_session_of_several_days_is_shown_and_can_be_cancelled(
    visitor: Visitor, service: Service
) -> None:
    await visitor.become()
    long = PutSessionRequest(
        expert_id=await only_expert(service),
        session_id="retreat",
        interval=span(at(7), at(7 + 60)),
        details=SessionDetails(title="Retreat"),
    )
    await service.sessions.PutSession(long)
    page = await visitor.see("/session?id=retreat")
    assert "Retreat Tuesday, 14 May 2030, 09:00 to Thursday, 16 May 2030, 21:00" in page.text
    assert "There is none this week." in page.text
    assert "The session was cancelled." in (await visitor.send(page, "/session/cancel")).text


async def test_a_session_that_waits_says_why_and_what_helps(visitor: Visitor, service: Service) -> None:
    await visitor.become()
    await service.put_session(start=7, expert_id=await only_expert(service))
    await service.settled()
    page = await visitor.see(f"/session?id={SESSION}")
    assert "waits Not in a calendar yet. There is no calendar to add it to." in page.text
    assert "/accounts" in page.links.values()
