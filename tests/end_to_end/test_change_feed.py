"""The feed of changes: what it tells, to whom, and that nothing is lost or repeated through interruptions."""

import asyncio
import itertools
from collections.abc import Iterator
from contextlib import AsyncExitStack

import grpc
import grpc.aio
import pytest
from google.rpc import error_details_pb2
from psycopg.rows import DictRow

from calendarsync.v1.change_service_pb2 import Change, WatchChangesResponse
from sandbox import Sandbox
from server.runtime.settings import Role
from tests.server.served import Logs, captured_logs, failure_of
from tests.support.calls import EXPERT, SOON, Calls, at
from tests.support.running_service import open_service
from tests.support.service import Service, until
from tests.support.watching import Watch, follow, kind_of, watching

LAST = "the-last-session"


def is_last(change: Change) -> bool:
    return (kind_of(change), change.session_id) == ("SESSION_WRITTEN", LAST)


async def stored(service: Service) -> list[str]:
    """All changes that are kept, in their order."""
    rows: list[DictRow] = await service.rows(
        "SELECT type, coalesce(session_id, '') AS session_id FROM change ORDER BY transaction, number"
    )
    return [f"{row['type']} {row['session_id']}" for row in rows]


def told(changes: list[Change]) -> list[str]:
    return [f"{kind_of(one)} {one.session_id}" for one in changes]


async def test_tells_what_happens_from_connecting_to_leaving(service: Service) -> None:
    world = service.sandbox.world
    async with watching(service, EXPERT) as watch:
        account_id = await service.connect("anna")
        await watch.until("ACCOUNT_CONNECTED", account_id=account_id)
        primary = await service.calendar_id("anna", "primary")
        await watch.until("BUSY_TIME_CHANGED", account_id=account_id, calendar_id=primary)
        await service.put_session("checked", start=10, day=SOON, only_if_free=True)
        await watch.until("SESSION_WRITTEN", session_id="checked")
        world.events.add("anna", at(10.5, day=SOON), at(12, day=SOON))
        collides = await watch.until("SESSION_COLLIDES")
        assert (collides.session_id, collides.calendar_id) == ("checked", primary)
        world.calendars.add("anna", "club", "Chess club")
        await service.list_calendars(refresh=True)
        await watch.until("CALENDARS_CHANGED", account_id=account_id)
        world.faults.answer(400, code="ErrorPropertyValidationFailure", method="POST", path="/events$")
        await service.put_session("refused", start=15, day=SOON)
        await watch.until("SESSION_FAILED", session_id="refused")
        world.grants.revoke("anna", access_tokens=True)
        await service.put_session("waiting", start=17, day=SOON)
        await watch.until("SESSION_WAITING", session_id="waiting")
        await service.finish("anna", account_id=account_id)
        await watch.until("SESSION_WRITTEN", session_id="waiting")
        await service.hold("hold-1", start=20, day=SOON)
        placed = await watch.until("HOLD_PLACED", hold_id="hold-1")
        assert placed.HasField("expire_time")
        await service.release_hold("hold-1")
        await watch.until("HOLD_ENDED", hold_id="hold-1")
        await service.cancel_session("checked")
        await watch.until("SESSION_CANCELLED", session_id="checked")
        await service.disconnect(account_id)
        await watch.until("ACCOUNT_DISCONNECTED", account_id=account_id)
        await watch.until("CALENDARS_CHANGED", account_id=account_id)
    kinds = [kind_of(one) for one in watch.seen]
    assert kinds.index("ACCOUNT_RECONNECT_REQUIRED") < kinds.index("ACCOUNT_RECONNECTED")
    assert {one.expert_id for one in watch.seen} == {EXPERT}
    assert kinds.count("SESSION_COLLIDES") == 1, "our own events collide with nothing"


async def test_an_expert_is_told_of_their_own_changes_only(service: Service) -> None:
    await service.put_expert("expert-2")
    await service.connect("anna")
    await service.connect("ben", expert_id="expert-2")
    async with watching(service, "expert-2") as one, watching(service) as everybody:
        await service.put_session("first")
        await service.written("first")
        await service.put_session(LAST, expert_id="expert-2")
        await one.until("SESSION_WRITTEN", session_id=LAST)
        await everybody.until("SESSION_WRITTEN", session_id=LAST)
    assert {one.expert_id for one in one.seen} == {"expert-2"}
    assert {one.expert_id for one in everybody.seen} == {EXPERT, "expert-2"}


async def test_changes_of_one_process_are_told_by_another(
    service: Service, sandbox: Sandbox, dsn: str, logs: Logs
) -> None:
    await service.connect("anna")
    async with open_service(sandbox, dsn, role=Role.API, logs=logs) as other:
        clock = asyncio.get_running_loop().time
        async with watching(other) as there, watching(service) as here:
            await service.put_session(LAST)
            await here.until("SESSION_WRITTEN", session_id=LAST)
            began = clock()
            await there.until("SESSION_WRITTEN", session_id=LAST)
            assert clock() - began < 0.5, "woken, not found by looking again"
        assert told(there.seen) == told(here.seen)


async def test_pages_and_streams_of_two_processes_are_one_feed(
    service: Service, sandbox: Sandbox, dsn: str, logs: Logs
) -> None:
    await service.connect("anna")
    async with open_service(sandbox, dsn, role=Role.API, logs=logs) as other, watching(service) as watch:
        start = watch.cursor
        for number in range(3):
            await service.put_session(f"session-{number}", start=number)
        await service.put_session(LAST, start=20)
        await watch.until("SESSION_WRITTEN", session_id=LAST)
        found: list[Change] = []
        for process in itertools.cycle((service, other)):
            page = await process.list_changes(start, page_size=2)
            start, found = page.cursor, found + list(page.changes)
            if any(map(is_last, found)):
                break
    assert told(found)[: len(watch.seen)] == told(watch.seen)


async def test_an_erased_expert_is_gone_from_the_feed_of_every_process(
    service: Service, sandbox: Sandbox, dsn: str, logs: Logs
) -> None:
    await service.put_expert("expert-2")
    async with (
        open_service(sandbox, dsn, role=Role.API, logs=logs) as other,
        AsyncExitStack() as open_watches,
    ):
        starts = []
        for process in (service, other):
            everybody = await open_watches.enter_async_context(watching(process))
            starts.append(everybody.cursor)
        theirs = [
            await open_watches.enter_async_context(watching(process, EXPERT)) for process in (service, other)
        ]
        await service.connect("anna")
        for watch in theirs:
            await watch.until("BUSY_TIME_CHANGED")
        await service.settled()
        await service.delete_expert()
        for watch in theirs:
            assert (await failure_of(end_of(watch))).reason == "EXPERT_NOT_FOUND"
        await service.put_session(LAST, expert_id="expert-2", start=20)
        await service.connect("ben", expert_id="expert-2")
        for process, start in zip((service, other), starts, strict=True):
            changes, _ = await follow(process, start, to=is_last)
            assert [kind_of(one) for one in changes if one.expert_id == EXPERT] == ["EXPERT_ERASED"]
            assert {one.expert_id for one in changes} == {EXPERT, "expert-2"}


async def end_of(watch: Watch) -> None:
    while True:
        await watch.element()


async def test_goes_on_after_a_restart_where_it_left_off(sandbox: Sandbox, dsn: str, logs: Logs) -> None:
    async with open_service(sandbox, dsn, logs=logs) as elsewhere:
        await elsewhere.put_expert()
        await elsewhere.connect("anna")
        async with (
            open_service(sandbox, dsn, role=Role.API, logs=logs) as service,
            watching(service) as watch,
        ):
            start = watch.cursor
            await elsewhere.put_session("before")
            await watch.until("SESSION_WRITTEN", session_id="before")
        for number in range(5):
            await elsewhere.put_session(f"meanwhile-{number}", start=number)
        await elsewhere.settled()
        async with open_service(sandbox, dsn, role=Role.API, logs=logs) as service:
            ends_at_last = follow(service, watch.cursor, to=is_last)
            rest = asyncio.create_task(ends_at_last)
            await elsewhere.put_session(LAST, start=20)
            changes, interruptions = await rest
            assert interruptions == 0
            assert told((await follow(service, start, to=is_last))[0]) == told(watch.seen + changes)
        everything = await stored(elsewhere)
    assert everything[-len(watch.seen + changes) :] == told(watch.seen + changes)


@pytest.fixture
def logs_of_an_outage(no_settings: None, short_pauses: None) -> Iterator[Logs]:
    """What is logged while the database is away: jobs fail then, and are made up for."""
    with captured_logs() as captured:
        yield captured
    faults = [one for one in captured.lines if one["event"] in {"unexpected fault", "job failed"}]
    assert all("StoreUnavailable" in one["error"] for one in faults), faults


async def test_nothing_is_lost_or_repeated_when_every_connection_to_the_database_is_cut(
    sandbox: Sandbox, dsn: str, logs_of_an_outage: Logs
) -> None:
    async with open_service(sandbox, dsn, logs=logs_of_an_outage) as service:
        await service.put_expert()
        await service.connect("anna")
        async with watching(service) as watch:
            start = watch.cursor
        before = len(await stored(service))
        following = asyncio.create_task(follow(service, start, to=is_last))
        for number in range(6):
            await service.put_session(f"session-{number}", start=number)
            if number % 2:
                await cut_every_connection(service)
        for number in range(6):
            await service.hurry()
            await service.written(f"session-{number}")
        await service.put_session(LAST, start=20)
        changes, _ = await following
        everything = await stored(service)
    assert told(changes) == everything[before : before + len(changes)]
    assert len([one for one in changes if kind_of(one) == "SESSION_WRITTEN"]) == 7


async def cut_every_connection(service: Service) -> None:
    await service.database.execute(
        """
        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
        """
    )
    await available(service)


async def available(service: Service) -> None:
    """Until calls are answered again."""
    while True:
        try:
            await service.calendar_settings()
            return
        except grpc.aio.AioRpcError as error:
            if error.code() is not grpc.StatusCode.UNAVAILABLE:
                raise


async def test_ends_with_unavailable_when_the_service_stops(sandbox: Sandbox, dsn: str, logs: Logs) -> None:
    async with AsyncExitStack() as outlives_the_service:
        async with open_service(sandbox, dsn, role=Role.API, logs=logs) as service:
            address = f"127.0.0.1:{service.process.grpc_port}"
            channel = await outlives_the_service.enter_async_context(grpc.aio.insecure_channel(address))
            watch = await outlives_the_service.enter_async_context(watching(Calls(channel=channel)))
            ending = asyncio.create_task(failure_of(watch.element()))
        failure = await ending
    assert (failure.code, failure.reason) == (grpc.StatusCode.UNAVAILABLE, "SERVICE_STOPPING")
    assert failure.detail(error_details_pb2.RetryInfo).retry_delay.ToTimedelta().total_seconds() > 0


async def test_refuses_cursors_of_another_feed_and_damaged_ones(service: Service) -> None:
    async with watching(service) as everybody:
        cursor = everybody.cursor
    for expert_id, wrong in ((EXPERT, cursor), ("", cursor[:-4]), ("", "nonsense")):
        failure = await failure_of(read_one(service, expert_id, wrong))
        assert (failure.code, failure.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "CURSOR_INVALID")
    unknown = await failure_of(read_one(service, "nobody", ""))
    assert unknown.reason == "EXPERT_NOT_FOUND"


async def read_one(service: Service, expert_id: str, cursor: str) -> None:
    await service.watch(expert_id, cursor=cursor).read()


async def test_says_start_anew_when_what_followed_is_no_longer_kept(
    service: Service, sandbox: Sandbox, dsn: str, logs: Logs
) -> None:
    async with watching(service) as watch:
        cursor = watch.cursor
        await service.connect("anna")
        await watch.until("BUSY_TIME_CHANGED")
        later = watch.cursor
    await service.database.execute("UPDATE change SET at = at - interval '8 days'")
    await until(lambda: stored(service), lambda found: not found)
    async with open_service(sandbox, dsn, role=Role.API, logs=logs) as other:
        failure = await failure_of(read_one(other, "", cursor))
        assert (failure.code, failure.reason) == (grpc.StatusCode.OUT_OF_RANGE, "CURSOR_EXPIRED")
        async with watching(other, cursor=later) as again:
            await service.put_session(LAST)
            await again.until("SESSION_WRITTEN", session_id=LAST)


async def test_when_all_watchers_come_back_at_once_each_goes_on_and_calls_are_answered_meanwhile(
    service: Service,
) -> None:
    async with watching(service, EXPERT) as watch:
        cursor = watch.cursor
    watches = [service.watch(EXPERT, cursor=cursor) for _ in range(1_500)]
    beginning = asyncio.gather(*(one.read() for one in watches))

    await service.calendar_settings()

    assert not beginning.done()
    async with asyncio.timeout(60):
        assert all(isinstance(one, WatchChangesResponse) for one in await beginning)
    for one in watches:
        one.cancel()
