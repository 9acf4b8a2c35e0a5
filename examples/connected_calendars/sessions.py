"""Reading sessions: those of a week, or one."""

from collections.abc import Sequence
from urllib.parse import urlencode

import grpc.aio

from calendarsync.v1.error_reason_pb2 import ERROR_REASON_SESSION_NOT_FOUND
from calendarsync.v1.session_pb2 import Session
from calendarsync.v1.session_service_pb2 import GetSessionRequest, ListSessionsRequest
from calendarsync_client import failure_of
from connected_calendars.days import Day
from connected_calendars.service import Service
from connected_calendars.wire import interval


async def list_sessions(service: Service, expert_id: str, days: Sequence[Day]) -> Sequence[Session]:
    """All in these days, in order, with those that were cancelled: their events may still be in a calendar."""
    request = ListSessionsRequest(
        expert_id=expert_id,
        window=interval(days[0].start, days[-1].end),
        include_cancelled=True,
        page_size=200,
    )
    found: list[Session] = []
    while True:
        answer = await service.sessions.ListSessions(request)
        found += answer.sessions
        if not answer.next_page_token:
            return found
        request.page_token = answer.next_page_token


async def find_session(service: Service, expert_id: str, session_id: str) -> Session | None:
    try:
        request = GetSessionRequest(expert_id=expert_id, session_id=session_id)
        return (await service.sessions.GetSession(request)).session
    except grpc.aio.AioRpcError as error:
        if failure_of(error).reason == ERROR_REASON_SESSION_NOT_FOUND:
            return None
        raise


def session_address(session_id: str) -> str:
    """An id is any printable ASCII, slashes and dots included, and so no part of a path."""
    return f"/session?{urlencode({'id': session_id})}"
