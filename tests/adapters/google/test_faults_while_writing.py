"""A fault of each kind around each request of a write: afterwards a repeat leaves one event, and the right one."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import pytest

from domain.access import EventDeleted, EventMissing, InvalidAnswer, ProviderUnavailable
from tests.adapters.google.writing import DETAILS, LATER, SLOT, Desk, booked, desk_for
from tests.support.google import OpenGoogle

_OVERLOADED: Mapping[str, Any] = {"status": 503, "body": {"error": {"errors": [{"reason": "backendError"}]}}}
FAULTS: Mapping[str, Mapping[str, Any]] = {
    "refused": _OVERLOADED,
    "done, and the answer lost": {**_OVERLOADED, "perform": True},
    "cut": {"kind": "cut"},
    "done, and half an answer": {"kind": "truncate"},
    "a web page": {"status": 200, "body": "<html>Sign in</html>", "content_type": "text/html"},
    "limited": {
        "status": 403,
        "body": {"error": {"errors": [{"reason": "rateLimitExceeded"}]}},
        "headers": {"Retry-After": "60"},
    },
    "moved on": {"status": 412, "body": {"error": {"errors": [{"reason": "conditionNotMet"}]}}},
    "nothing": {"status": 200, "body": {}},
}
PASSING = (ProviderUnavailable, InvalidAnswer)


@pytest.fixture(params=FAULTS)
def fault(request: pytest.FixtureRequest) -> Mapping[str, Any]:
    return FAULTS[request.param]


def spoil(desk: Desk, fault: Mapping[str, Any], number: int) -> None:
    """The request of that number from now on; reads are repeated inside a call, so all their tries."""
    desk.world.faults.add(surface="google", skip=number, times=3, **fault)


def mend(desk: Desk) -> None:
    desk.world.faults.clear()
    desk.world.clock.advance(120)


@pytest.mark.parametrize("number", range(2))
async def test_a_creation_that_met_one_is_there_once_after_it_was_resolved(
    google: OpenGoogle, fault: Mapping[str, Any], number: int
) -> None:
    """As a session is resolved: looked for, and begun again under the same mark where it surely isn't."""
    desk = desk_for(google)
    spoil(desk, fault, number)
    for _ in range(2):
        try:
            if await desk.find() is None:
                await desk.create()
        except PASSING:
            continue
    mend(desk)
    place = await desk.find() or await desk.create()
    assert place == desk.place_in("primary")
    assert (desk.event.subject, desk.interval) == (DETAILS.title, SLOT)


@pytest.mark.parametrize("number", range(4))
async def test_a_repeated_creation_that_met_one_brings_the_event_up_to_date(
    google: OpenGoogle, fault: Mapping[str, Any], number: int
) -> None:
    desk = await booked(google)
    desk.world.events.change(desk.event, start=LATER.start, end=LATER.end, subject="Older")
    spoil(desk, fault, number)
    try:
        await desk.create()
    except ProviderUnavailable:
        mend(desk)
        await desk.create()
    assert (desk.event.subject, desk.interval) == (DETAILS.title, SLOT)


@pytest.mark.parametrize("number", range(2))
async def test_a_change_that_met_one_can_be_repeated(
    google: OpenGoogle, fault: Mapping[str, Any], number: int
) -> None:
    desk = await booked(google)
    spoil(desk, fault, number)
    try:
        await desk.update(LATER)
    except PASSING:
        mend(desk)
        await desk.update(LATER)
    assert desk.interval == LATER


async def test_a_removal_that_met_one_can_be_repeated(google: OpenGoogle, fault: Mapping[str, Any]) -> None:
    desk = await booked(google)
    spoil(desk, fault, 0)
    with suppress(*PASSING):
        await desk.delete()
    mend(desk)
    was_there = bool(desk.written())
    try:
        await desk.delete()
        assert was_there
    except EventMissing:
        assert not was_there
    assert desk.written() == []


@pytest.mark.parametrize("number", range(3))
@pytest.mark.parametrize("where", ["in its grave", "elsewhere"])
async def test_a_look_that_met_one_says_nothing_wrong(
    google: OpenGoogle, fault: Mapping[str, Any], number: int, where: str
) -> None:
    desk = await booked(google)
    if where == "elsewhere":
        desk.world.events.move("gina", desk.event, "family")
    else:
        desk.world.events.delete("gina", desk.event)
    spoil(desk, fault, number)
    with suppress(*PASSING):
        try:
            found = await desk.find()
        except EventDeleted:
            found = None
        assert found == (desk.place_in("family") if where == "elsewhere" else None)
