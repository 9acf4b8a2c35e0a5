"""Usual requests are held to the contract's rules by hand, with the verdict of the rules, and read as they are written.

The ordinary way is the truth here: whatever the short one recognises must be the same request, and valid.
"""

from collections.abc import Sequence
from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import DecodeError, Message
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.interval_pb2 import Interval
from hypothesis import example, given
from hypothesis import strategies as st

from calendarsync.v1.availability_service_pb2 import CheckTimesRequest, ListBusyTimesRequest
from server.rpc.calls.validation import (
    decoded,
    require_no_nul,
    require_short_lists,
    require_valid,
    valid_requests,
)
from server.rpc.faults import RequestInvalid
from server.rpc.mapping.asked_times import AskedTimes, asked_by
from server.rpc.usual_requests import (
    EARLIEST_SECONDS,
    LARGEST_USUAL,
    LATEST_SECONDS,
    LONGEST_MAX_AGE_SECONDS,
    LONGEST_WINDOW_SECONDS,
    asked_in,
    is_usual,
)

LAST_OF_FIVE_BYTES = 2**32 - 1
NOW = 1_800_000_000

ids = st.one_of(
    st.text("abc!~-_.0", min_size=1, max_size=20),
    st.sampled_from(["", " ", "a b", "ä", "a\0", "a\n", "x" * 127, "x" * 128, "x" * 129]),
)
seconds = st.one_of(
    st.integers(NOW, NOW + 10**6),
    st.sampled_from(
        [EARLIEST_SECONDS, LATEST_SECONDS, LAST_OF_FIVE_BYTES, 2**28, 2**31, 2**35, 0, -1]
    ).flatmap(lambda edge: st.integers(edge - 2, edge + 2)),
)
nanos = st.sampled_from([0, 0, 0, 0, 0, 0, 0, 0, 1, 999_999_999, 10**9, -1])
timestamps = st.builds(Timestamp, seconds=seconds, nanos=nanos)
intervals = st.one_of(
    st.builds(
        lambda start, length: Interval(
            start_time=Timestamp(seconds=start), end_time=Timestamp(seconds=start + length)
        ),
        seconds,
        st.one_of(
            st.integers(1, 86_400),
            st.sampled_from([-1, 0, LONGEST_WINDOW_SECONDS, LONGEST_WINDOW_SECONDS + 1]),
        ),
    ),
    st.builds(Interval, start_time=st.none() | timestamps, end_time=st.none() | timestamps),
)
about_readings: dict[str, st.SearchStrategy[Any]] = {
    "exclude_session_ids": st.one_of(
        st.just([]), st.lists(ids, max_size=3), st.sampled_from([["s"] * 100, ["s"] * 101])
    ),
    "max_age": st.one_of(
        st.none(),
        st.builds(
            Duration,
            seconds=st.sampled_from([0, 1, 900, LONGEST_MAX_AGE_SECONDS, LONGEST_MAX_AGE_SECONDS + 1, -1]),
            nanos=nanos,
        ),
    ),
}
buffers = st.sampled_from([None] * 6 + [Duration(), Duration(seconds=900), Duration(seconds=-1)])
busy_requests = st.builds(ListBusyTimesRequest, expert_id=ids, window=st.none() | intervals, **about_readings)
check_requests = st.builds(
    CheckTimesRequest,
    expert_id=ids,
    candidates=st.one_of(
        st.lists(intervals, max_size=4),
        st.builds(lambda one, count: [one] * count, intervals, st.sampled_from([63, 64, 65, 200, 201])),
    ),
    buffer_before=buffers,
    buffer_after=buffers,
    **about_readings,
)


def a_time(start: int = NOW, end: int = NOW + 60) -> Interval:
    return Interval(start_time=Timestamp(seconds=start), end_time=Timestamp(seconds=end))


def is_valid(request: Message) -> bool:
    try:
        require_short_lists(request)
        require_no_nul(request)
        require_valid(request)
    except RequestInvalid:
        return False
    return True


def ordinarily(raw: bytes) -> AskedTimes | None:
    """What these bytes ask, if it is valid."""
    try:
        request = decoded(raw, CheckTimesRequest.FromString)
        return asked_by(request) if is_valid(request) else None
    except (RequestInvalid, DecodeError):
        return None


@given(busy_requests)
@example(
    ListBusyTimesRequest(
        expert_id="x" * 128, window=a_time(EARLIEST_SECONDS), exclude_session_ids=["s"] * 100
    )
)
@example(ListBusyTimesRequest(expert_id="e", window=a_time(LATEST_SECONDS - 60, LATEST_SECONDS)))
@example(ListBusyTimesRequest(expert_id="e", window=a_time(NOW, NOW + LONGEST_WINDOW_SECONDS)))
@example(ListBusyTimesRequest(expert_id="e", window=a_time(EARLIEST_SECONDS - 1)))
@example(ListBusyTimesRequest(expert_id="e", window=a_time(LATEST_SECONDS - 60, LATEST_SECONDS + 1)))
@example(ListBusyTimesRequest(expert_id="e", window=a_time(NOW, NOW + LONGEST_WINDOW_SECONDS + 1)))
@example(ListBusyTimesRequest(expert_id="e", window=a_time(), exclude_session_ids=["s"] * 101))
@example(ListBusyTimesRequest(expert_id="e", window=a_time(), max_age=Duration(seconds=86_401)))
@example(ListBusyTimesRequest(expert_id="e", window=a_time(), max_age=Duration(seconds=86_400, nanos=1)))
@example(ListBusyTimesRequest(expert_id="e", window=a_time(), max_age=Duration(nanos=-1)))
@example(ListBusyTimesRequest(expert_id="e\n", window=a_time()))
def test_the_verdict_by_hand_is_that_of_the_rules(request: ListBusyTimesRequest) -> None:
    in_whole_seconds = not (
        request.window.start_time.nanos or request.window.end_time.nanos or request.max_age.nanos
    )

    assert is_usual(request) == (is_valid(request) and in_whole_seconds)


@given(check_requests)
@example(CheckTimesRequest(expert_id="x" * 127, candidates=[a_time()] * 200, exclude_session_ids=["s"] * 100))
@example(CheckTimesRequest(expert_id="e", candidates=[a_time(EARLIEST_SECONDS, LAST_OF_FIVE_BYTES)]))
@example(CheckTimesRequest(expert_id="e", candidates=[a_time()], max_age=Duration(seconds=86_400)))
def test_a_request_that_a_library_wrote_is_read_in_one_go_if_it_is_usual(request: CheckTimesRequest) -> None:
    raw = request.SerializeToString(deterministic=True)
    ends = [end for one in request.candidates for end in (one.start_time, one.end_time)]
    usual = (
        all(end.seconds <= LAST_OF_FIVE_BYTES and not end.nanos for end in ends)
        and len(request.expert_id) <= 127
        and not request.max_age.nanos
        and not request.HasField("buffer_before")
        and not request.HasField("buffer_after")
    )

    assert asked_in(raw) == (ordinarily(raw) if usual else None)


def test_usual_requests_cost_no_look_at_the_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[Message] = []

    def found_fine(request: Message) -> list[object]:
        looked.append(request)
        return []

    monkeypatch.setattr("protovalidate.collect_violations", found_fine)
    check = CheckTimesRequest(expert_id="e", candidates=[a_time()] * 50, max_age=Duration(seconds=60))
    busy = ListBusyTimesRequest(expert_id="e", window=a_time(), exclude_session_ids=["s"])
    valid_check = valid_requests(CheckTimesRequest.FromString)
    valid_busy = valid_requests(ListBusyTimesRequest.FromString)

    assert valid_check(check.SerializeToString()) == asked_by(check)
    assert valid_busy(busy.SerializeToString()) == busy
    assert looked == []
    busy.window.start_time.nanos = 1
    valid_busy(busy.SerializeToString())
    assert looked == [busy]


@pytest.mark.parametrize(
    ("kind", "known"),
    [
        (ListBusyTimesRequest, {"expert_id", "window", "exclude_session_ids", "max_age"}),
        (
            CheckTimesRequest,
            {"expert_id", "candidates", "exclude_session_ids", "max_age", "buffer_before", "buffer_after"},
        ),
    ],
)
def test_every_field_is_known_to_those_who_look_by_hand(kind: type[Message], known: set[str]) -> None:
    """Of a new one they would not see that it is wrong, and in CheckTimes not even that it is there."""
    assert {one.name for one in kind.DESCRIPTOR.fields} == known


def varint(number: int, *, padded: int = 0) -> bytes:
    """With so many bytes more than it needs, which decoders must take."""
    digits = []
    while number > 0x7F:
        digits.append(number & 0x7F | 0x80)
        number >>= 7
    if padded:
        digits += [number | 0x80, *[0x80] * (padded - 1), 0]
    else:
        digits.append(number)
    return bytes(digits)


def field(number: int, content: bytes, *, padded: int = 0) -> bytes:
    return varint(number << 3 | 2) + varint(len(content), padded=padded) + content


def stamp(seconds: int, *, padded: int = 0, nanos: bytes = b"") -> bytes:
    return b"\x08" + varint(seconds % 2**64, padded=padded) + nanos


def candidate(start: bytes, end: bytes, *, extra: bytes = b"") -> bytes:
    return field(2, field(1, start) + field(2, end) + extra)


A_CANDIDATE = candidate(stamp(NOW), stamp(NOW + 60))
ODD: Sequence[bytes] = (
    field(1, b"e") + field(1, b"f") + A_CANDIDATE,
    field(1, b"e") + A_CANDIDATE + field(1, b"f"),
    field(1, b"e") + A_CANDIDATE + field(1, b""),
    A_CANDIDATE + field(1, b"e"),
    field(1, b"e", padded=1) + A_CANDIDATE,
    field(1, b"!" * (0x80 + (0x21 << 7))) + A_CANDIDATE,
    field(1, b"e") + A_CANDIDATE + field(3, b"s") + A_CANDIDATE,
    field(1, b"e") + A_CANDIDATE + field(4, stamp(60)) + field(4, stamp(900)),
    field(1, b"e") + A_CANDIDATE + field(4, stamp(60)) + field(4, b"\x10\x01"),
    field(1, b"e") + A_CANDIDATE + field(99, b"unknown"),
    field(1, b"e") + field(99, b"unknown") + A_CANDIDATE,
    field(1, b"e") + A_CANDIDATE + b"\x1a\x01",
    field(1, b"e") + A_CANDIDATE + b"\x12",
    field(1, b"e") + A_CANDIDATE[:-1],
    field(1, b"e") + candidate(stamp(2**28 - 1, padded=1), stamp(NOW)),
    field(1, b"e") + candidate(stamp(NOW, padded=1), stamp(NOW + 60)),
    field(1, b"e") + candidate(stamp(NOW), stamp(2**32 + NOW + 60)),
    field(1, b"e") + candidate(stamp(NOW), stamp(2**34 + NOW + 60)),
    field(1, b"e") + candidate(stamp(NOW), stamp(NOW + 60, nanos=b"\x10\x05")),
    field(1, b"e") + candidate(stamp(NOW), stamp(NOW + 60), extra=field(1, stamp(NOW + 30))),
    field(1, b"e") + candidate(stamp(NOW), stamp(NOW + 60), extra=field(9, b"unknown")),
    field(1, b"e") + field(2, field(2, stamp(NOW + 60)) + field(1, stamp(NOW))),
    field(1, b"e") + candidate(b"\x10\x05" + stamp(NOW), stamp(NOW + 60)),
    field(1, b"e") + candidate(b"\x08\x01" + stamp(NOW), stamp(NOW + 60)),
    field(1, b"e") + candidate(stamp(NOW + 60), stamp(NOW)),
    field(1, b"e") + candidate(stamp(NOW), stamp(NOW)),
    field(1, b"e") + candidate(stamp(NOW), stamp(-1)),
    field(1, b"e") + candidate(stamp(NOW), b""),
    field(1, b"e") + A_CANDIDATE * 201,
    field(1, b"e"),
    b"",
)


@pytest.mark.parametrize("raw", ODD, ids=range(len(ODD)))
def test_what_is_written_in_another_way_is_the_same_request(raw: bytes) -> None:
    assert asked_in(raw) in (None, ordinarily(raw))


def test_the_largest_valid_request_is_usual_and_nothing_larger_is_looked_into() -> None:
    largest = CheckTimesRequest(
        expert_id="x" * 127,
        candidates=[a_time()] * 200,
        exclude_session_ids=["s" * 128] * 100,
        max_age=Duration(seconds=900),
    ).SerializeToString()

    assert asked_in(largest) == ordinarily(largest)
    assert asked_in(largest) is not None
    assert asked_in(largest + field(99, b"x" * LARGEST_USUAL)) is None


def _changed(draw: st.DrawFn, raw: bytes) -> bytes:
    """Something comes in, takes the place of something, goes, or is another bit."""
    begin = draw(st.integers(0, len(raw)))
    end = draw(st.integers(begin, min(begin + 4, len(raw))))
    flipped = bytes(one ^ 1 << draw(st.integers(0, 7)) for one in raw[begin : begin + 1])
    inserted = st.one_of(st.binary(max_size=4), st.sampled_from([*ODD[:4], A_CANDIDATE, field(4, stamp(60))]))
    change = draw(st.one_of(inserted, st.just(flipped)))
    return raw[:begin] + change + raw[len(flipped) + begin if change is flipped else end :]


@st.composite
def changed_requests(draw: st.DrawFn) -> bytes:
    raw = draw(check_requests).SerializeToString()
    for _ in range(draw(st.integers(1, 3))):
        raw = _changed(draw, raw)
    return raw


@given(changed_requests())
def test_whatever_the_bytes_are_they_are_never_read_as_another_request(raw: bytes) -> None:
    assert asked_in(raw) in (None, ordinarily(raw))


@given(check_requests)
def test_a_refusal_has_the_words_of_the_rules(request: CheckTimesRequest) -> None:
    raw = request.SerializeToString()
    valid = valid_requests(CheckTimesRequest.FromString)
    if is_valid(request):
        assert valid(raw) in (request, asked_in(raw))
        return

    with pytest.raises(RequestInvalid) as refused:
        valid(raw)
    with pytest.raises(RequestInvalid) as ordinary:
        require_short_lists(request)
        require_no_nul(request)
        require_valid(request)
    assert refused.value.violations == ordinary.value.violations
