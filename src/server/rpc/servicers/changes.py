"""ChangeService."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

from application.changes.list_changes import ListChanges
from application.changes.watch_changes import WatchChanges
from calendarsync.v1 import change_service_pb2 as pb
from calendarsync.v1.change_service_pb2_grpc import ChangeServiceServicer
from domain.ids import ExpertId
from server.rpc.cursors import cursor, position_of
from server.rpc.mapping.changes import change_message
from server.rpc.paging import page_size
from server.rpc.servicers import Context


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes(ChangeServiceServicer):
    watch_changes: WatchChanges
    list_changes: ListChanges

    async def WatchChanges(
        self, request: pb.WatchChangesRequest, context: Context
    ) -> AsyncGenerator[pb.WatchChangesResponse, None]:
        feed = ExpertId(request.expert_id) if request.expert_id else None
        position = position_of(feed, request.cursor) if request.cursor else None
        async with aclosing(self.watch_changes(feed, position)) as pages:
            async for page in pages:
                for place, change in page.changes:
                    yield pb.WatchChangesResponse(cursor=cursor(feed, place), change=change_message(change))
                if not page.changes:
                    yield pb.WatchChangesResponse(cursor=cursor(feed, page.upto))

    async def ListChanges(self, request: pb.ListChangesRequest, context: Context) -> pb.ListChangesResponse:
        feed = ExpertId(request.expert_id) if request.expert_id else None
        position = position_of(feed, request.cursor) if request.cursor else None
        limit = page_size(request.page_size)
        page = await self.list_changes(feed, position, limit=limit)
        return pb.ListChangesResponse(
            changes=[change_message(change) for _, change in page.changes],
            cursor=cursor(feed, page.upto),
            more=len(page.changes) == limit,
        )
