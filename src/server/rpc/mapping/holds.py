"""Holds, and places in their list."""

from application.ports.reserved_times import HoldPosition
from calendarsync.v1 import availability_service_pb2 as pb
from domain.hold import Hold
from domain.ids import ExpertId, HoldId
from server.rpc.mapping.times import put_instant, put_interval
from server.rpc.paging import Position, time_in, time_text


def hold_message(hold: Hold) -> pb.Hold:
    message = pb.Hold(expert_id=hold.expert_id, hold_id=hold.hold_id)
    put_interval(message.interval, hold.interval)
    put_instant(message.expire_time, hold.expires_at)
    return message


def hold_place(hold: Hold) -> Position:
    return [time_text(hold.expires_at), hold.expert_id, hold.hold_id]


def hold_position(place: Position) -> HoldPosition:
    """What `hold_place` wrote. Raises ValueError or OverflowError."""
    match place:
        case [str(expires_at), str(expert_id), str(hold_id)]:
            return HoldPosition(time_in(expires_at), ExpertId(expert_id), HoldId(hold_id))
        case _:
            raise ValueError
