"""A session's page: changed, moved and cancelled as it stands there, and only as it stands there."""

from typing import Any

from tests.examples.sessions_of_2030 import SESSION, WEEK, all_sessions, put
from tests.examples.visitor import Seen, Visitor
from tests.server.served import Api
from tests.support.calls import at, ends


async def booked(visitor: Visitor, api: Api, **details: Any) -> Seen:
    """The page of a session from 9:00 on, by the clock of Berlin."""
    await put(api, **details)
    await visitor.be()
    return await visitor.see(f"/session?id={SESSION}")


async def test_moves_a_session_to_a_free_time_also_over_its_own(visitor: Visitor, api: Api) -> None:
    page = await booked(visitor, api)
    assert 'value="2030-05-14T07:30:00Z"' in page.html
    week = await visitor.send(page, "/session/move", start="2030-05-14T07:30:00Z")
    assert "The session was moved. Coaching, Tuesday, 14 May 2030, 09:30 to 10:30." in week.text
    assert week.url.startswith(WEEK)
    (session,) = await all_sessions(api)
    assert ends(session.interval) == (at(7.5), at(8.5))


async def test_moves_no_session_to_a_time_that_is_taken(visitor: Visitor, api: Api) -> None:
    page = await booked(visitor, api)
    await put(api, "other", start=10)
    refused = await visitor.send(page, "/session/move", start="2030-05-14T10:00:00Z")
    assert refused.status == 409
    assert "Another session is booked for then." in refused.text
    assert [ends(one.interval)[0] for one in await all_sessions(api)] == [at(7), at(10)]


async def test_a_change_leaves_what_the_page_does_not_show(visitor: Visitor, api: Api) -> None:
    page = await booked(visitor, api, join_url="https://meet.example/1", text="Old")
    week = await visitor.send(page, "/session/change", title="Supervision", text="New", place="")
    assert "The session was changed." in week.text
    (session,) = await all_sessions(api)
    assert (session.details.title, session.details.text) == ("Supervision", "New")
    assert session.details.join_url == "https://meet.example/1"
    assert ends(session.interval) == (at(7), at(8))


async def test_cancels_a_session_and_says_so_on_the_week(visitor: Visitor, api: Api) -> None:
    page = await booked(visitor, api)
    week = await visitor.send(page, "/session/cancel")
    assert "The session was cancelled." in week.text
    (session,) = await all_sessions(api)
    assert session.cancelled
    after = await visitor.see(f"/session?id={SESSION}")
    assert not [one for one in after.forms if one.action.startswith("/session")]


async def test_an_old_page_changes_nothing_and_shows_what_is_there_now(visitor: Visitor, api: Api) -> None:
    page = await booked(visitor, api)
    await put(api, start=12, title="Moved elsewhere")
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
    (session,) = await all_sessions(api)
    assert (session.revision, session.cancelled) == (2, False)


async def test_a_session_of_somebody_else_is_not_there(visitor: Visitor, api: Api) -> None:
    page = await booked(visitor, api)
    await visitor.become(display_name="Somebody Else")
    assert (await visitor.see(f"/session?id={SESSION}")).status == 404
    assert (await visitor.see("/session")).status == 404
    token = (await visitor.see("/week")).form("/logout").fields
    values = {**page.form("/session/cancel").fields, **token}
    assert (await visitor.post("/session/cancel", **values)).status == 404
