"""Answers about an expert's time, as bytes.

Messages of protobuf that follow each other are one message, with the fields of all. So an answer is put together from
pieces, and those that many answers have in common are written once: most of what an answer costs is writing it.
"""

from bisect import bisect_left, bisect_right
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Final

from application.availability.slices import Slices
from calendarsync.v1.availability_pb2 import CalendarEvidence
from calendarsync.v1.availability_service_pb2 import CheckedTime as CheckedTimeMessage
from calendarsync.v1.availability_service_pb2 import CheckTimesResponse, ListBusyTimesResponse
from calendarsync.v1.session_service_pb2 import ConflictEvidence
from domain.availability import (
    Availability,
    CheckedTime,
    ReadingSource,
    UncheckedReason,
    UnreadReason,
    Verdict,
)
from domain.ids import AccountId, CalendarId
from domain.interval import Interval
from domain.spans import Spans, as_span
from domain.taken import Taken, Takers
from server.rpc.mapping.enums import READING_SOURCES, UNCHECKED_REASONS, UNREAD_REASONS, VERDICTS
from server.rpc.mapping.interval_bytes import BYTES_EACH, interval_bytes
from server.rpc.mapping.times import put_instant, put_interval
from server.rpc.mapping.wire import before_message

PIECES_KEPT: Final = 8192
"""Of each kind; one has some 100 bytes."""
FEW_SESSIONS: Final = 10
"""Of a verdict that is kept: one that names thousands would have a thousand times that."""
SLICE: Final = 5_000
"""Intervals that are written without a break, in two milliseconds."""
PLAIN_SLICE: Final = 1_000
"""The same where fields must be set."""
TIMES: Final = CheckTimesResponse.TIMES_FIELD_NUMBER
CANDIDATE: Final = CheckedTimeMessage.CANDIDATE_FIELD_NUMBER
_COMPLETE: Final = ListBusyTimesResponse(complete=True).SerializeToString()
_UNCHECKED: Final = {
    one: ListBusyTimesResponse(unchecked_reason=UNCHECKED_REASONS.outward(one)).SerializeToString()
    for one in UncheckedReason
}


def busy_times_answer(availability: Availability) -> bytes:
    """A ListBusyTimesResponse."""
    return busy_times(availability.taken, availability.window) + evidence(availability)


async def large_busy_times_answer(availability: Availability) -> bytes:
    """The same by slices, between which others have their turns."""
    taken = availability.taken
    many = len(taken.spans)
    if many <= PLAIN_SLICE or (many <= SLICE and taken.derived(_all_of) is not None):
        return busy_times_answer(availability)
    if not taken.has(_all_of):
        pieces = [interval_bytes(edges) async for edges in _by_slices(taken.spans, SLICE)]
        quickly = [one for one in pieces if one is not None]
        taken.keep(_all_of, b"".join(quickly) if len(quickly) == len(pieces) else None)
    if taken.derived(_all_of) is not None:
        return busy_times_answer(availability)
    inside = taken.spans.clipped_to(availability.window)
    plainly = [_plainly(edges) async for edges in _by_slices(inside, PLAIN_SLICE)]
    return b"".join(plainly) + evidence(availability)


async def _by_slices(spans: Spans, most: int) -> AsyncIterator[tuple[int, ...]]:
    """The edges of so many at a time."""
    slices = Slices()
    for first in range(0, len(spans.edges), 2 * most):
        yield spans.edges[first : first + 2 * most]
        await slices.give_way()


def checked_times_answer(
    candidates: Sequence[bytes], checked: Iterable[CheckedTime], availability: Availability
) -> bytes:
    """A CheckTimesResponse; `candidates` are the request's, each as the bytes of its message."""
    pieces: list[bytes] = []
    for candidate, one in zip(candidates, checked, strict=True):
        frame = _frame if len(one.takers.sessions) > FEW_SESSIONS else _kept_frame
        before, after = frame(len(candidate), one.verdict.value, one.takers)
        pieces += before, candidate, after
    return b"".join(pieces) + evidence(availability)


def busy_times(taken: Taken, window: Interval) -> bytes:
    """A message whose field 1 has what is taken inside `window`: a slice of the whole, cut off at the window's ends."""
    whole, edges = taken.derived(_all_of), taken.spans.edges
    if whole is None:
        return _plainly(taken.spans.clipped_to(window).edges)
    low, high = as_span(window)
    first, last = bisect_right(edges, low), bisect_left(edges, high)
    begun, unended = first % 2 == 1, last % 2 == 1
    if begun and first == last:
        return _plainly((low, high))
    # Only the ends may be no whole seconds, as with whoever asks about the time from now on.
    return b"".join(
        (
            _plainly((low, edges[first])) if begun else b"",
            whole[(first + 1) // 2 * BYTES_EACH : last // 2 * BYTES_EACH],
            _plainly((edges[last - 1], high)) if unended else b"",
        )
    )


def _all_of(taken: Taken) -> bytes | None:
    return interval_bytes(taken.spans.edges)


def _plainly(edges: tuple[int, ...]) -> bytes:
    """By setting fields where one is no whole second, or in a year far away."""
    wire = interval_bytes(edges)
    if wire is not None:
        return wire
    message = ListBusyTimesResponse()
    for interval in Spans(edges):
        put_interval(message.busy_times.add(), interval)
    return message.SerializeToString()


def evidence(availability: Availability) -> bytes:
    """Whether all was read, and one a conflict calendar: those that were read, then those that were not. Or why there
    is none.

    These are the same fields, with the same numbers, in all answers, and in what FindTimes says of each expert.
    """
    pieces = [_COMPLETE] if availability.complete else []
    pieces += [
        _read(one.calendar_id, one.account_id, one.source, one.read_at) for one in availability.readings
    ]
    pieces += [_unread(one.calendar_id, one.account_id, one.reason) for one in availability.unread]
    if availability.unchecked is not None:
        pieces.append(_UNCHECKED[availability.unchecked])
    return b"".join(pieces)


def conflict_evidence(availability: Availability) -> ConflictEvidence:
    """The same as a message."""
    told = ListBusyTimesResponse.FromString(evidence(availability))
    return ConflictEvidence(
        complete=told.complete, calendars=told.calendars, unchecked_reason=told.unchecked_reason
    )


@lru_cache(maxsize=PIECES_KEPT)
def _read(calendar_id: CalendarId, account_id: AccountId, source: ReadingSource, read_at: datetime) -> bytes:
    evidence = CalendarEvidence(
        calendar_id=calendar_id, account_id=account_id, source=READING_SOURCES.outward(source)
    )
    put_instant(evidence.read_time, read_at)
    return ListBusyTimesResponse(calendars=[evidence]).SerializeToString()


@lru_cache(maxsize=PIECES_KEPT)
def _unread(calendar_id: CalendarId, account_id: AccountId, reason: UnreadReason) -> bytes:
    evidence = CalendarEvidence(
        calendar_id=calendar_id, account_id=account_id, unread_reason=UNREAD_REASONS.outward(reason)
    )
    return ListBusyTimesResponse(calendars=[evidence]).SerializeToString()


@lru_cache(maxsize=PIECES_KEPT)
def _kept_frame(candidate_bytes: int, verdict: str, takers: Takers) -> tuple[bytes, bytes]:
    return _frame(candidate_bytes, verdict, takers)


def _frame(candidate_bytes: int, verdict: str, takers: Takers) -> tuple[bytes, bytes]:
    """What stands before and after a candidate of so many bytes, inside the CheckedTime and around it."""
    after = CheckedTimeMessage(
        verdict=VERDICTS.outward(Verdict(verdict)),
        busy_calendar_ids=takers.calendars,
        busy_session_ids=takers.sessions,
        busy_hold_ids=takers.holds,
    ).SerializeToString()
    within = before_message(CANDIDATE, candidate_bytes)
    return before_message(TIMES, len(within) + candidate_bytes + len(after)) + within, after
