"""AvailabilityService."""

from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

from application.availability.check_times import CheckTimes
from application.availability.find_times import FindTimes
from application.availability.hold_time import HoldTime
from application.availability.list_holds import ListHolds
from application.availability.look_up_availability import LookUpAvailability
from application.availability.release_hold import ReleaseHold
from application.cells.find_moved import FindMoved
from calendarsync.v1 import availability_service_pb2 as pb
from calendarsync.v1.availability_service_pb2_grpc import AvailabilityServiceServicer
from domain.availability import Availability as KnownTime
from domain.ids import ExpertId, HoldId
from domain.spans import MICROSECOND
from server.rpc.answers import within_limits
from server.rpc.callers.costs import QuestionCost, charge
from server.rpc.errors import ErrorAnswers
from server.rpc.mapping.asked_times import AskedTimes, asked_by, buffers_of, excluded_by, max_age_of
from server.rpc.mapping.availability import checked_times_answer, large_busy_times_answer
from server.rpc.mapping.batch import batch_answer
from server.rpc.mapping.enums import UNCHECKED_REASONS
from server.rpc.mapping.found_times import EvidenceOfMany, found_times_answer
from server.rpc.mapping.holds import hold_message, hold_place, hold_position
from server.rpc.mapping.times import duration_from, interval_from, put_instant
from server.rpc.mapping.wanted_times import matching_of, wanted_times_of
from server.rpc.paging import Position, page_size, page_token, position_of
from server.rpc.servicers import Context
from server.rpc.servicers.budget import ReadBudget

USUAL_TIMES: Final = 100
MOST_TIMES: Final = 1_000
"""Of a page of FindTimes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Availability(AvailabilityServiceServicer):
    look_up: LookUpAvailability
    check_times: CheckTimes
    find_times: FindTimes
    hold_time: HoldTime
    release_hold: ReleaseHold
    list_holds: ListHolds
    find_moved: FindMoved
    budget: ReadBudget
    answer_to: ErrorAnswers

    async def ListBusyTimes(  # type: ignore[override]  # as bytes
        self, request: pb.ListBusyTimesRequest, context: Context
    ) -> bytes:
        availability = await self.look_up(
            ExpertId(request.expert_id),
            interval_from(request.window, "window"),
            excluded=excluded_by(request),
            max_age=max_age_of(request),
            budget=self.budget.of(context),
        )
        charge(availability, fresh=request.HasField("max_age"))
        return within_limits(await large_busy_times_answer(availability))

    async def BatchListBusyTimes(  # type: ignore[override]  # as bytes
        self, request: pb.BatchListBusyTimesRequest, context: Context
    ) -> bytes:
        expert_ids = [ExpertId(one) for one in request.expert_ids]
        answers: dict[ExpertId, bytes] = {}
        found = self.look_up.of_many(
            expert_ids,
            interval_from(request.window, "window"),
            excluded=excluded_by(request),
            max_age=max_age_of(request),
            budget=self.budget.of(context),
        )
        with QuestionCost(fresh=request.HasField("max_age")) as cost:
            async with aclosing(found):
                async for expert_id, availability in found:
                    cost.add(availability)
                    answers[expert_id] = await large_busy_times_answer(availability)
        elsewhere = await self.find_moved([one for one in expert_ids if one not in answers])
        return within_limits(batch_answer(expert_ids, answers, elsewhere, self.answer_to))

    async def CheckTimes(  # type: ignore[override]  # as bytes, and read from bytes where that is quicker
        self, request: pb.CheckTimesRequest | AskedTimes, context: Context
    ) -> bytes:
        asked = request if isinstance(request, AskedTimes) else asked_by(request)
        checked = await self.check_times(
            asked.expert_id,
            asked.candidates,
            excluded=asked.excluded,
            max_age=asked.max_age,
            budget=self.budget.of(context),
        )
        charge(checked.availability, fresh=asked.max_age is not None)
        return within_limits(checked_times_answer(asked.messages, checked.times, checked.availability))

    async def FindTimes(  # type: ignore[override]  # as bytes
        self, request: pb.FindTimesRequest, context: Context
    ) -> bytes:
        expert_ids = [ExpertId(one) for one in request.expert_ids]
        wanted = wanted_times_of(request)
        cost = QuestionCost(fresh=request.HasField("max_age"))
        evidence = EvidenceOfMany(self.answer_to)

        def told(expert_id: ExpertId, availability: KnownTime) -> None:
            cost.add(availability)
            evidence.add(expert_id, availability)

        with cost:
            found = await self.find_times(
                expert_ids,
                wanted,
                matching_of(request),
                told=told,
                later_than=position_of(request, request.page_token, _page_end)
                if request.page_token
                else None,
                limit=page_size(request.page_size, usual=USUAL_TIMES, most=MOST_TIMES),
                excluded=excluded_by(request),
                max_age=max_age_of(request),
                budget=self.budget.of(context),
            )
            cost.add_starts(found.looked_at)
        last = str(found.starts[-1][0]) if found.more else None
        token = "" if last is None else page_token(request, [last])
        elsewhere = await self.find_moved(evidence.missing(expert_ids))
        return within_limits(
            found_times_answer(
                found.starts, length_micros=wanted.length // MICROSECOND, expert_ids=expert_ids
            )
            + pb.FindTimesResponse(next_page_token=token).SerializeToString()
            + evidence.answer(expert_ids, elsewhere)
        )

    async def HoldTime(self, request: pb.HoldTimeRequest, context: Context) -> pb.HoldTimeResponse:
        accepted = await self.hold_time(
            expert_id=ExpertId(request.expert_id),
            hold_id=HoldId(request.hold_id),
            interval=interval_from(request.interval, "interval"),
            buffers=buffers_of(request),
            lifetime=duration_from(request.lifetime, "lifetime") if request.HasField("lifetime") else None,
            max_age=max_age_of(request),
            budget=self.budget.of(context),
        )
        response = pb.HoldTimeResponse(
            unchecked_reason=UNCHECKED_REASONS.outward(accepted.evidence.unchecked)
        )
        put_instant(response.expire_time, accepted.hold.expires_at)
        return response

    async def ReleaseHold(self, request: pb.ReleaseHoldRequest, context: Context) -> pb.ReleaseHoldResponse:
        await self.release_hold(ExpertId(request.expert_id), HoldId(request.hold_id))
        return pb.ReleaseHoldResponse()

    async def ListHolds(self, request: pb.ListHoldsRequest, context: Context) -> pb.ListHoldsResponse:
        limit, token = page_size(request.page_size), request.page_token
        found = await self.list_holds(
            ExpertId(request.expert_id) if request.expert_id else None,
            after=position_of(request, token, hold_position) if token else None,
            limit=limit + 1,  # one more than is shown tells whether there is more
        )
        shown = found[:limit]
        return pb.ListHoldsResponse(
            holds=[hold_message(one) for one in shown],
            next_page_token=page_token(request, hold_place(shown[-1])) if len(found) > limit else "",
        )


def _page_end(position: Position) -> int:
    """The last start of the page before, in microseconds since 1970. Raises ValueError."""
    match position:
        case [str(text)] if str(start := int(text)) == text:
            return start
        case _:
            raise ValueError
