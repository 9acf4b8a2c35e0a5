"""AvailabilityService."""

from dataclasses import dataclass
from datetime import timedelta

from application.availability.check_times import CheckTimes
from application.availability.look_up_availability import LookUpAvailability
from calendarsync.v1 import availability_service_pb2 as pb
from calendarsync.v1.availability_service_pb2_grpc import AvailabilityServiceServicer
from domain.ids import ExpertId, SessionId
from server.interceptors.unary import seconds_left
from server.mapping.availability import checked_time_message, evidence_messages
from server.mapping.times import interval_from, put_intervals
from server.servicers import Context

LONGEST_MARGIN = 0.5
"""Seconds kept of the caller's deadline for all but the reading; of short deadlines a fifth."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Availability(AvailabilityServiceServicer):
    """`read_budget` is how long providers may take together; a caller with a nearer deadline gets what was read by
    then, and is told what was not."""

    look_up: LookUpAvailability
    check_times: CheckTimes
    read_budget: timedelta

    async def ListBusyTimes(
        self, request: pb.ListBusyTimesRequest, context: Context
    ) -> pb.ListBusyTimesResponse:
        availability = await self.look_up(
            ExpertId(request.expert_id),
            interval_from(request.window, "window"),
            excluded=[SessionId(one) for one in request.exclude_session_ids],
            budget=self._budget(context),
        )
        response = pb.ListBusyTimesResponse(
            complete=availability.complete, calendars=evidence_messages(availability)
        )
        put_intervals(response.busy_times, availability.busy)
        return response

    async def CheckTimes(self, request: pb.CheckTimesRequest, context: Context) -> pb.CheckTimesResponse:
        checked = await self.check_times(
            ExpertId(request.expert_id),
            [interval_from(one, f"candidates[{index}]") for index, one in enumerate(request.candidates)],
            excluded=[SessionId(one) for one in request.exclude_session_ids],
            budget=self._budget(context),
        )
        return pb.CheckTimesResponse(
            times=[checked_time_message(one) for one in checked.times],
            complete=checked.availability.complete,
            calendars=evidence_messages(checked.availability),
        )

    def _budget(self, context: Context) -> timedelta:
        remaining = seconds_left(context)
        if remaining is None:
            return self.read_budget
        return min(self.read_budget, timedelta(seconds=remaining - min(LONGEST_MARGIN, remaining / 5)))
