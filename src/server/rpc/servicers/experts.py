"""ExpertService."""

from dataclasses import dataclass
from typing import Final

from application.experts.delete_expert import DeleteExpert
from application.experts.export_expert import ExportExpert
from application.experts.get_expert import GetExpert
from application.experts.list_experts import ListExperts
from application.experts.put_expert import PutExpert
from calendarsync.v1 import expert_pb2
from calendarsync.v1 import expert_service_pb2 as pb
from calendarsync.v1.expert_service_pb2_grpc import ExpertServiceServicer
from domain.export import ExportPosition
from domain.ids import ExpertId
from server.rpc.calls.deadline import end_of_parts
from server.rpc.mapping.enums import PLANS
from server.rpc.mapping.experts import expert_message, export_record_message, taken_of
from server.rpc.paging import Position, page_size, page_token, position_of
from server.rpc.provider_pages import access_removal_url
from server.rpc.servicers import Context
from server.rpc.servicers.batches import Batches, Kind

MOST_RECORDS: Final = 1_000
"""On a page of an export."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Experts(ExpertServiceServicer):
    put_expert: PutExpert
    get_expert: GetExpert
    list_experts: ListExperts
    export_expert: ExportExpert
    delete_expert: DeleteExpert
    batches: Batches

    async def PutExpert(self, request: pb.PutExpertRequest, context: Context) -> pb.PutExpertResponse:
        return pb.PutExpertResponse(expert=await self._put(request))

    async def BatchPutExperts(
        self, request: pb.BatchPutExpertsRequest, context: Context
    ) -> pb.BatchPutExpertsResponse:
        async def put(one: pb.PutExpertRequest) -> pb.PutExpertResult:
            return pb.PutExpertResult(expert=await self._put(one))

        kind = Kind(
            ids=lambda one: (one.expert.expert_id,),
            put=put,
            failed=lambda status: pb.PutExpertResult(error=status),
        )
        results = await self.batches(kind, request.requests, until=end_of_parts(context))
        return pb.BatchPutExpertsResponse(results=results)

    async def _put(self, request: pb.PutExpertRequest) -> expert_pb2.Expert:
        given = request.expert
        expert = await self.put_expert(
            expert_id=ExpertId(given.expert_id),
            plan=PLANS.inward(given.plan),
            email=given.email,
            display_name=given.display_name,
            time_zone=given.time_zone,
            locale=given.locale,
            taken=taken_of(request),
        )
        return expert_message(expert)

    async def GetExpert(self, request: pb.GetExpertRequest, context: Context) -> pb.GetExpertResponse:
        expert = await self.get_expert(ExpertId(request.expert_id))
        return pb.GetExpertResponse(expert=expert_message(expert))

    async def ListExperts(self, request: pb.ListExpertsRequest, context: Context) -> pb.ListExpertsResponse:
        limit, token = page_size(request.page_size), request.page_token
        found = await self.list_experts(
            after=position_of(request, token, _page_end) if token else None,
            limit=limit + 1,  # one more than is shown tells whether there is more
        )
        shown = found[:limit]
        return pb.ListExpertsResponse(
            experts=[expert_message(one) for one in shown],
            next_page_token=page_token(request, [shown[-1].expert_id]) if len(found) > limit else "",
        )

    async def ExportExpert(
        self, request: pb.ExportExpertRequest, context: Context
    ) -> pb.ExportExpertResponse:
        token = request.page_token
        page = await self.export_expert(
            ExpertId(request.expert_id),
            after=position_of(request, token, _position) if token else None,
            limit=page_size(request.page_size, most=MOST_RECORDS),
        )
        end = page.records[-1].position if page.records and page.more else None
        return pb.ExportExpertResponse(
            records=[export_record_message(one) for one in page.records],
            next_page_token="" if end is None else page_token(request, [end.kind, *end.key]),
        )

    async def DeleteExpert(
        self, request: pb.DeleteExpertRequest, context: Context
    ) -> pb.DeleteExpertResponse:
        erased = await self.delete_expert(ExpertId(request.expert_id))
        pages = sorted({access_removal_url(account.identity, account.kind) for account in erased.accounts})
        return pb.DeleteExpertResponse(access_removal_urls=pages, audit_subject=erased.audit_subject)


def _page_end(position: Position) -> ExpertId:
    """The last expert of the page before. Raises ValueError."""
    match position:
        case [str(expert_id)]:
            return ExpertId(expert_id)
        case _:
            raise ValueError


def _position(position: Position) -> ExportPosition:
    """The last record of the page before. Raises ValueError."""
    kind, *key = position
    if not isinstance(kind, str) or not all(isinstance(one, str) for one in key):
        raise ValueError
    return ExportPosition(kind, tuple(str(one) for one in key))
