"""ExpertService."""

from dataclasses import dataclass

from application.experts.delete_expert import DeleteExpert
from application.experts.get_expert import GetExpert
from application.experts.put_expert import PutExpert
from calendarsync.v1 import expert_service_pb2 as pb
from calendarsync.v1.expert_service_pb2_grpc import ExpertServiceServicer
from domain.ids import ExpertId
from server.rpc.mapping.enums import PLANS
from server.rpc.mapping.experts import expert_message
from server.rpc.provider_pages import access_removal_url
from server.rpc.servicers import Context


@dataclass(frozen=True, slots=True, kw_only=True)
class Experts(ExpertServiceServicer):
    put_expert: PutExpert
    get_expert: GetExpert
    delete_expert: DeleteExpert

    async def PutExpert(self, request: pb.PutExpertRequest, context: Context) -> pb.PutExpertResponse:
        given = request.expert
        expert = await self.put_expert(
            expert_id=ExpertId(given.expert_id),
            plan=PLANS.inward(given.plan),
            email=given.email,
            display_name=given.display_name,
            time_zone=given.time_zone,
        )
        return pb.PutExpertResponse(expert=expert_message(expert))

    async def GetExpert(self, request: pb.GetExpertRequest, context: Context) -> pb.GetExpertResponse:
        expert = await self.get_expert(ExpertId(request.expert_id))
        return pb.GetExpertResponse(expert=expert_message(expert))

    async def DeleteExpert(
        self, request: pb.DeleteExpertRequest, context: Context
    ) -> pb.DeleteExpertResponse:
        erased = await self.delete_expert(ExpertId(request.expert_id))
        pages = sorted({access_removal_url(account.kind) for account in erased.accounts})
        return pb.DeleteExpertResponse(access_removal_urls=pages, audit_subject=erased.audit_subject)
