"""One event a session, although a provider stored it and said otherwise, or said nothing at all."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import application.sessions.write_session
from tests.support.calls import at
from tests.support.cast import AT_APPLE, AT_GOOGLE, Cast
from tests.support.service import Service, start_of

LOST_ANSWERS: dict[str, dict[str, Any]] = {
    "connection cut": {"kind": "cut"},
    "connection cut in the middle of the answer": {"kind": "cut_inside"},
    "half an answer": {"kind": "truncate"},
    "503, but done": {"kind": "answer", "status": 503, "body": {"error": {"code": "ServiceUnavailable"}}},
    "504 with a page, but done": {
        "kind": "answer",
        "status": 504,
        "body": "<html>",
        "content_type": "text/html",
    },
    "no answer in time": {"kind": "hang", "seconds": 60},
}


@pytest.fixture
def short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A writer otherwise waits 25 seconds for an answer."""
    monkeypatch.setattr(application.sessions.write_session, "CALL_LIMIT", timedelta(seconds=0.6))


@pytest.mark.usefixtures("short_patience")
@pytest.mark.parametrize("mode", ["returns_first", "conflict", "duplicates"])
@pytest.mark.parametrize("lost", LOST_ANSWERS.values(), ids=LOST_ANSWERS)
async def test_a_creation_whose_answer_is_lost_makes_one_event(
    service: Service, lost: dict[str, Any], mode: Any
) -> None:
    """Also where Microsoft would not tell a repeated transaction id from a new one."""
    await service.connect("anna")
    service.sandbox.world.settings.transaction_mode = mode
    service.sandbox.world.faults.add(method="POST", path="/events$", perform=True, **lost)
    await service.put_session()
    await service.waits("PROVIDER_UNAVAILABLE")
    assert len(service.events("anna")) == 1
    await service.hurry()
    await service.written()
    assert len(service.events("anna")) == 1
    await service.put_session(title="The known event")
    await service.written(revision=2)
    assert [one.subject for one in service.events("anna")] == ["The known event"]


@pytest.mark.usefixtures("short_patience")
@pytest.mark.parametrize("lost", LOST_ANSWERS.values(), ids=LOST_ANSWERS)
async def test_a_creation_that_failed_is_made_up_for(service: Service, lost: dict[str, Any]) -> None:
    await service.connect("anna")
    if lost["kind"] in {"cut_inside", "truncate"}:  # these faults come after the work was done
        lost = {"kind": "cut"}
    service.sandbox.world.faults.add(method="POST", path="/events$", **lost)
    await service.put_session()
    await service.waits("PROVIDER_UNAVAILABLE")
    assert not service.events("anna")
    service.sandbox.world.faults.clear()
    await service.hurry()
    await service.written()
    service.sandbox.hangs.release()
    await service.idle()
    assert len(service.events("anna")) == 1


@pytest.mark.parametrize("searchable", [True, False], ids=["by our property", "by its mark only"])
async def test_a_session_moved_meanwhile_is_found_all_the_same(service: Service, searchable: bool) -> None:
    """Without our property it is found only by looking where it was begun, not where the session is by now."""
    await service.connect("anna")
    service.sandbox.world.settings.transaction_mode = "duplicates"
    if not searchable:
        service.sandbox.world.faults.answer(
            400, code="ErrorInvalidProperty", method="GET", path="/events$", times=None
        )
    service.sandbox.world.faults.add(kind="cut", method="POST", path="/events$", perform=True)
    await service.put_session(start=10)
    await service.waits("PROVIDER_UNAVAILABLE")
    await service.put_session(start=10 + 24 * 40, title="Moved far away")
    await service.written(revision=2)
    (event,) = service.events("anna")
    assert (event.subject, event.start) == ("Moved far away", at(10 + 24 * 40).replace(tzinfo=None))


@pytest.mark.parametrize("lost", ["connection cut", "503, but done"])
@pytest.mark.parametrize("cast", [AT_GOOGLE, AT_APPLE], ids=str, indirect=True)
async def test_where_the_mark_is_the_events_id_a_lost_answer_makes_one_event_too(
    service: Service, cast: Cast, lost: str
) -> None:
    """A PUT whose connection was cut is made once more by the HTTP client itself."""
    await service.connect(cast.main)
    faults = service.sandbox.world.faults
    faults.add(**cast.creation, perform=True, times=2, **LOST_ANSWERS[lost])
    await service.put_session(start=10)
    await service.waits("PROVIDER_UNAVAILABLE")
    assert len(service.events(cast.main)) == 1
    faults.clear()
    await service.put_session(start=10 + 24 * 40, title="Moved far away")
    await service.hurry()
    await service.written(revision=2)
    (event,) = service.events(cast.main)
    assert (event.subject, start_of(event)) == ("Moved far away", at(10 + 24 * 40))


async def test_a_session_cancelled_meanwhile_leaves_no_event(service: Service, cast: Cast) -> None:
    await service.connect(cast.main)
    service.sandbox.world.faults.add(**cast.creation, status=504, body={}, perform=True)
    await service.put_session()
    await service.waits("PROVIDER_UNAVAILABLE")
    await service.cancel_session()
    await service.written(revision=2)
    assert not service.events(cast.main)


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
async def test_a_change_whose_answer_is_lost_is_made_again(service: Service, method: str) -> None:
    await service.connect("anna")
    await service.put_session()
    await service.written()
    service.sandbox.world.faults.answer(503, code="ServiceUnavailable", method=method, perform=True)
    if method == "PATCH":
        await service.put_session(title="Changed")
    else:
        await service.cancel_session()
    await service.waits("PROVIDER_UNAVAILABLE")
    await service.hurry()
    await service.written(revision=2)
    assert [one.subject for one in service.events("anna")] == (["Changed"] if method == "PATCH" else [])


@pytest.mark.parametrize("wish", ["0.3", "date", None])
async def test_tries_again_after_being_throttled(service: Service, wish: str | None) -> None:
    await service.connect("anna")
    world = service.sandbox.world
    retry_after = world.clock.http_date(1) if wish == "date" else wish
    world.faults.answer(429, code="TooManyRequests", method="POST", path="/events$", retry_after=retry_after)
    await service.put_session()
    waiting = await service.waits("PROVIDER_UNAVAILABLE")
    assert waiting.event.HasField("next_attempt_time")
    await service.hurry()
    await service.written()
    assert len(service.events("anna")) == 1


async def test_leaves_a_mailbox_alone_for_as_long_as_microsoft_asks(service: Service) -> None:
    await service.connect("anna")
    service.sandbox.world.faults.answer(
        429, code="ApplicationThrottled", method="POST", path="/events$", retry_after="120"
    )
    await service.put_session()
    waiting = await service.waits("PROVIDER_UNAVAILABLE")
    pause = waiting.event.next_attempt_time.ToDatetime(tzinfo=UTC) - datetime.now(UTC)
    assert timedelta(seconds=100) < pause <= timedelta(seconds=120)
    asked = len(service.sandbox.world.traffic.requests)
    assert not (await service.busy()).complete
    assert len(service.sandbox.world.traffic.requests) == asked
