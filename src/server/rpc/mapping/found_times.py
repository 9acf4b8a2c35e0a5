"""The answer of FindTimes, as bytes: most of its times suit the very same experts, whose names are written once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from calendarsync.v1.availability_service_pb2 import ExpertEvidence, FindTimesResponse, FoundTime
from domain.availability import Availability
from domain.errors import DomainError
from domain.expert import ExpertNotFound
from domain.found_times import Match
from domain.ids import ExpertId
from domain.interval import Interval
from domain.spans import instant
from server.rpc.errors import ErrorAnswers
from server.rpc.mapping.availability import evidence
from server.rpc.mapping.enums import VERDICTS
from server.rpc.mapping.interval_bytes import BYTES_EACH, interval_bytes
from server.rpc.mapping.times import put_interval
from server.rpc.mapping.wire import before_message, message_field

TIMES: Final = FindTimesResponse.TIMES_FIELD_NUMBER
EXPERTS: Final = FindTimesResponse.EXPERTS_FIELD_NUMBER


@dataclass(slots=True)
class EvidenceOfMany:
    """What is kept of each expert's answer until all are there."""

    answer_to: ErrorAnswers
    complete: bool = True
    _of: dict[ExpertId, bytes] = field(default_factory=dict)

    def add(self, expert_id: ExpertId, availability: Availability) -> None:
        self.complete &= availability.complete
        self._of[expert_id] = evidence(availability)

    def missing(self, expert_ids: Sequence[ExpertId]) -> list[ExpertId]:
        return [one for one in expert_ids if one not in self._of]

    def answer(self, expert_ids: Sequence[ExpertId], elsewhere: Mapping[ExpertId, DomainError]) -> bytes:
        """A FindTimesResponse that has nothing else. Whoever gave no answer is elsewhere, or nowhere."""
        pieces = [message_field(EXPERTS, self._expert(one, elsewhere.get(one))) for one in expert_ids]
        complete = self.complete and not self.missing(expert_ids)
        return FindTimesResponse(complete=complete).SerializeToString() + b"".join(pieces)

    def _expert(self, expert_id: ExpertId, elsewhere: DomainError | None) -> bytes:
        named = ExpertEvidence(expert_id=expert_id)
        if expert_id in self._of:
            # Its fields have the same numbers as in the other answers.
            return named.SerializeToString() + self._of[expert_id]
        named.error.CopyFrom(self.answer_to(elsewhere or ExpertNotFound()).status)
        return named.SerializeToString()


def found_times_answer(
    starts: Sequence[tuple[int, Match]], *, length_micros: int, expert_ids: Sequence[ExpertId]
) -> bytes:
    """A FindTimesResponse that has the times and nothing else."""
    intervals = _intervals([at for at, _ in starts], length_micros)
    written: dict[tuple[int, int], tuple[bytes, bytes]] = {}
    pieces: list[bytes] = []
    for interval, (_, match) in zip(intervals, starts, strict=True):
        # The same match is the same object, and lives as long as `starts`.
        key = (id(match), len(interval))
        if key not in written:
            after = _whom(match, expert_ids)
            written[key] = before_message(TIMES, len(interval) + len(after)), after
        before, after = written[key]
        pieces += before, interval, after
    return b"".join(pieces)


def _intervals(starts: Sequence[int], length: int) -> list[bytes]:
    """Each as a FoundTime that has nothing else: its first field is as the intervals of ListBusyTimesResponse are."""
    edges = [edge for start in starts for edge in (start, start + length)]
    wire = interval_bytes(edges)
    if wire is None:
        return [_plainly(start, start + length) for start in starts]
    return [wire[begin : begin + BYTES_EACH] for begin in range(0, len(wire), BYTES_EACH)]


def _plainly(start: int, end: int) -> bytes:
    found = FoundTime()
    put_interval(found.interval, Interval(instant(start), instant(end)))
    return found.SerializeToString()


def _whom(match: Match, expert_ids: Sequence[ExpertId]) -> bytes:
    return FoundTime(
        verdict=VERDICTS.outward(match.verdict),
        free_expert_ids=[expert_ids[place] for place in match.free],
        unknown_expert_ids=[expert_ids[place] for place in match.unknown],
    ).SerializeToString()
