"""The check with which each test of the service on the sandbox ends: it finds what must not be asked for."""

from urllib.parse import quote

import pytest

from sandbox import Sandbox
from tests.sandbox.client import Graph
from tests.support.event_properties import CHANGE, CREATE, EVENTS, LEFT, VIEW, violations

VIEW_PATH = VIEW[1]
WINDOW = "startDateTime=2030-05-14T00:00:00Z&endDateTime=2030-05-15T00:00:00Z"
IN_UTC = 'IdType="ImmutableId", outlook.timezone="UTC"'


@pytest.fixture
def calendar(sandbox: Sandbox) -> str:
    """Of Anna's, with an event in the window."""
    return next(one.id for one in sandbox.world.calendars.of("anna") if one.is_default)


async def _look(anna: Graph, calendar: str, options: str, prefer: str = IN_UTC) -> None:
    path = f"/me/calendars/{quote(calendar, safe='')}/calendarView?{WINDOW}"
    await anna.get(f"{path}&{options}" if options else path, prefer)


async def test_what_is_on_the_list_passes(sandbox: Sandbox, anna: Graph, calendar: str) -> None:
    await _look(anna, calendar, "$select=id,start,end,showAs&$top=5")
    assert sandbox.world.traffic.questions()
    assert list(violations(sandbox.world.traffic)) == []


@pytest.mark.parametrize(
    ("options", "prefer", "asked"),
    [
        ("$select=id,subject", IN_UTC, "$select=subject"),
        ("", IN_UTC, "$select=*"),
        ("$select=", IN_UTC, "$select=*"),
        ("%24select=id,body", IN_UTC, "$select=body"),
        ("$select=id&$expand=attachments", IN_UTC, "$expand=attachments"),
        ("$select=id&$orderby=subject", IN_UTC, "$orderby=subject"),
        ("$select=id&$search=divorce", IN_UTC, "$search"),
        (
            "$select=id",
            'outlook.body-content-type="text"',
            "Prefer: outlook.body-content-type=text",
        ),
    ],
)
async def test_what_goes_beyond_the_list_is_found(
    sandbox: Sandbox, anna: Graph, calendar: str, options: str, prefer: str, asked: str
) -> None:
    await _look(anna, calendar, options, prefer)
    assert f"GET {VIEW_PATH} asked for {asked}" in list(violations(sandbox.world.traffic))


async def test_asking_counts_even_if_nothing_is_answered(
    sandbox: Sandbox, anna: Graph, calendar: str
) -> None:
    sandbox.world.faults.answer(503, path="calendarView")
    await _look(anna, calendar, "$select=id,subject")
    assert list(violations(sandbox.world.traffic)) == [f"GET {VIEW_PATH} asked for $select=subject"]


async def test_what_left_counts_also_if_it_came_unasked(sandbox: Sandbox) -> None:
    sandbox.world.traffic.record_event("anna", *VIEW, {"id": "1", "subject": "Secret"})
    sandbox.world.traffic.record_event("anna", "POST", "(notification)", {"body": {"content": "Secret"}})
    assert list(violations(sandbox.world.traffic)) == [
        f"GET {VIEW_PATH} brought subject",
        "POST (notification) brought body.content",
    ]


async def test_a_way_that_the_service_does_not_take_is_found(sandbox: Sandbox, anna: Graph) -> None:
    await anna.get("/me/events?$select=id", IN_UTC)
    assert "GET /me/events asked for $select=id" in list(violations(sandbox.world.traffic))


async def test_what_is_looked_for_is_in_no_record(sandbox: Sandbox, anna: Graph, calendar: str) -> None:
    wanted = "singleValueExtendedProperties/Any(ep: ep/id eq 'String x' and ep/value eq 'Jonas''s divorce')"
    await anna.get(f"/me/calendars/{quote(calendar, safe='')}/events?$filter={quote(wanted)}")
    asked = [one.asked for one in sandbox.world.traffic.questions()]
    assert "$filter=singleValueExtendedProperties/Any(ep: ep/id eq 'String x' and ep/value eq)" in asked
    assert "divorce" not in str(asked)


def test_only_events_that_the_service_wrote_itself_come_whole() -> None:
    assert {CREATE, CHANGE}.isdisjoint(LEFT)
    assert all(path.startswith(EVENTS) for _, path in (CREATE, CHANGE))
