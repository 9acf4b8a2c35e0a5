"""SessionService."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from application.ports.sessions import SessionPosition, UpdatePosition
from application.sessions.cancel_session import CancelSession
from application.sessions.get_session import GetSession
from application.sessions.list_sessions import ListSessions
from application.sessions.put_session import PutSession, WantedSession
from calendarsync.v1 import session_service_pb2 as pb
from calendarsync.v1.session_service_pb2_grpc import SessionServiceServicer
from domain.ids import ExpertId, HoldId, SessionId
from domain.session import Session
from server.rpc.answers import page_of
from server.rpc.calls.deadline import end_of_parts
from server.rpc.mapping.asked_times import buffers_of
from server.rpc.mapping.availability import conflict_evidence
from server.rpc.mapping.sessions import details_from, not_given_in, session_filter_from, session_message
from server.rpc.mapping.times import interval_from
from server.rpc.paging import Position, page_size, page_token, position_of, time_in, time_text
from server.rpc.servicers import Context
from server.rpc.servicers.batches import Batches, Kind
from server.rpc.servicers.budget import ReadBudget

UNCHECKED: Final = frozenset({pb.CONFLICT_CHECK_UNSPECIFIED, pb.CONFLICT_CHECK_NONE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Sessions(SessionServiceServicer):
    put_session: PutSession
    cancel_session: CancelSession
    get_session: GetSession
    list_sessions: ListSessions
    budget: ReadBudget
    batches: Batches

    async def PutSession(self, request: pb.PutSessionRequest, context: Context) -> pb.PutSessionResponse:
        return await self._put(request, self.budget.of(context))

    async def BatchPutSessions(
        self, request: pb.BatchPutSessionsRequest, context: Context
    ) -> pb.BatchPutSessionsResponse:
        budget_left = self.budget.of_parts(context)

        async def put(one: pb.PutSessionRequest) -> pb.PutSessionResult:
            return pb.PutSessionResult(accepted=await self._put(one, budget_left()))

        kind = Kind(
            ids=lambda one: (one.expert_id, one.session_id),
            put=put,
            failed=lambda status: pb.PutSessionResult(error=status),
            in_order=lambda one: bool(one.etag or one.hold_id or one.conflict_check not in UNCHECKED),
        )
        results = await self.batches(kind, request.requests, until=end_of_parts(context))
        return pb.BatchPutSessionsResponse(results=results)

    async def _put(self, request: pb.PutSessionRequest, budget: timedelta) -> pb.PutSessionResponse:
        wanted = WantedSession(
            expert_id=ExpertId(request.expert_id),
            session_id=SessionId(request.session_id),
            interval=interval_from(request.interval, "interval"),
            details=details_from(request.details),
            not_given=not_given_in(request.details),
            etag=request.etag,
            only_if_free=request.conflict_check not in UNCHECKED,
            despite_unread=request.conflict_check == pb.CONFLICT_CHECK_REJECT_KNOWN,
            hold_id=HoldId(request.hold_id) if request.hold_id else None,
            buffers=buffers_of(request),
        )
        accepted = await self.put_session(wanted, budget=budget)
        response = pb.PutSessionResponse(session=session_message(accepted.session))
        if accepted.evidence is not None:
            response.conflict_evidence.CopyFrom(conflict_evidence(accepted.evidence))
        return response

    async def CancelSession(
        self, request: pb.CancelSessionRequest, context: Context
    ) -> pb.CancelSessionResponse:
        session = await self.cancel_session(
            ExpertId(request.expert_id), SessionId(request.session_id), etag=request.etag
        )
        return pb.CancelSessionResponse(session=session_message(session))

    async def GetSession(self, request: pb.GetSessionRequest, context: Context) -> pb.GetSessionResponse:
        session = await self.get_session(ExpertId(request.expert_id), SessionId(request.session_id))
        return pb.GetSessionResponse(session=session_message(session))

    async def ListSessions(
        self, request: pb.ListSessionsRequest, context: Context
    ) -> pb.ListSessionsResponse:
        limit = page_size(request.page_size)
        found = await self._listed(request, limit + 1)  # one more than is shown tells whether there is more
        shown = page_of(session_message(session) for session in found[:limit])
        more = len(found) > len(shown)
        return pb.ListSessionsResponse(
            sessions=shown,
            next_page_token=_next_page_token(request, found[len(shown) - 1]) if more else "",
        )

    async def _listed(self, request: pb.ListSessionsRequest, limit: int) -> tuple[Session, ...]:
        which, token = session_filter_from(request), request.page_token
        if request.expert_id:
            after = position_of(request, token, _page_end) if token else None
            return await self.list_sessions(ExpertId(request.expert_id), which, after=after, limit=limit)
        after_all = position_of(request, token, _page_end_of_all) if token else None
        return await self.list_sessions.of_all(which, after=after_all, limit=limit)


def _next_page_token(request: pb.ListSessionsRequest, last: Session) -> str:
    if request.expert_id:
        return page_token(request, [time_text(last.interval.start), last.session_id])
    return page_token(request, [time_text(last.updated_at), last.expert_id, last.session_id])


def _page_end(position: Position) -> SessionPosition:
    """The last session of the page before. Raises ValueError or OverflowError."""
    match position:
        case [str(start), str(session_id)]:
            return SessionPosition(time_in(start), SessionId(session_id))
        case _:
            raise ValueError


def _page_end_of_all(position: Position) -> UpdatePosition:
    """The same of everybody's."""
    match position:
        case [str(updated_at), str(expert_id), str(session_id)]:
            return UpdatePosition(time_in(updated_at), ExpertId(expert_id), SessionId(session_id))
        case _:
            raise ValueError
