"""ListSessions over all experts, and what its filters mean, over a real channel."""

from datetime import timedelta

import grpc
import pytest

from calendarsync.v1 import session_pb2
from calendarsync.v1 import session_service_pb2 as pb
from domain.ids import ExpertId, SessionId
from server.rpc.mapping.times import instant, put_instant, put_interval
from server.rpc.paging import page_token
from tests.builders import EXPERT, an_interval
from tests.server.served import Api, failure_of, session_request

OTHER = "other"


async def _book(api: Api, session_id: str, *, expert_id: str = EXPERT, starts: float = 24) -> None:
    """The clock then moves on by a minute."""
    request = session_request(session_id, starts=starts)
    request.expert_id = expert_id
    await api.sessions.PutSession(request)
    api.world.clock.advance(timedelta(minutes=1))


async def _pages(api: Api, request: pb.ListSessionsRequest) -> list[list[str]]:
    pages = []
    while True:
        page = await api.sessions.ListSessions(request)
        pages.append([one.session_id for one in page.sessions])
        if not page.next_page_token:
            return pages
        request.page_token = page.next_page_token


async def test_everybodys_come_in_the_order_of_their_last_updates(api: Api) -> None:
    for expert_id in (EXPERT, OTHER):
        await api.put_expert(expert_id)
    for number in range(4):
        await _book(api, f"s{number}", expert_id=EXPERT if number % 2 else OTHER, starts=99 - number)
    await _book(api, "s0", expert_id=OTHER, starts=7)

    assert await _pages(api, pb.ListSessionsRequest(page_size=3)) == [["s1", "s2", "s3"], ["s0"]]


async def test_what_changes_while_pages_are_read_comes_again(api: Api) -> None:
    await api.put_expert()
    for number in range(3):
        await _book(api, f"s{number}")
    request = pb.ListSessionsRequest(page_size=2)
    request.page_token = (await api.sessions.ListSessions(request)).next_page_token
    await api.sessions.CancelSession(pb.CancelSessionRequest(expert_id=EXPERT, session_id="s2"))
    await _book(api, "s0", starts=50)

    assert await _pages(api, request) == [["s0"]]


async def test_times_of_a_session_say_when_it_came_and_when_it_or_its_event_changed(api: Api) -> None:
    await api.put_expert()
    came = api.world.clock.now()
    await _book(api, "s")
    waits = api.world.clock.now()
    await api.world.container.write_session()(ExpertId(EXPERT), SessionId("s"))
    api.world.clock.advance(timedelta(hours=2))
    await api.world.container.write_session()(ExpertId(EXPERT), SessionId("s"))  # it waits, as before
    asked = pb.GetSessionRequest(expert_id=EXPERT, session_id="s")

    session = (await api.sessions.GetSession(asked)).session

    assert session.event.status == session_pb2.WRITE_STATUS_WAITING
    assert (instant(session.create_time), instant(session.update_time)) == (came, waits)


async def test_lists_by_the_events_status_and_the_time_of_the_update(api: Api) -> None:
    await api.put_expert()
    await _book(api, "pending")
    await _book(api, "waits")
    await api.world.container.write_session()(ExpertId(EXPERT), SessionId("waits"))
    written_off = api.world.clock.now()
    waiting = pb.ListSessionsRequest(event_statuses=[session_pb2.WRITE_STATUS_WAITING])
    since, until = pb.ListSessionsRequest(), pb.ListSessionsRequest(expert_id=EXPERT)
    put_instant(since.start_update_time, written_off)
    put_instant(until.end_update_time, written_off)

    assert await _pages(api, waiting) == [["waits"]]
    assert await _pages(api, since) == [["waits"]]
    assert await _pages(api, until) == [["pending"]]


async def test_a_window_is_of_one_expert(api: Api) -> None:
    request = pb.ListSessionsRequest()
    put_interval(request.window, an_interval())

    failure = await failure_of(api.sessions.ListSessions(request))

    assert (failure.code, failure.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST")
    assert "a window needs an expert_id" in failure.message


@pytest.mark.parametrize(
    "position",
    [
        ["2026-11-01T10:00:00+00:00", "s"],
        ["2026-11-01T10:00:00", "e", "s"],
        ["e", "s", "2026-11-01T10:00:00+00:00"],
        ["2026-11-01T10:00:00+00:00", "e", "s", "s"],
    ],
)
async def test_refuses_a_page_token_that_holds_no_place_in_the_list_of_all(
    api: Api, position: list[str | int]
) -> None:
    request = pb.ListSessionsRequest()
    request.page_token = page_token(request, position)

    assert (await failure_of(api.sessions.ListSessions(request))).reason == "PAGE_TOKEN_INVALID"


async def test_refuses_nanoseconds_that_are_none(api: Api) -> None:
    request = pb.ListSessionsRequest()
    request.start_update_time.seconds = 1_800_000_000
    request.start_update_time.nanos = 2_000_000_000

    assert (await failure_of(api.sessions.ListSessions(request))).reason == "INVALID_REQUEST"


@pytest.mark.parametrize("expert_id", [EXPERT, ""])
async def test_a_page_ends_before_it_is_larger_than_libraries_take(api: Api, expert_id: str) -> None:
    """Each of them has the longest text that there can be, which is 131 kB."""
    await api.put_expert()
    for number in range(40):
        await api.put_session(f"s{number:02}", starts=number, text="\N{VIOLIN}" * 32_768)

    pages = await _pages(api, pb.ListSessionsRequest(expert_id=expert_id))

    assert [len(page) for page in pages] == [31, 9]
    assert sorted(one for page in pages for one in page) == [f"s{number:02}" for number in range(40)]
