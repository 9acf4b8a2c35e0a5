"""The two requests that come most, held to the contract's rules by hand, as far as they are usual and valid.

Whatever isn't recognised here takes the ordinary way, where every broken rule is put into words. So a rule that is
forgotten here would let something in, and a property test compares the two; one that is too strict only costs time.
"""

import re
from typing import Final

from google.protobuf.message import DecodeError

from calendarsync.v1.availability_service_pb2 import CheckTimesRequest, ListBusyTimesRequest
from domain.ids import ExpertId
from server.rpc.mapping.asked_times import AskedTimes, excluded_by, max_age_of
from server.rpc.mapping.candidate_bytes import candidate_messages, candidate_spans
from server.rpc.mapping.interval_bytes import BYTES_EACH

EARLIEST_SECONDS: Final = 315_532_800
"""The beginning of 1980."""
LATEST_SECONDS: Final = 7_258_118_400
"""The beginning of 2200. What is read from its bytes ends before 2106."""
LONGEST_WINDOW_SECONDS: Final = 366 * 86_400
LONGEST_MAX_AGE_SECONDS: Final = 86_400
MOST_EXCLUDED: Final = 100
MOST_CANDIDATES: Final = 200
LARGEST_USUAL: Final = 32 * 1024
"""Bytes: with the most and longest of everything it has some 17,000. Nothing larger is looked into here."""
PLAIN_ID: Final = re.compile(r"[!-~]{1,128}")
SHORT_ID: Final = re.compile(rb"[!-~]{1,127}")
"""The same, if its length fits into one byte."""

EXPERT_ID: Final = 0x0A
CANDIDATE: Final = b"\x12"
"""What the fields begin with."""
NOTHING: Final = CheckTimesRequest()


def is_usual(request: ListBusyTimesRequest) -> bool:
    """Whether it is valid, and in whole seconds."""
    start, end = request.window.start_time, request.window.end_time
    return (
        PLAIN_ID.fullmatch(request.expert_id) is not None
        and EARLIEST_SECONDS <= start.seconds < end.seconds <= LATEST_SECONDS
        and end.seconds - start.seconds <= LONGEST_WINDOW_SECONDS
        and not start.nanos
        and not end.nanos
        and _is_usual_about_readings(request)
    )


def asked_in(raw: bytes) -> AskedTimes | None:
    """What a CheckTimesRequest asks, read from its bytes without making messages of its candidates.

    None unless it is valid, and written as libraries write it: the expert first, then the candidates in whole seconds,
    then the rest.
    """
    if not 2 <= len(raw) <= LARGEST_USUAL or raw[0] != EXPERT_ID:
        return None
    begin = 2 + raw[1]
    tags = raw[begin::BYTES_EACH]
    count = len(tags) - len(tags.lstrip(CANDIDATE))
    end = begin + count * BYTES_EACH
    if not 1 <= count <= MOST_CANDIDATES or not SHORT_ID.fullmatch(raw, 2, begin):
        return None
    wire = raw[begin:end]
    candidates = candidate_spans(wire, not_before_seconds=EARLIEST_SECONDS)
    rest = _rest_in(raw[end:])
    if candidates is None or rest is None:
        return None
    return AskedTimes(
        expert_id=ExpertId(raw[2:begin].decode("ascii")),
        candidates=candidates,
        messages=candidate_messages(wire),
        excluded=excluded_by(rest),
        max_age=max_age_of(rest),
    )


def _rest_in(raw: bytes) -> CheckTimesRequest | None:
    """All that comes after the candidates; None when it is not usual, such as with buffers, or not what a library
    writes."""
    if not raw:
        return NOTHING
    try:
        rest = CheckTimesRequest.FromString(raw)
    except DecodeError:
        return None
    ours = not rest.expert_id and not rest.candidates and rest.SerializeToString() == raw
    buffered = rest.HasField("buffer_before") or rest.HasField("buffer_after")
    return rest if ours and not buffered and _is_usual_about_readings(rest) else None


def _is_usual_about_readings(request: ListBusyTimesRequest | CheckTimesRequest) -> bool:
    excluded = request.exclude_session_ids
    if len(excluded) > MOST_EXCLUDED or not all(map(PLAIN_ID.fullmatch, excluded)):
        return False
    if not request.HasField("max_age"):
        return True
    max_age = request.max_age
    return 0 <= max_age.seconds <= LONGEST_MAX_AGE_SECONDS and not max_age.nanos
