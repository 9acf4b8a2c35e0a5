"""Page tokens."""

import pytest
from google.protobuf.message import Message
from hypothesis import assume, example, given
from hypothesis import strategies as st

from calendarsync.v1.calendar_service_pb2 import ListCalendarsRequest
from calendarsync.v1.session_service_pb2 import ListSessionsRequest
from server.rpc.faults import PageTokenInvalid
from server.rpc.paging import TEXT, Position, page_size, page_token, time_in
from server.rpc.paging import position_of as read_token

ids = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=128)
positions = st.lists(st.one_of(ids, st.integers(0, 10_000)), min_size=1, max_size=2)
queries = st.builds(
    ListSessionsRequest,
    expert_id=ids,
    include_cancelled=st.booleans(),
    page_size=st.integers(0, 200),
)


def position_of(query: Message, token: str) -> Position:
    return read_token(query, token, lambda position: position)


def made_up(query: Message, kept: bytes) -> str:
    """A token with the right digest: there is no secret in it."""
    binding = query.DESCRIPTOR.full_name.encode() + b"\0" + query.SerializeToString(deterministic=True)
    return TEXT.written(kept, bound_to=binding)


@given(queries, positions)
def test_a_position_comes_back_as_it_went(query: ListSessionsRequest, position: list[str | int]) -> None:
    assert position_of(query, page_token(query, position)) == position


@given(queries, positions, st.integers(0, 200), st.text(max_size=50))
def test_size_and_token_may_differ_from_page_to_page(
    query: ListSessionsRequest, position: list[str | int], size: int, token: str
) -> None:
    given_token = page_token(query, position)
    query.page_size, query.page_token = size, token

    assert position_of(query, given_token) == position


@given(queries, queries, positions)
def test_a_token_is_good_for_its_query_only(
    query: ListSessionsRequest, other: ListSessionsRequest, position: list[str | int]
) -> None:
    token = page_token(query, position)
    if (query.expert_id, query.include_cancelled) != (other.expert_id, other.include_cancelled):
        with pytest.raises(PageTokenInvalid):
            position_of(other, token)


def test_a_token_is_good_for_its_method_only() -> None:
    token = page_token(ListSessionsRequest(expert_id="e"), ["p"])

    with pytest.raises(PageTokenInvalid):
        position_of(ListCalendarsRequest(expert_id="e"), token)


@given(queries, positions, st.data())
def test_a_changed_token_is_refused(
    query: ListSessionsRequest, position: list[str | int], data: st.DataObject
) -> None:
    token = page_token(query, position)
    at = data.draw(st.integers(0, len(token) - 1))
    letter = data.draw(st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"))
    changed = token[:at] + letter + token[at + 1 :]
    assume(changed != token)

    with pytest.raises(PageTokenInvalid):
        position_of(query, changed)


@pytest.mark.parametrize("length", [1, 2, 3])
def test_spare_bits_of_the_last_letter_make_no_second_token(length: int) -> None:
    query = ListSessionsRequest(expert_id="e")
    token = page_token(query, ["x" * length])

    for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_":
        for other in (token[:-1] + letter, token + letter, token + "=" * length):
            if other != token:
                with pytest.raises(PageTokenInvalid):
                    position_of(query, other)


MADE_UP = {
    "nothing": b"",
    "no JSON": b"]",
    "a number": b"7",
    "null": b"null",
    "an object": b'{"a":1}',
    "deep brackets": b"[" * 100_000,
    "deep brackets that are closed": b"[" * 100_000 + b"]" * 100_000,
    "NUL": rb'["\u0000","x"]',
    "a control character": rb'["\u0007"]',
    "half a surrogate pair": rb'["\ud800","x"]',
    "letters of other scripts": '["\u00e9"]'.encode(),
    "a truth": b"[true]",
    "a fraction": b"[1.5]",
    "not a number": b"[NaN]",
    "below zero": b"[-1]",
    "a number of no index": b"[99999999999999999999]",
    "a number of thousands of digits": b"[" + b"9" * 10_000 + b"]",
    "spaces": b'[ "x" ]',
    "an escape that was not needed": rb'["\u0041"]',
    "a byte that is no text": b"\xff",
    "another alphabet of JSON": "[1]".encode("utf-16"),
}


@pytest.mark.parametrize("kept", MADE_UP.values(), ids=MADE_UP)
def test_a_token_with_the_right_digest_around_nonsense_is_refused(kept: bytes) -> None:
    query = ListSessionsRequest(expert_id="e")

    with pytest.raises(PageTokenInvalid):
        position_of(query, made_up(query, kept))


@given(st.binary(max_size=60))
@example(b"[]")
def test_whatever_a_made_up_token_holds_it_is_a_position_or_refused(kept: bytes) -> None:
    query = ListSessionsRequest(expert_id="e")
    try:
        position = position_of(query, made_up(query, kept))
    except PageTokenInvalid:
        return
    assert page_token(query, position) == made_up(query, kept)


@pytest.mark.parametrize("fault", [ValueError, OverflowError])
def test_a_position_that_does_not_suit_the_method_is_refused(fault: type[Exception]) -> None:
    query = ListSessionsRequest(expert_id="e")

    def read(_: Position) -> None:
        raise fault

    with pytest.raises(PageTokenInvalid):
        read_token(query, page_token(query, ["x"]), read)


@given(st.text(max_size=200))
def test_nonsense_is_refused(token: str) -> None:
    with pytest.raises(PageTokenInvalid):
        position_of(ListSessionsRequest(expert_id="e"), token)


@pytest.mark.parametrize(("asked", "given"), [(0, 50), (1, 1), (200, 200), (201, 200), (2**31 - 1, 200)])
def test_who_asks_for_a_larger_page_gets_the_largest(asked: int, given: int) -> None:
    assert page_size(asked) == given


def test_a_list_may_have_other_pages() -> None:
    assert [page_size(asked, usual=100, most=1_000) for asked in (0, 300, 5_000)] == [100, 300, 1_000]


@pytest.mark.parametrize("text", ["2026-11-01T10:00:00+01:00", "2026-11-01T10:00:00", "yesterday", ""])
def test_a_time_in_a_position_has_one_form(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - any is refused
        time_in(text)


def test_the_longest_position_fits_the_fields_bound() -> None:
    assert (
        len(
            page_token(
                ListSessionsRequest(expert_id="e" * 128), ["2199-12-31T23:59:59.999999+00:00", "x" * 128]
            )
        )
        < 1024
    )
