"""What FindTimes is asked for."""

from datetime import timedelta
from typing import Final
from zoneinfo import ZoneInfo

from calendarsync.v1.availability_service_pb2 import FindTimesRequest
from domain.found_times import Matching, Needed
from domain.wanted_times import Alignment, WantedTimes
from domain.zone import TimeZoneUnknown, zone_named
from server.rpc.mapping.asked_times import buffers_of
from server.rpc.mapping.enums import ALIGNMENTS, NEEDED
from server.rpc.mapping.opening_hours import opening_hours_from
from server.rpc.mapping.times import duration_from, interval_from

USUAL_STEP: Final = timedelta(minutes=15)
USUAL_ZONE: Final = "UTC"


def wanted_times_of(request: FindTimesRequest) -> WantedTimes:
    """Raises RequestInvalid for what the contract's rules can't see, TimeZoneUnknown."""
    has = request.HasField
    return WantedTimes(
        window=interval_from(request.window, "window"),
        length=duration_from(request.duration, "duration"),
        step=duration_from(request.step, "step") if has("step") else USUAL_STEP,
        zone=_zone(request.time_zone or USUAL_ZONE),
        alignment=ALIGNMENTS.inward(request.alignment) if request.alignment else Alignment.CLOCK,
        hours=opening_hours_from(request.opening_hours, "opening_hours") if has("opening_hours") else None,
        notice=duration_from(request.minimum_notice, "minimum_notice"),  # not set: none
        buffers=buffers_of(request),
        most_a_day=request.max_sessions_per_day or None,
    )


def matching_of(request: FindTimesRequest) -> Matching:
    needed = NEEDED.inward(request.experts_needed) if request.experts_needed else Needed.ALL
    return Matching(needed=needed, unknown_too=request.include_unknown)


def _zone(name: str) -> ZoneInfo:
    try:
        return zone_named(name)
    except TimeZoneUnknown:
        raise TimeZoneUnknown(field="time_zone") from None
