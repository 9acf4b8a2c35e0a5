"""Experts, and what is held about them."""

from calendarsync.v1 import expert_pb2, expert_service_pb2
from domain.expert import CHANGEABLE, Expert
from domain.export import ExportRecord
from server.rpc.mapping.enums import PLANS
from server.rpc.mapping.times import put_instant


def expert_message(expert: Expert) -> expert_pb2.Expert:
    message = expert_pb2.Expert(
        expert_id=expert.expert_id,
        plan=PLANS.outward(expert.plan),
        email=expert.email,
        display_name=expert.display_name,
        time_zone=expert.time_zone.key,
        locale=expert.locale,
    )
    put_instant(message.update_time, expert.updated_at)
    if expert.created_at is not None:
        put_instant(message.create_time, expert.created_at)
    return message


def taken_of(request: expert_service_pb2.PutExpertRequest) -> frozenset[str]:
    """What the request changes of an expert who is there. Older callers leave out what they don't know."""
    paths = frozenset(request.update_mask.paths)
    if "*" in paths:
        return CHANGEABLE
    return paths or frozenset(name for name in CHANGEABLE if getattr(request.expert, name))


def export_record_message(record: ExportRecord) -> expert_service_pb2.ExportRecord:
    message = expert_service_pb2.ExportRecord(kind=record.kind)
    message.content.update(record.content)
    return message
