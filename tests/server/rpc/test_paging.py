"""Page tokens."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calendarsync.v1.calendar_service_pb2 import ListCalendarsRequest
from calendarsync.v1.session_service_pb2 import ListSessionsRequest
from server.rpc.faults import PageTokenInvalid
from server.rpc.paging import page_token, position_of

ids = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=128)
positions = st.lists(st.one_of(ids, st.integers(0, 10_000)), min_size=1, max_size=2)
queries = st.builds(
    ListSessionsRequest,
    expert_id=ids,
    include_cancelled=st.booleans(),
    page_size=st.integers(0, 200),
)


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
    if changed != token:
        with pytest.raises(PageTokenInvalid):
            position_of(query, changed)


@given(st.text(max_size=200))
def test_nonsense_is_refused(token: str) -> None:
    with pytest.raises(PageTokenInvalid):
        position_of(ListSessionsRequest(expert_id="e"), token)


def test_the_longest_position_fits_the_fields_bound() -> None:
    assert (
        len(
            page_token(
                ListSessionsRequest(expert_id="e" * 128), ["2199-12-31T23:59:59.999999+00:00", "x" * 128]
            )
        )
        < 1024
    )
