"""Google's answer to when calendars are busy."""

from datetime import date
from typing import Any

import pytest

from sandbox import Sandbox
from tests.sandbox.google.calendar import WINDOW, Calendars, reason


def _add(sandbox: Sandbox, start: Any, end: Any = None, **details: Any) -> None:
    sandbox.world.events.add("gina", start, end, **details)


async def test_intervals_are_merged_and_say_nothing_else(sandbox: Sandbox, gina: Calendars) -> None:
    _add(sandbox, "2030-05-14T09:00", "2030-05-14T10:30", subject="Secret")
    _add(sandbox, "2030-05-14T10:00", "2030-05-14T11:00")
    _add(sandbox, "2030-05-14T11:00", "2030-05-14T12:00")
    _add(sandbox, "2030-05-15T09:00", "2030-05-15T10:00")
    assert await gina.busy("primary") == {
        "primary": {
            "busy": [
                {"start": "2030-05-14T07:00:00Z", "end": "2030-05-14T10:00:00Z"},
                {"start": "2030-05-15T07:00:00Z", "end": "2030-05-15T08:00:00Z"},
            ]
        }
    }
    assert sandbox.world.traffic.properties(path="/freeBusy") == {"busy.start", "busy.end"}


async def test_days_come_as_instants_of_the_calendars_zone(sandbox: Sandbox, gina: Calendars) -> None:
    _add(sandbox, date(2030, 5, 14))
    (busy,) = (await gina.busy("primary"))["primary"]["busy"]
    assert busy == {"start": "2030-05-13T22:00:00Z", "end": "2030-05-14T22:00:00Z"}
    (busy,) = (await gina.busy("primary", timeZone="Europe/Berlin"))["primary"]["busy"]
    assert busy["start"] == "2030-05-14T00:00:00+02:00"


@pytest.mark.parametrize(
    ("details", "counts"),
    [
        ({"show_as": "free"}, False),
        ({"show_as": "workingElsewhere"}, False),
        ({"response": "declined"}, False),
        ({"cancelled": True}, False),
        ({"google": {"transparency": "transparent"}}, False),
        ({"show_as": "oof"}, True),
        ({"show_as": "tentative"}, True),
        ({"response": "notResponded"}, True),
    ],
)
async def test_what_counts_as_busy(
    sandbox: Sandbox, gina: Calendars, details: dict[str, Any], counts: bool
) -> None:
    _add(sandbox, "2030-05-14T09:00", **details)
    assert bool((await gina.busy("primary"))["primary"]["busy"]) is counts


async def test_what_is_unsure_may_not_count(sandbox: Sandbox, gina: Calendars) -> None:
    sandbox.world.google.settings.freebusy_counts_maybe = False
    _add(sandbox, "2030-05-14T09:00", response="tentativelyAccepted")
    assert (await gina.busy("primary"))["primary"]["busy"] == []


async def test_errors_stand_beside_each_calendar_inside_a_200(sandbox: Sandbox, gina: Calendars) -> None:
    family = sandbox.world.calendars.get("gina", "family").folder.address
    sandbox.world.events.add("gina", "2030-05-14T09:00", calendar="family")
    found = await gina.busy(family, "gone@x.example")
    not_found = {"busy": [], "errors": [{"domain": "global", "reason": "notFound"}]}
    assert found["gone@x.example"] == not_found
    assert len(found[family]["busy"]) == 1
    seen = {}
    for switch in ("error", "error_with_busy", "left_out"):
        sandbox.world.calendars.change_google("gina", "family", freebusy=switch)
        seen[switch] = (await gina.busy(family)).get(family)
    error = [{"domain": "global", "reason": "internalError"}]
    assert seen["error"] == {"busy": [], "errors": error}
    assert seen["error_with_busy"] == found[family] | {"errors": error}
    assert seen["left_out"] is None


async def test_a_calendar_that_may_only_be_seen_as_busy_answers(sandbox: Sandbox, walter: Calendars) -> None:
    sandbox.world.events.add("wilma", "2030-05-14T09:00", calendar="for-freeBusyReader")
    address = sandbox.world.calendars.get("walter", "freeBusyReader").folder.address
    assert len((await walter.busy(address))[address]["busy"]) == 1


async def test_calendars_beyond_the_limit_are_not_answered_for(gina: Calendars) -> None:
    found = await gina.busy(*(f"{number}@x.example" for number in range(50)), "primary")
    assert found["primary"]["errors"] == [{"domain": "global", "reason": "tooManyCalendarsRequested"}]
    assert found["49@x.example"]["errors"][0]["reason"] == "notFound"


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ({"timeMax": "2030-09-14T00:00:00Z"}, (400, "timeRangeTooLong")),
        ({"timeMax": WINDOW["timeMin"]}, (400, "timeRangeEmpty")),
        ({"timeMin": "2030-05-13T00:00:00"}, (400, "badRequest")),
        ({"timeZone": "Middle-earth"}, (400, "invalid")),
        ({"calendarExpansionMax": 51}, (400, "invalid")),
        ({"items": ["primary"]}, (400, "badRequest")),
    ],
)
async def test_a_wrong_question_is_refused(
    gina: Calendars, body: dict[str, Any], refusal: tuple[int, str]
) -> None:
    items: dict[str, Any] = {"items": [{"id": "primary"}]}
    assert reason(await gina("POST", "/freeBusy", body=WINDOW | items | body)) == refusal


async def test_both_bounds_are_required(gina: Calendars) -> None:
    reply = await gina("POST", "/freeBusy", body={"timeMin": WINDOW["timeMin"], "items": []})
    assert reason(reply) == (400, "required")
