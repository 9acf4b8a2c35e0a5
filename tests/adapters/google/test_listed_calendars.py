"""Which calendars a person has: what decides whether one that is not found is gone."""

from typing import Any

import pytest

from adapters.google.errors import Fault, GoogleRefusal
from adapters.google.listed_calendars import gone_if_unlisted, listed_calendars
from domain.access import CalendarGone, InvalidAnswer, ProviderUnavailable
from tests.support.google import OpenGoogle

NOT_FOUND = GoogleRefusal(status=404, fault=Fault.GONE)


async def _look(google: OpenGoogle, calendar: str, refusal: GoogleRefusal, **how: bool) -> None:
    async with gone_if_unlisted(google.client, google.access("walter"), calendar, **how):
        raise refusal


def _id(google: OpenGoogle, key: str) -> str:
    return google.sandbox.world.calendars.get("walter", key).folder.address


async def test_every_calendar_is_listed_hidden_ones_too(google: OpenGoogle) -> None:
    google.sandbox.world.google.settings.page_size = 3
    google.sandbox.world.google.settings.empty_pages = 1
    listed = {one.remote_id for one in await listed_calendars(google.client, google.access("walter"))}
    assert listed == {one.folder.address for one in google.sandbox.world.calendars.of("walter")}


async def test_a_role_says_what_can_be_done(google: OpenGoogle) -> None:
    google.sandbox.world.calendars.change_google("walter", "own", role="ringmaster")
    listed = {one.remote_id: one for one in await listed_calendars(google.client, google.access("walter"))}
    roles = ("owner", "writer", "writerWithoutPrivateAccess", "reader", "freeBusyReader", "own")
    entries = [listed[_id(google, role)] for role in roles]
    assert [one.editable for one in entries] == [True, True, True, False, False, False]


@pytest.mark.parametrize("writing", [True, False])
async def test_a_calendar_that_is_listed_is_not_gone(google: OpenGoogle, *, writing: bool) -> None:
    for key in ("own", "hidden"):
        with pytest.raises(ProviderUnavailable) as caught:
            await _look(google, _id(google, key), NOT_FOUND, writing=writing)
        assert caught.value.outcome_unknown == writing


async def test_a_calendar_that_is_listed_no_more_is_gone(google: OpenGoogle) -> None:
    team = _id(google, "own")
    google.sandbox.world.calendars.change_google("walter", "own", deleted=True)
    with pytest.raises(CalendarGone):
        await _look(google, team, NOT_FOUND)


async def test_other_refusals_need_no_second_look(google: OpenGoogle) -> None:
    for fault in set(Fault) - {Fault.GONE}:
        with pytest.raises(GoogleRefusal):
            await _look(google, _id(google, "own"), GoogleRefusal(status=403, fault=fault))
    assert google.requests() == 0


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"body": {"kind": "calendar#calendarList", "items": []}, "status": 200}, InvalidAnswer),
        ({"body": {}, "status": 200}, InvalidAnswer),
        ({"body": {"error": {"errors": [{"reason": "notFound"}]}}, "status": 404}, ProviderUnavailable),
    ],
)
async def test_a_list_that_says_nothing_proves_nothing(
    google: OpenGoogle, answer: dict[str, Any], error: type[Exception]
) -> None:
    google.sandbox.world.faults.add(surface="google", path="calendarList", times=None, **answer)
    with pytest.raises(error):
        await _look(google, "gone@group.calendar.google.com", NOT_FOUND)


async def test_an_id_that_can_be_none_is_passed_over(google: OpenGoogle) -> None:
    entries = [{"id": "x" * 600, "accessRole": "owner"}, {"accessRole": "owner"}, {"id": "good@x"}]
    body = {"kind": "calendar#calendarList", "items": entries}
    google.sandbox.world.faults.add(surface="google", status=200, body=body)
    (listed,) = await listed_calendars(google.client, google.access())
    assert (listed.remote_id, listed.editable) == ("good@x", False)
    assert "good@x" not in repr(listed)
