"""Experts."""

from calendarsync.v1 import expert_pb2
from domain.expert import Expert
from server.rpc.mapping.enums import PLANS


def expert_message(expert: Expert) -> expert_pb2.Expert:
    return expert_pb2.Expert(
        expert_id=expert.expert_id,
        plan=PLANS.outward(expert.plan),
        email=expert.email,
        display_name=expert.display_name,
        time_zone=expert.time_zone.key,
    )
