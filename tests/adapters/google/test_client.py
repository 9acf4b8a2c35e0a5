"""Requests to the Calendar API: what goes out, what is tried again, and what is believed."""

import asyncio
import logging
from datetime import timedelta
from typing import Any

import pytest

from adapters.google.errors import Fault, GoogleRefusal, translated
from domain.access import AccessLost, EventMissing, InvalidAnswer, ProviderUnavailable
from sandbox import Sandbox
from tests.support.google import OpenGoogle, google_on, list_pages


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_a_read_is_tried_again_when_the_failure_passes(google: OpenGoogle, status: int) -> None:
    google.sandbox.world.faults.html(status, surface="google", times=2)
    assert len(await list_pages(google.client, google.access())) == 1


async def test_a_cut_connection_is_tried_again_for_reads(google: OpenGoogle) -> None:
    google.sandbox.world.faults.add(surface="google", kind="cut_inside", times=2)
    assert len(await list_pages(google.client, google.access())) == 1


async def test_a_read_gives_up_after_three_tries(google: OpenGoogle) -> None:
    fault = google.sandbox.world.faults.google_error(503, "backendError", times=None)
    with pytest.raises(GoogleRefusal) as caught:
        await list_pages(google.client, google.access())
    assert (fault.hits, caught.value.fault) == (3, Fault.UNAVAILABLE)


async def test_a_question_that_is_posted_is_tried_again_like_a_read(google: OpenGoogle) -> None:
    google.sandbox.world.faults.google_error(503, "backendError", times=2)
    window = {"timeMin": "2030-05-13T00:00:00Z", "timeMax": "2030-05-14T00:00:00Z", "items": []}
    answer = await google.client.post(google.access(), "/freeBusy", window, reads=True)
    assert answer["calendars"] == {}


async def test_a_write_is_never_sent_twice(google: OpenGoogle) -> None:
    fault = google.sandbox.world.faults.google_error(503, "backendError", times=None)
    with pytest.raises(GoogleRefusal):
        await google.client.post(google.access(), "/channels/stop", {"id": "x", "resourceId": "y"})
    assert fault.hits == 1


async def test_what_became_of_a_write_that_was_cut_off_is_unknown(google: OpenGoogle) -> None:
    google.sandbox.world.faults.add(surface="google", kind="cut")
    with pytest.raises(ProviderUnavailable) as caught:
        await google.client.post(google.access(), "/channels/stop", {"id": "x", "resourceId": "y"})
    assert caught.value.outcome_unknown


async def test_what_became_of_a_write_that_takes_too_long_is_unknown(sandbox: Sandbox) -> None:
    async with google_on(sandbox, request_timeout=timedelta(milliseconds=300)) as google:
        sandbox.world.faults.add(surface="google", kind="hang", seconds=60)
        with pytest.raises((ProviderUnavailable, GoogleRefusal)) as caught:
            await google.client.delete(google.access(), "/calendars/x/events/y")
        sandbox.hangs.release()
    with pytest.raises(ProviderUnavailable) as meant, translated(gone=EventMissing, writing=True):
        raise caught.value
    assert meant.value.outcome_unknown


async def test_a_google_that_does_not_answer_is_an_outage(sandbox: Sandbox) -> None:
    async with google_on(sandbox, calendar_url="https://localhost:1/calendar/v3") as google:
        with pytest.raises(ProviderUnavailable):
            await list_pages(google.client, google.access())


async def test_a_google_with_an_unknown_certificate_is_not_spoken_to(sandbox: Sandbox) -> None:
    async with google_on(sandbox, ca_file=None) as google:
        with pytest.raises(ProviderUnavailable):
            await list_pages(google.client, google.access())
        assert google.requests() == 0


NONSENSE: list[dict[str, Any]] = [
    {"status": 200, "body": "<html>Our services</html>", "content_type": "text/html"},
    {"status": 200, "body": {"error": {"code": 500, "message": "x"}}},
    {"status": 200, "body": []},
    {"status": 200, "body": {}},
    {"status": 200},
    {"status": 200, "body": {"kind": "calendar#calendarList", "items": None}},
    {"status": 200, "body": {"kind": "calendar#calendarList", "items": {"id": "x"}}},
    {"status": 200, "body": {"kind": "calendar#calendarList", "items": ["x"]}},
    {"status": 200, "body": {"kind": "calendar#calendarList", "items": [], "nextPageToken": 5}},
    {"status": 302, "headers": {"Location": "https://evil.example.com/"}},
    {"kind": "truncate"},
]


@pytest.mark.parametrize("answer", NONSENSE)
async def test_nothing_is_concluded_from_an_answer_against_the_contract(
    google: OpenGoogle, answer: dict[str, Any]
) -> None:
    google.sandbox.world.faults.add(surface="google", path="calendarList", times=None, **answer)
    with pytest.raises(InvalidAnswer):
        await list_pages(google.client, google.access())


async def test_a_list_without_items_is_empty_where_google_says_what_it_is(google: OpenGoogle) -> None:
    google.sandbox.world.faults.add(surface="google", status=200, body={"kind": "calendar#calendarList"})
    assert await list_pages(google.client, google.access()) == [[]]


async def test_an_answer_beyond_all_measure_is_not_read(sandbox: Sandbox) -> None:
    async with google_on(sandbox, largest_answer=500) as google:
        with pytest.raises(InvalidAnswer):
            await list_pages(google.client, google.access("walter"))


@pytest.mark.parametrize("left_out", [False, True])
async def test_lists_are_read_to_their_end_over_empty_pages(google: OpenGoogle, *, left_out: bool) -> None:
    google.sandbox.world.google.settings.leaves_out_empty_lists = left_out
    google.sandbox.world.google.settings.page_size = 3
    google.sandbox.world.google.settings.empty_pages = 2
    pages = await list_pages(google.client, google.access("walter"))
    assert pages[:2] == [[], []]
    ids = [item["id"] for page in pages for item in page]
    assert len(ids) == len(set(ids)) == len(google.sandbox.world.calendars.of("walter"))


async def test_each_page_is_asked_for_with_everything_that_the_first_was(google: OpenGoogle) -> None:
    google.sandbox.world.google.settings.page_size = 2
    items = [item for page in await list_pages(google.client, google.access("walter")) for item in page]
    assert [item for item in items if item.get("hidden")]
    assert all(set(item) <= {"id", "hidden"} for item in items)


async def test_pages_that_go_round_in_circles_are_left(google: OpenGoogle) -> None:
    body = {"kind": "calendar#calendarList", "items": [], "nextPageToken": "round"}
    google.sandbox.world.faults.add(surface="google", status=200, body=body, times=None)
    with pytest.raises(InvalidAnswer):
        await list_pages(google.client, google.access())


async def test_a_refused_token_is_renewed_once(google: OpenGoogle) -> None:
    access = google.access()
    google.sandbox.world.google.grants.expire_access_tokens("gina")
    await list_pages(google.client, access)
    assert google.requests("gina") == 1


async def test_a_token_that_stays_refused_is_no_lost_access(google: OpenGoogle) -> None:
    fault = google.sandbox.world.faults.google_error(401, "authError", times=None)
    with pytest.raises(GoogleRefusal) as caught:
        await list_pages(google.client, google.access())
    assert (fault.hits, caught.value.fault) == (2, Fault.TOKEN)


async def test_tokens_that_are_refused_for_hours_are_told_to_the_operator(google: OpenGoogle) -> None:
    google.sandbox.world.faults.google_error(401, "authError", times=8)
    access = google.access()
    for _ in range(4):
        with pytest.raises(GoogleRefusal):
            await list_pages(google.client, access)
        google.sandbox.world.clock.advance(30 * 60)
    assert google.alarms.refusing
    await list_pages(google.client, google.access())
    assert not google.alarms.refusing


async def test_access_that_is_lost_is_told_when_the_token_is_renewed(google: OpenGoogle) -> None:
    access = google.access()
    await access.token()
    google.sandbox.world.google.grants.end_consent("gina")
    with pytest.raises(AccessLost):
        await list_pages(google.client, access)


async def test_a_refusal_of_the_address_renews_no_token(google: OpenGoogle) -> None:
    fault = google.sandbox.world.faults.google_error(401, "push.webhookUrlUnauthorized", times=None)
    with pytest.raises(GoogleRefusal) as caught:
        await google.client.post(google.access(), "/channels/stop", {"id": "x", "resourceId": "y"})
    assert (fault.hits, caught.value.fault) == (1, Fault.ADDRESS)


@pytest.mark.parametrize("form", ["errors", "details", "both"])
async def test_a_missing_scope_is_known_in_either_form(google: OpenGoogle, form: Any) -> None:
    google.sandbox.world.google.settings.refusal_form = form
    with pytest.raises(GoogleRefusal) as caught:
        await list_pages(google.client, google.access(scopes=()))
    assert caught.value.fault is Fault.SCOPE
    google.sandbox.world.traffic.mistakes.clear()  # it was asked without the scope on purpose


async def test_a_403_of_an_unknown_reason_accuses_nobody_and_is_told_once(google: OpenGoogle) -> None:
    google.sandbox.world.faults.google_error(403, "brandNewReason", times=None)
    access = google.access()
    for _ in range(3):
        with pytest.raises(GoogleRefusal) as caught:
            await list_pages(google.client, access)
        assert caught.value.fault is Fault.UNKNOWN
    (fault,) = google.alarms.faults
    assert isinstance(fault, GoogleRefusal)
    assert fault.code == "brandNewReason"


async def test_a_request_is_counted_under_the_name_of_its_kind(google: OpenGoogle) -> None:
    google.sandbox.world.faults.html(503, surface="google")
    await list_pages(google.client, google.access())
    assert google.meter.requests == [("list_calendars", "5xx"), ("list_calendars", "2xx")]


async def test_logs_name_reasons_and_kinds_and_nobody(
    google: OpenGoogle, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    google.sandbox.world.faults.google_error(404, "notFound", message="Not Found: gina@gmail.example.com")
    with pytest.raises(GoogleRefusal):
        await google.client.delete(google.access(), "/calendars/gina%40gmail.example.com/events/5c9e")
    refusal = next(one for one in caplog.records if one.name == "adapters.google.client")
    told = refusal.__dict__
    assert (told["status"], told["code"], told["request"]) == (404, "notFound", "delete_event")
    everything = " ".join(f"{record.getMessage()} {record.__dict__}" for record in caplog.records)
    grants = google.sandbox.world.google.grants
    for secret in ("gmail.example.com", "gina%40", "Bearer", *grants.access_tokens):
        assert secret not in everything.replace("account-of-gina", "")


async def test_at_most_so_many_requests_of_a_person_are_under_way(sandbox: Sandbox) -> None:
    async with google_on(sandbox, at_once=2) as google:
        sandbox.world.google.settings.delay_seconds = 0.02
        access = [google.access(account_id=name) for name in ("one", "other")]
        await asyncio.gather(*(list_pages(google.client, one) for one in access * 4))
        assert sandbox.world.traffic.peak("gina") == 2
