"""Booking: one session a form, however often it is sent, and nothing that no page offers."""

import asyncio
import uuid

from connected_calendars.session_forms import LONGEST_TITLE
from tests.examples.sessions_of_2030 import WEEK, all_sessions, book_link
from tests.examples.visitor import Seen, Visitor
from tests.server.served import Api

LONGEST_COOKIE = 4096 - len("notice")
"""Of the value, as RFC 6265 has browsers keep it with its name."""


async def form_for(visitor: Visitor, start: str = "07:00") -> Seen:
    """Somebody's, whose calendars nobody looks at."""
    await visitor.be()
    return await visitor.see(book_link(await visitor.see(WEEK), start))


async def test_a_form_makes_one_session_however_often_it_is_sent(visitor: Visitor, api: Api) -> None:
    form = await form_for(visitor)
    twice = await asyncio.gather(*(visitor.send(form, "/book", title="First") for _ in range(2)))
    assert [one.status for one in twice] == [200, 200]
    again = await visitor.send(form, "/book", title="Second")
    assert "This form was sent before: the session is booked." in again.text
    assert [one.details.title for one in await all_sessions(api)] == ["First"]
    other = await visitor.see(book_link(await visitor.see(WEEK), "09:00"))
    await visitor.send(other, "/book", title="Other")
    assert len(await all_sessions(api)) == 2


async def test_a_form_that_is_sent_again_after_a_cancellation_books_nothing_and_says_so(
    visitor: Visitor, api: Api
) -> None:
    form = await form_for(visitor)
    week = await visitor.send(form, "/book", title="First")
    (address,) = {one for one in week.links.values() if one.startswith("/session?")}
    await visitor.send(await visitor.see(address), "/session/cancel")
    again = await visitor.send(form, "/book", title="First")
    assert "This form was sent before, and its session has been cancelled since." in again.text
    assert "is booked" not in again.text
    assert [one.cancelled for one in await all_sessions(api)] == [True]


async def test_what_is_told_about_the_longest_title_fits_into_a_cookie(visitor: Visitor) -> None:
    """Browsers drop whatever is longer, and the notice would be lost."""
    fields = (await form_for(visitor)).form("/book").fields
    title = "\N{GRINNING FACE}" * LONGEST_TITLE
    told = {**fields, "title": title}
    async with visitor.session.post(f"{visitor.base}/book", data=told, allow_redirects=False) as answer:
        assert len(answer.cookies["notice"].value) < LONGEST_COOKIE
    assert title in (await visitor.see(WEEK)).text


async def test_the_time_of_another_session_is_refused_with_its_margins(visitor: Visitor, api: Api) -> None:
    form = await form_for(visitor)
    link = book_link(await visitor.see(f"{WEEK}&minutes=60&buffer=30"), "08:00")
    beside = await visitor.see(link)
    await visitor.send(form, "/book", title="First")
    refused = await visitor.send(beside, "/book", title="Second")
    assert refused.status == 409
    assert "Another session is booked for then." in refused.text
    assert [one.details.title for one in await all_sessions(api)] == ["First"]


async def test_what_is_filled_in_wrong_is_said_beside_the_field(visitor: Visitor, api: Api) -> None:
    form = await form_for(visitor)
    refused = await visitor.send(form, "/book", title=" ", place="Room 3")
    assert refused.status == 400
    assert "A title of 1 to 255 characters is needed." in refused.text
    assert 'value="Room 3"' in refused.html
    assert not await all_sessions(api)


async def test_no_form_books_what_no_page_offers(visitor: Visitor, api: Api) -> None:
    form = await form_for(visitor)
    for changed in (
        {"session_id": "x"},
        {"session_id": uuid.uuid4().hex},
        {"start": "tomorrow"},
        {"start": "2030-05-14T07:00"},
    ):
        assert (await visitor.send(form, "/book", title="Coaching", **changed)).status == 400
    assert not await all_sessions(api)
