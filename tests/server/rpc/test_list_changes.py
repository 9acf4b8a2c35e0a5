"""ChangeService's pages over a real channel: the same feed as the stream's, for callers that can't hold one."""

from datetime import timedelta
from typing import Any

import grpc

from calendarsync.v1 import change_service_pb2 as pb
from domain.change import Change, ChangeType, hold_placed
from server.rpc.mapping.times import instant
from tests.builders import EXPERT, HOLD, INCIDENT, a_change, a_hold
from tests.server.served import Api, failure_of

OTHER_EXPERT = "expert-2"


async def page(
    api: Api, cursor: str = "", *, expert_id: str = "", page_size: int = 0
) -> pb.ListChangesResponse:
    return await api.changes.ListChanges(
        pb.ListChangesRequest(expert_id=expert_id, cursor=cursor, page_size=page_size)
    )


async def happens(api: Api, *all_at_once: Change) -> None:
    async with api.world.store.transaction() as tx:
        for change in all_at_once:
            await tx.changes.add(change)


def written(session_id: str, *, expert_id: str = EXPERT) -> Change:
    return a_change(ChangeType.SESSION_WRITTEN, expert_id=expert_id, session_id=session_id)


def sessions(answer: pb.ListChangesResponse) -> list[str]:
    return [one.session_id for one in answer.changes]


async def test_without_a_cursor_it_begins_now(api: Api) -> None:
    await happens(api, written("before"))
    start = await page(api)
    assert (sessions(start), start.more) == ([], False)
    await happens(api, written("after"))

    assert sessions(await page(api, start.cursor)) == ["after"]


async def test_pages_neither_miss_nor_repeat_and_say_whether_there_is_more(api: Api) -> None:
    cursor = (await page(api)).cursor
    await happens(api, *(written(str(number)) for number in range(5)))
    found = []
    for expected, more in ((["0", "1"], True), (["2", "3"], True), (["4"], False), ([], False)):
        answer = await page(api, cursor, page_size=2)
        assert (sessions(answer), answer.more) == (expected, more)
        found += sessions(answer)
        cursor = answer.cursor
    await happens(api, written("5"))

    assert [*found, *sessions(await page(api, cursor))] == [str(number) for number in range(6)]


async def test_a_page_has_fifty_changes_unless_told(api: Api) -> None:
    start = (await page(api)).cursor
    await happens(api, *(written(str(number)) for number in range(60)))

    assert len((await page(api, start)).changes) == 50
    assert len((await page(api, start, page_size=200)).changes) == 60


async def test_a_stream_and_pages_go_on_from_each_others_cursors(api: Api) -> None:
    start = (await page(api)).cursor
    await happens(api, written("0"), written("1"), written("2"))
    call: Any = api.changes.WatchChanges(pb.WatchChangesRequest(cursor=start))
    seen = [await call.read() for _ in range(2)]  # a heartbeat first
    call.cancel()
    rest = await page(api, seen[-1].cursor, page_size=1)
    call = api.changes.WatchChanges(pb.WatchChangesRequest(cursor=rest.cursor))
    await call.read()
    last = await call.read()
    call.cancel()

    assert [seen[1].change.session_id, *sessions(rest), last.change.session_id] == ["0", "1", "2"]


async def test_the_pages_of_one_expert_tell_of_nobody_else(api: Api) -> None:
    await api.put_expert()
    start = (await page(api, expert_id=EXPERT)).cursor
    await happens(api, written("theirs", expert_id=OTHER_EXPERT), written("mine"))

    assert sessions(await page(api, start, expert_id=EXPERT)) == ["mine"]


async def test_a_cursor_moves_on_though_all_that_happened_was_somebody_elses(api: Api) -> None:
    await api.put_expert()
    start = (await page(api, expert_id=EXPERT)).cursor
    await happens(api, written("theirs", expert_id=OTHER_EXPERT))

    answer = await page(api, start, expert_id=EXPERT)
    assert (sessions(answer), answer.cursor != start) == ([], True)


async def test_a_hold_is_told_with_its_id_and_its_end_and_an_incident_with_its_id(api: Api) -> None:
    start = (await page(api)).cursor
    hold = a_hold()
    await happens(
        api,
        hold_placed(hold, at=api.world.clock.now()),
        a_change(ChangeType.INCIDENT_OPENED, incident_id=INCIDENT),
    )

    held, opened = (await page(api, start)).changes
    assert (held.type, held.hold_id) == (pb.CHANGE_TYPE_HOLD_PLACED, HOLD)
    assert instant(held.expire_time) == hold.expires_at
    assert (opened.type, opened.incident_id) == (pb.CHANGE_TYPE_INCIDENT_OPENED, INCIDENT)
    assert (opened.hold_id, opened.HasField("expire_time")) == ("", False)


async def test_an_erased_expert_is_told_to_all_and_not_found_alone(api: Api) -> None:
    await api.put_expert()
    of_all, of_one = (await page(api)).cursor, (await page(api, expert_id=EXPERT)).cursor
    await happens(api, written("before"))
    await api.world.container.delete_expert()(EXPERT)

    (erased,) = (await page(api, of_all)).changes
    assert (erased.type, erased.expert_id) == (pb.CHANGE_TYPE_EXPERT_ERASED, EXPERT)
    assert (await failure_of(page(api, of_one, expert_id=EXPERT))).reason == "EXPERT_NOT_FOUND"


async def test_refuses_what_is_no_cursor_of_this_feed(api: Api) -> None:
    await api.put_expert()
    of_all = (await page(api)).cursor
    for expert_id, cursor in (("", "nonsense"), (EXPERT, of_all)):
        failure = await failure_of(page(api, cursor, expert_id=expert_id))
        assert (failure.code, failure.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "CURSOR_INVALID")


async def test_refuses_a_cursor_whose_changes_are_no_longer_kept(api: Api) -> None:
    old = (await page(api)).cursor
    await happens(api, written("soon forgotten"))
    api.world.clock.advance(timedelta(days=8))
    await api.world.container.forget_ended()()

    failure = await failure_of(page(api, old))
    assert (failure.code, failure.reason) == (grpc.StatusCode.OUT_OF_RANGE, "CURSOR_EXPIRED")


async def test_refuses_a_page_of_less_than_nothing(api: Api) -> None:
    assert (await failure_of(page(api, page_size=-1))).reason == "INVALID_REQUEST"
