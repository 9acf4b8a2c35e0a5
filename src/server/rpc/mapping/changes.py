"""The feed of changes."""

from calendarsync.v1 import change_service_pb2
from domain.change import Change
from server.rpc.mapping.enums import CHANGE_TYPES
from server.rpc.mapping.times import put_instant


def change_message(change: Change) -> change_service_pb2.Change:
    message = change_service_pb2.Change(
        type=CHANGE_TYPES.outward(change.type),
        expert_id=change.expert_id,
        account_id=change.account_id or "",
        calendar_id=change.calendar_id or "",
        session_id=change.session_id or "",
        hold_id=change.hold_id or "",
        incident_id=change.incident_id or "",
    )
    put_instant(message.time, change.at)
    if change.expires_at is not None:
        put_instant(message.expire_time, change.expires_at)
    return message
