"""Booking only what is free: races between processes, what is not known, holds, and the last word of the database."""

import asyncio
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

import grpc
import grpc.aio
import psycopg
import pytest
from google.rpc import error_details_pb2

from sandbox import Sandbox
from server.runtime.settings import Role
from tests.server.served import Logs, failure_of
from tests.support.calls import EXPERT, HOLD, SESSION, SOON, Calls, at, busy_hours, hours
from tests.support.programs import serving
from tests.support.readings import asked
from tests.support.running_service import open_service, settings_for
from tests.support.service import Service, outcome

SOON_ALL_DAY = hours(0, 24, day=SOON)


@pytest.fixture
async def connected(service: Service) -> Service:
    await service.connect("anna")
    return service


async def book(calls: Calls, session_id: str = SESSION, *, start: float = 10, expert_id: str = EXPERT) -> str:
    """Empty when it was accepted, else the reason."""
    return await outcome(
        calls.put_session(session_id, start=start, day=SOON, expert_id=expert_id, only_if_free=True)
    )


async def test_of_ten_bookings_at_once_at_two_programs_one_is_accepted(
    connected: Service, sandbox: Sandbox, dsn: str, tmp_path: Path
) -> None:
    sandbox.world.settings.concurrency_limit = 100  # two processes don't know of each other's requests
    settings = settings_for(sandbox, dsn)
    async with (
        serving(settings, Role.ALL, folder=tmp_path) as one,
        serving(settings, Role.API, folder=tmp_path) as other,
        grpc.aio.insecure_channel((await one.logged("ready"))["grpc"]) as channel,
        grpc.aio.insecure_channel((await other.logged("ready"))["grpc"]) as other_channel,
    ):
        programs = [Calls(channel=channel), Calls(channel=other_channel)]
        for start in (10, 12, 14):
            outcomes = await asyncio.gather(
                *(book(programs[n % 2], f"at-{start}-{n}", start=start) for n in range(10))
            )
            assert sorted(outcomes) == ["", *["TIME_TAKEN"] * 9]
        overlapping = await asyncio.gather(
            *(book(programs[n % 2], f"overlapping-{n}", start=16 + n / 4) for n in range(4)),
            *(outcome(programs[n % 2].hold(f"hold-{n}", start=16 + n / 4, day=SOON)) for n in range(4)),
        )
        assert sorted(overlapping) == ["", *["TIME_TAKEN"] * 7]
        for program in (one, other):
            program.tell(signal.SIGTERM)
            assert await program.ended() == 0
    stored = await connected.rows("SELECT session_id FROM session")
    reserved = await connected.rows("SELECT hold_id, session_id FROM reserved_time")
    assert len(reserved) == 4
    assert len(stored) == sum(1 for row in reserved if row["session_id"])
    for row in stored:
        await connected.written(row["session_id"])
    await connected.idle()
    assert len(connected.events("anna")) == len(stored)


async def test_two_experts_with_the_same_time_both_get_it(
    connected: Service, sandbox: Sandbox, dsn: str, logs: Logs
) -> None:
    await connected.put_expert("expert-2")
    await connected.connect("ben", expert_id="expert-2")
    async with open_service(sandbox, dsn, role=Role.API, logs=logs) as other:
        one, two = await asyncio.gather(book(connected), book(other, expert_id="expert-2"))
    assert (one, two) == ("", "")


async def test_looks_at_the_calendars_as_they_are_now(connected: Service) -> None:
    world = connected.sandbox.world
    world.settings.notifications = "silent"
    world.events.add("anna", at(10.5, day=SOON), at(11.5, day=SOON))
    assert await connected.check(hours(10, 11, day=SOON)) == ["FREE"], "as stored"
    failure = await failure_of(connected.put_session(day=SOON, only_if_free=True))
    assert (failure.code, failure.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "TIME_TAKEN")
    assert await book(connected, start=9.5) == "", "what only touches it is not in the way"


async def test_one_unread_calendar_refuses_and_stores_nothing(connected: Service) -> None:
    await connected.connect("carla")
    annas = await connected.calendar_id("anna", "primary")
    (carlas,) = set((await connected.calendar_settings()).conflict_calendar_ids) - {annas}
    connected.sandbox.world.faults.answer(503, code="ServiceUnavailable", person="carla", times=None)
    for call in (
        connected.put_session(day=SOON, only_if_free=True),
        connected.hold(day=SOON),
    ):
        failure = await failure_of(call)
        assert (failure.code, failure.reason) == (grpc.StatusCode.UNAVAILABLE, "AVAILABILITY_UNKNOWN")
        assert failure.detail(error_details_pb2.RetryInfo).retry_delay.ToTimedelta() == timedelta(seconds=5)
        assert failure.metadata == {
            "unread_calendar_ids": carlas,
            "unread_reasons": "PROVIDER_UNAVAILABLE",
        }
    assert not {"session", "reserved_time"} & set(await connected.tables())
    assert (await failure_of(connected.session())).reason == "SESSION_NOT_FOUND"
    connected.sandbox.world.faults.clear()
    assert await book(connected) == ""


@pytest.mark.parametrize("wish", ["session", "hold"])
async def test_a_time_found_free_before_tentative_events_blocked_is_not_given_away_after(
    connected: Service, dsn: str, wish: str
) -> None:
    connected.sandbox.world.events.add("anna", at(10, day=SOON), at(11, day=SOON), show_as="tentative")
    async with await psycopg.AsyncConnection.connect(dsn) as other, asyncio.TaskGroup() as group:
        await other.execute("SELECT FROM expert FOR NO KEY UPDATE")
        call = (
            connected.hold(day=SOON) if wish == "hold" else connected.put_session(day=SOON, only_if_free=True)
        )
        asking = group.create_task(outcome(call))
        async with asyncio.timeout(10):
            while not await connected.rows(
                "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
            ):
                pass
        await other.execute("UPDATE calendar_settings SET tentative_blocks = true, version = version + 1")
        await other.commit()
        assert await asking in {"AVAILABILITY_UNKNOWN", "TIME_TAKEN"}, (
            "the latter where it was read anew by then"
        )
    assert await connected.check(hours(10, 11, day=SOON)) == ["BUSY"]
    assert not {"session", "reserved_time"} & set(await connected.tables())


async def test_a_throttled_mailbox_is_left_alone_for_as_long_as_it_asks(connected: Service) -> None:
    connected.sandbox.world.faults.answer(429, code="TooManyRequests", retry_after="120", times=None)
    for _ in range(2):
        for call in (connected.put_session(day=SOON, only_if_free=True), connected.hold(day=SOON)):
            failure = await failure_of(call)
            assert (failure.code, failure.reason) == (grpc.StatusCode.UNAVAILABLE, "AVAILABILITY_UNKNOWN")
            assert failure.metadata["unread_reasons"] == "THROTTLED"
            pause = failure.detail(error_details_pb2.RetryInfo).retry_delay.ToTimedelta()
            assert timedelta(seconds=100) < pause <= timedelta(seconds=120)


async def test_a_lost_access_is_for_a_person_to_mend_and_not_to_be_waited_for(connected: Service) -> None:
    (account,) = await connected.list_accounts()
    connected.sandbox.world.grants.revoke("anna", access_tokens=True)
    for call in (
        connected.put_session(day=SOON, only_if_free=True),  # the first to find out
        connected.hold(day=SOON),
    ):
        failure = await failure_of(call)
        assert (failure.code, failure.reason) == (
            grpc.StatusCode.FAILED_PRECONDITION,
            "CALENDARS_UNREADABLE",
        )
        assert failure.metadata["unread_reasons"] == "RECONNECT_REQUIRED"
        assert not [one for one in failure.details if isinstance(one, error_details_pb2.RetryInfo)]
        (violation,) = failure.detail(error_details_pb2.PreconditionFailure).violations
        assert (violation.type, violation.subject) == ("RECONNECT_REQUIRED", account.account_id)
    await connected.finish("anna", account_id=account.account_id)
    assert await book(connected) == ""


async def test_a_refusal_says_what_takes_the_time(connected: Service) -> None:
    await connected.hold(day=SOON)
    await connected.put_session("unchecked", day=SOON)
    connected.sandbox.world.events.add("anna", at(10.5, day=SOON), at(11.5, day=SOON))
    annas = await connected.calendar_id("anna", "primary")
    failure = await failure_of(connected.put_session(day=SOON, only_if_free=True))
    assert failure.metadata == {
        "busy_calendar_ids": annas,
        "busy_session_ids": "unchecked",
        "busy_hold_ids": HOLD,
    }


async def test_a_hold_keeps_a_time_until_it_becomes_a_session(connected: Service) -> None:
    held = await connected.hold(day=SOON)
    life = held.expire_time.ToDatetime(tzinfo=UTC) - datetime.now(UTC)
    assert timedelta(minutes=4) < life <= timedelta(minutes=5)
    assert await connected.check(hours(10, 11, day=SOON)) == ["BUSY"]
    assert await book(connected, "hasty", start=10.5) == "TIME_TAKEN"
    assert await outcome(connected.hold("hold-2", start=9.5, day=SOON)) == "TIME_TAKEN"
    looked = asked(connected)
    await connected.put_session(day=SOON, hold_id=HOLD)
    assert asked(connected) == looked, "its time was found free when it was held"
    assert await book(connected, "late") == "TIME_TAKEN"
    assert (await failure_of(connected.release_hold())).reason == "HOLD_NOT_FOUND"
    await connected.written()
    answer = await connected.busy(SOON_ALL_DAY)
    assert busy_hours(answer, day=SOON) == [(10, 11)]


async def test_a_hold_expires_by_itself(connected: Service) -> None:
    await connected.hold(day=SOON)
    await connected.database.execute("UPDATE reserved_time SET expires_at = now() - interval '1 second'")
    assert await connected.check(hours(10, 11, day=SOON)) == ["FREE"]
    refused = await failure_of(connected.put_session("late", day=SOON, hold_id=HOLD))
    assert refused.reason == "HOLD_NOT_FOUND"
    assert await book(connected) == ""


async def test_a_released_hold_is_in_nobodys_way(connected: Service) -> None:
    await connected.hold(day=SOON)
    await connected.release_hold()
    assert await book(connected) == ""


async def test_a_cancelled_session_gives_its_time_back(connected: Service) -> None:
    assert await book(connected) == ""
    await connected.cancel_session()
    assert await book(connected, "session-2") == ""


async def test_a_checked_session_may_move_over_its_own_time_and_is_not_checked_twice(
    connected: Service,
) -> None:
    assert await book(connected) == ""
    await connected.written()
    assert await book(connected, start=10.5) == ""
    await connected.written(revision=2)
    await connected.settled()
    looked = asked(connected)
    assert await book(connected, start=10.5) == ""
    assert asked(connected) == looked
    assert await book(connected, "session-2", start=9.5) == ""


async def test_the_database_itself_refuses_two_reserved_times_that_overlap(connected: Service) -> None:
    await connected.hold(day=SOON)
    with pytest.raises(psycopg.errors.ExclusionViolation):
        await connected.database.execute(
            """
            INSERT INTO reserved_time (expert_id, hold_id, during, expires_at)
            SELECT expert_id, 'another',
                tstzrange(upper(during) - interval '1 minute', upper(during) + interval '1 hour'), expires_at
            FROM reserved_time
            """
        )
    await connected.database.execute(
        """
        INSERT INTO reserved_time (expert_id, hold_id, during, expires_at)
        SELECT expert_id, 'next', tstzrange(upper(during), upper(during) + interval '1 hour'), expires_at
        FROM reserved_time
        """
    )
    assert await connected.check(hours(11, 12, day=SOON)) == ["BUSY"]
