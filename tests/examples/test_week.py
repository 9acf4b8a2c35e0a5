"""The week and its sessions where no calendar is needed: days as clocks say, any text in an address, any session."""

import pytest

from connected_calendars import live as live_module
from tests.examples.sessions_of_2030 import WEEK, put
from tests.examples.visitor import Visitor
from tests.server.served import Api


async def test_says_that_nobody_looks_where_no_account_is_connected(visitor: Visitor) -> None:
    await visitor.become()
    week = await visitor.see(WEEK)
    assert "No account is connected. So nobody looks at your calendars" in week.text


async def test_a_day_is_as_long_as_its_clock_says(visitor: Visitor) -> None:
    await visitor.become(time_zone="Europe/Berlin")
    assert "23 h: the clock is put forward." in (await visitor.see("/week?of=2030-03-31")).text
    assert "25 h: the clock is put back." in (await visitor.see("/week?of=2030-10-27")).text
    samoa = await visitor.become(time_zone="Pacific/Apia")
    assert samoa.status == 200
    assert "There is no such day in this time zone." in (await visitor.see("/week?of=2011-12-30")).text


async def test_any_text_for_a_week_shows_one(visitor: Visitor) -> None:
    await visitor.become()
    for text in ("nonsense", "0001-01-01", "9999-12-31", ""):
        assert (await visitor.see(f"/week?of={text}&minutes=-1&buffer=x")).status == 200


async def test_any_id_that_the_service_takes_leads_to_its_session(visitor: Visitor, api: Api) -> None:
    await visitor.be()
    await put(api, "../a?b=c&d#e%2F+\"<'", title="Odd")
    week = await visitor.see(WEEK)
    link = next(one for one in week.links.values() if one.startswith("/session?"))
    page = await visitor.see(link)
    assert "Odd Tuesday, 14 May 2030, 09:00 to 10:00" in page.text
    assert "The session was cancelled." in (await visitor.send(page, "/session/cancel")).text


async def test_a_session_of_several_days_is_shown_and_can_be_cancelled(visitor: Visitor, api: Api) -> None:
    await visitor.be()
    await put(api, "retreat", title="Retreat", hours=60)
    page = await visitor.see("/session?id=retreat")
    assert "Retreat Tuesday, 14 May 2030, 09:00 to Thursday, 16 May 2030, 21:00" in page.text
    assert "There is none this week." in page.text
    assert "The session was cancelled." in (await visitor.send(page, "/session/cancel")).text


async def test_a_page_that_reads_itself_again_takes_no_notice_from_another(visitor: Visitor) -> None:
    await visitor.become()
    form = await visitor.see(
        next(one for one in (await visitor.see(WEEK)).links.values() if one.startswith("/book?"))
    )
    booked = visitor.session.post(
        f"{visitor.base}/book", data={**form.form("/book").fields, "title": "Coaching"}, allow_redirects=False
    )
    async with booked as answer:
        assert answer.status == 303
    assert "The session is booked" not in (await visitor.see(WEEK, headers={"X-Live": "1"})).text
    assert "The session is booked" in (await visitor.see(WEEK)).text


async def test_nobody_who_is_not_logged_in_is_told_anything(visitor: Visitor) -> None:
    assert "live.js" not in (await visitor.see("/experts")).html
    assert (await visitor.see("/live")).status == 204


async def test_a_browser_too_many_is_told_when_to_come_back(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    await visitor.become()
    monkeypatch.setattr(live_module, "STREAMS", 0)
    refused = await visitor.see("/live")
    assert (refused.status, refused.headers["Retry-After"]) == (503, "10")
