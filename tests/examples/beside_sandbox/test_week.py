"""The week: what is taken, how that is known, and nothing called free that isn't known to be."""

import re

from sandbox import Sandbox
from tests.examples.beside_sandbox.days_of_2030 import WEEK, connect, enter, fail, only_expert, starts
from tests.examples.visitor import Visitor
from tests.support.service import Service


async def test_shows_what_is_taken_and_offers_what_is_free(
    visitor: Visitor, service: Service, sandbox: Sandbox
) -> None:
    await visitor.become()
    await connect(service, "anna")
    enter(sandbox, "09:00", "10:30")
    week = await visitor.see(WEEK)
    assert "Busy 09:00 to 10:30" in week.text
    assert "1 calendar checked, the oldest look just now" in week.text
    assert "Calendar (anna@contoso.example.com): read just now, at " in week.text
    assert "Layoff" not in week.html
    # Berlin is two hours ahead of UTC then.
    assert starts(week)[:4] == ["06:00", "08:30", "09:00", "09:30"]
    assert starts(week)[-1] == "15:00"


async def test_times_before_and_after_are_free_as_well_where_that_is_asked_for(
    visitor: Visitor, service: Service, sandbox: Sandbox
) -> None:
    await visitor.become()
    await connect(service, "anna")
    enter(sandbox, "09:00", "10:30")
    week = await visitor.see(f"{WEEK}&minutes=30&buffer=15")
    assert starts(week)[:4] == ["06:00", "09:00", "09:30", "10:00"]


async def test_nothing_is_free_while_a_calendar_cannot_be_read(
    visitor: Visitor, service: Service, sandbox: Sandbox
) -> None:
    await visitor.become()
    await connect(service, "anna")
    fail(sandbox)
    week = await visitor.see(WEEK)
    assert "Your calendar could not be read" in week.text
    assert "Calendar (anna@contoso.example.com) : its provider has an outage." in week.text
    assert week.text.count("Whatever is not busy is unknown.") == 7
    assert not starts(week)


async def test_a_lost_account_leads_to_where_it_is_reconnected(
    visitor: Visitor, service: Service, sandbox: Sandbox
) -> None:
    await visitor.become()
    await connect(service, "anna")
    service.withdraw("anna")
    week = await visitor.see(f"{WEEK}&look=now")
    assert "its account has to be connected again" in week.text
    assert week.links["reconnect-1"] == "/accounts"
    assert not starts(week)


async def test_what_else_is_at_the_time_of_a_session_is_said(
    visitor: Visitor, service: Service, sandbox: Sandbox
) -> None:
    await visitor.become()
    expert_id = await only_expert(service)
    await connect(service, "anna")
    await service.put_session("alone", start=12, expert_id=expert_id, title="Alone")
    await service.put_session("crowded", start=7, expert_id=expert_id, title="Crowded")
    await service.put_session("pair-1", start=13, expert_id=expert_id, title="One of two")
    await service.put_session("pair-2", start=13.5, expert_id=expert_id, title="The other")
    enter(sandbox, "09:30", "11:00")
    week = await visitor.see(f"{WEEK}&look=now")
    crowded, rest = week.text.partition("Sessions of this week")[2].split("Alone")
    alone, one_of_two, other = re.split("One of two|The other", rest)
    assert ["Something else is at this time." in told for told in (crowded, alone, one_of_two, other)] == [
        True,
        False,
        True,
        True,
    ]
    assert 'data-here="/week?of=2030-05-13&amp;minutes=60&amp;buffer=0"' in week.html
    assert "Busy 10:00 to 11:00" in week.text
