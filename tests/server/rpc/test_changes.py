"""ChangeService over a real channel: one stream that can be broken and resumed anywhere."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import grpc
import grpc.aio
import pytest
from google.rpc import error_details_pb2

from calendarsync.v1 import change_service_pb2 as pb
from domain.change import Change, ChangeType
from server.rpc.mapping.changes import change_message
from server.rpc.mapping.times import instant
from server.rpc.servicers import changes
from tests.builders import EXPERT, a_change
from tests.server.served import Api, Failure, Logs, failure_of

OTHER_EXPERT = "expert-2"
Call = Any
"""A stream that is read with `read()`; its stubs promise messages only, and not the end."""


async def test_begins_with_a_heartbeat_that_has_a_cursor(api: Api) -> None:
    async with _watching(api) as watch:
        first = await watch.read()

    assert first.cursor
    assert not first.HasField("change")


async def test_a_change_arrives_with_what_it_is_about(api: Api) -> None:
    await api.put_expert()
    async with _watching(api) as watch:
        await watch.read()
        await _happens(api, _change("session-7", kind=ChangeType.SESSION_COLLIDES))
        told = (await watch.read()).change

    assert told.type == pb.CHANGE_TYPE_SESSION_COLLIDES
    assert (told.expert_id, told.session_id) == (EXPERT, "session-7")
    assert (told.account_id, told.calendar_id) == ("account-1", "calendar-1")
    assert instant(told.time) == api.world.clock.now()


async def test_what_a_change_is_not_about_is_empty(api: Api) -> None:
    async with _watching(api) as watch:
        await watch.read()
        await _happens(api, a_change(ChangeType.CALENDARS_CHANGED, account_id=None, calendar_id=None))
        told = (await watch.read()).change

    assert (told.account_id, told.calendar_id, told.session_id) == ("", "", "")


async def test_what_happened_before_is_not_told_without_a_cursor(api: Api) -> None:
    await _happens(api, _change("before"))
    async with _watching(api) as watch:
        await watch.read()
        await _happens(api, _change("after"))

        assert (await watch.read()).change.session_id == "after"


async def test_resumes_from_any_cursor_without_loss_or_repeat(api: Api) -> None:
    seen: list[pb.WatchChangesResponse] = []
    async with _watching(api) as watch:
        seen.append(await watch.read())
        for number in range(7):
            await _happens(api, *(_change(f"{number}-{part}") for part in range(3)))
        seen += await _read(watch, 21)

    sessions = [one.change.session_id for one in seen]
    for place, one in enumerate(seen):
        async with _watching(api, cursor=one.cursor) as resumed:
            again = await _read(resumed, 1 + len(seen) - place - 1)
        assert not again[0].HasField("change")
        assert [one.change.session_id for one in again[1:]] == sessions[place + 1 :]


async def test_a_backlog_of_many_pages_comes_in_order(api: Api) -> None:
    async with _watching(api) as watch:
        start = (await watch.read()).cursor
    for number in range(15):
        await _happens(api, *(_change(str(number * 50 + part)) for part in range(50)))

    async with _watching(api, cursor=start) as watch:
        told = await _read(watch, 751)

    assert [one.change.session_id for one in told[1:]] == [str(number) for number in range(750)]


async def test_the_feed_of_one_expert_tells_of_nobody_else(api: Api) -> None:
    await api.put_expert()
    async with _watching(api, expert_id=EXPERT) as one, _watching(api) as everybody:
        await one.read()
        await everybody.read()
        await _happens(api, _change("theirs", expert_id=OTHER_EXPERT), _change("mine"))

        assert (await one.read()).change.session_id == "mine"
        assert [(await everybody.read()).change.session_id for _ in range(2)] == ["theirs", "mine"]


async def test_a_heartbeat_comes_where_nothing_happens(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    from application.changes import watch_changes

    monkeypatch.setattr(watch_changes, "HEARTBEAT", timedelta())
    async with _watching(api) as watch:
        first, second = await _read(watch, 2)

    assert not second.HasField("change")
    assert second.cursor == first.cursor


async def test_a_heartbeats_cursor_spares_looking_through_what_was_somebody_elses(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    from application.changes import watch_changes

    await api.put_expert()
    async with _watching(api, expert_id=EXPERT) as watch:
        first = (await watch.read()).cursor
    await _happens(api, _change("theirs", expert_id=OTHER_EXPERT))
    monkeypatch.setattr(watch_changes, "HEARTBEAT", timedelta())

    async with _watching(api, expert_id=EXPERT, cursor=first) as watch:
        _, beat = await _read(watch, 2)

    assert not beat.HasField("change")
    assert beat.cursor != first


@pytest.mark.parametrize("cursor", ["nonsense", "AAAA", "A" * 32, "A" * 43 + "=", "!" * 256])
async def test_refuses_a_cursor_that_is_none(api: Api, cursor: str) -> None:
    failure = await _failure(api, cursor=cursor)

    assert (failure.code, failure.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "CURSOR_INVALID")
    assert failure.fields == {"cursor": "CURSOR_INVALID"}


async def test_refuses_the_cursor_of_another_feed(api: Api) -> None:
    await api.put_expert()
    await api.put_expert(OTHER_EXPERT)
    async with _watching(api) as watch:
        of_all = (await watch.read()).cursor
    async with _watching(api, expert_id=EXPERT) as watch:
        of_one = (await watch.read()).cursor

    for expert_id, cursor in ((EXPERT, of_all), ("", of_one), (OTHER_EXPERT, of_one)):
        assert (await _failure(api, expert_id=expert_id, cursor=cursor)).reason == "CURSOR_INVALID"


async def test_refuses_a_cursor_whose_changes_are_no_longer_kept(api: Api) -> None:
    async with _watching(api) as watch:
        old = (await watch.read()).cursor
    await _happens(api, _change("soon forgotten"))
    api.world.clock.advance(timedelta(days=8))
    await api.world.container.forget_ended()()

    failure = await _failure(api, cursor=old)

    assert (failure.code, failure.reason) == (grpc.StatusCode.OUT_OF_RANGE, "CURSOR_EXPIRED")
    assert "start anew" in failure.message


async def test_a_request_that_breaks_a_rule_is_refused_with_its_fields(api: Api) -> None:
    failure = await _failure(api, expert_id="x" * 129, cursor="with space")

    assert failure.violations == {("expert_id", "STRING_PATTERN"), ("cursor", "STRING_PATTERN")}


async def test_an_unknown_expert_is_not_found(api: Api, logs: Logs) -> None:
    failure = await _failure(api, expert_id=EXPERT)

    assert (failure.code, failure.reason) == (grpc.StatusCode.NOT_FOUND, "EXPERT_NOT_FOUND")
    (line,) = await logs.until("call")
    assert (line["code"], line["reason"]) == ("NOT_FOUND", "EXPERT_NOT_FOUND")


async def test_an_unforeseen_fault_ends_the_stream_without_its_text(
    api: Api, logs: Logs, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_: Any, **__: Any) -> None:
        raise RuntimeError("password of maria@experts.example")

    async with _watching(api) as watch:
        await watch.read()
        monkeypatch.setattr(api.world.store.feed, "after", fails)
        await _happens(api, _change("any"))
        failure = await failure_of(watch.read())

    assert (failure.code, failure.reason) == (grpc.StatusCode.INTERNAL, "INTERNAL")
    assert logs.of("unexpected fault")[0]["log_id"] == failure.metadata["log_id"]
    assert "password" not in str(failure) + logs.text


async def test_a_database_that_is_away_ends_the_stream_with_a_pause(api: Api) -> None:
    async with _watching(api) as watch:
        await watch.read()
        api.world.store.away = True
        api.world.store.feed.wake()
        failure = await failure_of(watch.read())

    assert (failure.code, failure.reason) == (grpc.StatusCode.UNAVAILABLE, "STORE_UNAVAILABLE")


async def test_a_stream_has_a_request_id_and_one_line_in_the_log(api: Api, logs: Logs) -> None:
    call: Call = api.changes.WatchChanges(
        pb.WatchChangesRequest(expert_id=""), metadata=(("x-request-id", "watch-1"),)
    )
    await call.read()
    assert not logs.of("call")
    call.cancel()

    (line,) = await logs.until("call")
    assert (line["request_id"], line["code"]) == ("watch-1", "CANCELLED")
    assert line["method"] == "/calendarsync.v1.ChangeService/WatchChanges"


async def test_a_streams_deadline_is_its_callers_own_affair(api: Api, logs: Logs) -> None:
    call: Call = api.changes.WatchChanges(pb.WatchChangesRequest(), timeout=0.3)
    await call.read()

    with pytest.raises(grpc.aio.AioRpcError) as ended:
        await call.read()
    assert ended.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    await logs.until("call")
    assert not logs.of("unexpected fault")


async def test_a_stopping_server_ends_streams_at_once_and_says_when_to_come_back(api: Api) -> None:
    async with _watching(api) as one, _watching(api) as another:
        await one.read()
        await another.read()

        async with asyncio.timeout(5):
            await api.server.stop(grace=60)

        for watch in (one, another):
            failure = await failure_of(watch.read())
            assert (failure.code, failure.reason) == (grpc.StatusCode.UNAVAILABLE, "SERVICE_STOPPING")
            assert failure.detail(error_details_pb2.RetryInfo).retry_delay.ToTimedelta() > timedelta()


async def test_a_reader_who_does_not_read_keeps_nobody_waiting(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither another reader, nor whoever changes something, nor the server that stops; it is sent no more than fits
    into the buffers."""
    sent = 0

    def counted(change: Change) -> pb.Change:
        nonlocal sent
        sent += 1
        return change_message(change)

    monkeypatch.setattr(changes, "change_message", counted)
    # A connection of its own, whose buffers don't grow.
    options = [("grpc.http2.bdp_probe", 0), ("grpc.use_local_subchannel_pool", 1)]
    async with (
        grpc.aio.insecure_channel(f"127.0.0.1:{api.server.port}", options=options) as channel,
        _watching(replace(api, channel=channel)) as lazy,
        _watching(api) as keen,
    ):
        await lazy.read()
        await keen.read()
        for number in range(30):
            await _happens(api, *(_change(f"{number}-{'x' * 90}-{part}") for part in range(100)))
            assert len(await _read(keen, 100)) == 100
        assert 3000 < sent < 5000

        async with asyncio.timeout(5):
            await api.server.stop(grace=60)


async def test_streams_that_ended_leave_nothing_behind(api: Api, logs: Logs) -> None:
    for _ in range(3):
        async with _watching(api) as watch:
            await watch.read()
    await logs.until("call", times=3)

    assert not api.server.open_streams


@asynccontextmanager
async def _watching(api: Api, *, expert_id: str = "", cursor: str = "") -> AsyncIterator[Call]:
    call = api.changes.WatchChanges(pb.WatchChangesRequest(expert_id=expert_id, cursor=cursor))
    try:
        yield call
    finally:
        call.cancel()


async def _read(watch: Call, count: int) -> list[pb.WatchChangesResponse]:
    async with asyncio.timeout(10):
        return [await watch.read() for _ in range(count)]


async def _failure(api: Api, **fields: str) -> Failure:
    async with _watching(api, **fields) as watch:
        return await failure_of(watch.read())


def _change(
    session_id: str, *, expert_id: str = EXPERT, kind: ChangeType = ChangeType.SESSION_WRITTEN
) -> Change:
    return a_change(kind, expert_id=expert_id, session_id=session_id)


async def _happens(api: Api, *all_at_once: Change) -> None:
    """In one transaction."""
    async with api.world.store.transaction() as tx:
        for change in all_at_once:
            await tx.changes.add(change)
