"""Too much is never taken for lost rights; whose limit it is decides who has to wait."""

import asyncio
from datetime import timedelta

import pytest

from adapters.google.errors import Fault, GoogleRefusal
from adapters.google.settings import GoogleSettings
from adapters.google.usage_gates import JITTER, TOGETHER, UsageGates
from adapters.web.request_gates import FIRST_PAUSE, LONGEST_PAUSE
from domain.access import ProviderUnavailable
from sandbox import Sandbox
from tests.fakes.clock import MovableClock
from tests.support.google import OpenGoogle, google_on, list_pages

TOO_MUCH = (
    "rateLimitExceeded",
    "userRateLimitExceeded",
    "quotaExceeded",
    "dailyLimitExceeded",
    "variableTermLimitExceeded",
    "calendarUsageLimitsExceeded",
)


async def _refused(google: OpenGoogle, person: str, reason: str, *, status: int = 403) -> GoogleRefusal:
    """One request of this person's that is too much, with a wish for half a minute of silence."""
    limits = google.sandbox.world.faults
    limits.google_error(status, reason, domain="usageLimits", retry_after="30", person=person)
    with pytest.raises(GoogleRefusal) as caught:
        await list_pages(google.client, google.access(person))
    return caught.value


async def _must_wait(google: OpenGoogle, person: str) -> bool:
    """Whether a request of this person's isn't even sent."""
    before = google.requests()
    try:
        await list_pages(google.client, google.access(person))
    except ProviderUnavailable as unavailable:
        return unavailable.throttled and google.requests() == before
    return False


@pytest.mark.parametrize("status", [403, 429])
@pytest.mark.parametrize("reason", TOO_MUCH)
async def test_too_much_is_a_wait_and_never_a_denial(google: OpenGoogle, reason: str, status: int) -> None:
    refusal = await _refused(google, "gina", reason, status=status)
    assert refusal.limited
    assert refusal.retry_after == timedelta(seconds=30)
    assert google.meter.pauses == [timedelta(seconds=30)]
    assert google.alarms.faults == []
    assert await _must_wait(google, "gina")
    google.sandbox.world.clock.advance(30)
    assert not await _must_wait(google, "gina")


@pytest.mark.parametrize("reason", ["userRateLimitExceeded", "quotaExceeded", "rateLimitExceeded"])
async def test_one_who_asks_too_much_silences_nobody_else(google: OpenGoogle, reason: str) -> None:
    await _refused(google, "gina", reason)
    assert not await _must_wait(google, "walter")


async def test_the_limit_of_the_project_silences_everybody(google: OpenGoogle) -> None:
    await _refused(google, "gina", "dailyLimitExceeded")
    assert await _must_wait(google, "walter")


async def _is_silent(gates: UsageGates) -> bool:
    """Whether one of whom nothing was refused is turned away."""
    try:
        async with gates.passage("wilma"):
            return False
    except ProviderUnavailable:
        return True


async def test_what_several_people_meet_at_once_is_the_limit_of_the_project() -> None:
    """Others rest shortly at first, whatever Google wished of the two, and longer if nobody is served meanwhile."""
    clock, an_hour = MovableClock(), timedelta(hours=1)
    gates = UsageGates(GoogleSettings(client_id="ours", client_secret="s"), clock)
    for person in ("gina", "walter"):
        assert gates.refused(person, Fault.LIMIT, an_hour) == an_hour
    clock.advance(FIRST_PAUSE + JITTER)
    assert not await _is_silent(gates)
    for person in ("gina", "walter"):
        gates.refused(person, Fault.LIMIT, an_hour)
    assert await _is_silent(gates)
    clock.advance(4 * FIRST_PAUSE + JITTER)
    gates.accepted("wilma")
    assert not await _is_silent(gates)


async def test_what_people_meet_at_different_times_is_their_own(google: OpenGoogle) -> None:
    await _refused(google, "gina", "rateLimitExceeded")
    google.sandbox.world.clock.advance(TOGETHER.total_seconds() + 1)
    await _refused(google, "walter", "rateLimitExceeded")
    assert not await _must_wait(google, "wilma")


async def test_one_person_twice_is_not_several(google: OpenGoogle) -> None:
    await _refused(google, "gina", "userRateLimitExceeded")
    google.sandbox.world.clock.advance(31)
    await _refused(google, "gina", "rateLimitExceeded")
    assert not await _must_wait(google, "walter")


async def test_without_a_wish_the_pause_doubles_and_is_never_the_same(google: OpenGoogle) -> None:
    google.sandbox.world.faults.google_error(403, "userRateLimitExceeded", times=None)
    pauses = []
    for _ in range(8):
        with pytest.raises(GoogleRefusal) as caught:
            await google.client.post(google.access(), "/channels/stop", {"id": "x", "resourceId": "y"})
        pause = caught.value.retry_after
        assert pause is not None
        pauses.append(pause)
        google.sandbox.world.clock.advance(pause.total_seconds())
    for tries, pause in enumerate(pauses):
        usual = min(FIRST_PAUSE * 2**tries, LONGEST_PAUSE)
        assert usual <= pause <= usual + JITTER
    assert len({pause.microseconds for pause in pauses}) > 1


async def test_a_silence_of_an_outage_is_kept(google: OpenGoogle) -> None:
    google.sandbox.world.faults.google_error(503, "backendError", retry_after="30")
    with pytest.raises(GoogleRefusal) as caught:
        await list_pages(google.client, google.access())
    assert caught.value.fault is Fault.UNAVAILABLE
    assert await _must_wait(google, "gina")
    assert not await _must_wait(google, "walter")


async def test_a_person_is_asked_about_no_more_than_so_often_a_minute(sandbox: Sandbox) -> None:
    async with google_on(sandbox, person_per_minute=5) as google:
        for _ in range(5):
            assert not await _must_wait(google, "gina")
        assert await _must_wait(google, "gina")
        assert not await _must_wait(google, "walter")
        sandbox.world.clock.advance(60)
        assert not await _must_wait(google, "gina")


async def test_the_project_asks_no_more_than_so_often_a_minute(sandbox: Sandbox) -> None:
    async with google_on(sandbox, project_per_minute=4) as google:
        people = ("gina", "walter", "wilma", "gina")
        await asyncio.gather(*(list_pages(google.client, google.access(one)) for one in people))
        assert await _must_wait(google, "walter")
        sandbox.world.clock.advance(60)
        assert not await _must_wait(google, "walter")
