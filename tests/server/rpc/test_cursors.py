"""Cursors of the feed of changes."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from domain.change import FeedPosition
from domain.ids import ExpertId
from server.rpc.cursors import cursor, position_of
from server.rpc.faults import CursorInvalid

ids = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=128).map(ExpertId)
feeds = st.one_of(st.none(), ids)
positions = st.builds(
    FeedPosition, st.integers(0, 2**63 - 1), st.integers(0, 2**64 - 1), st.integers(0, 2**63 - 1)
)


@given(feeds, positions)
def test_a_place_comes_back_as_it_went(feed: ExpertId | None, position: FeedPosition) -> None:
    assert position_of(feed, cursor(feed, position)) == position


@given(feeds, feeds, positions)
def test_a_cursor_is_good_for_its_feed_only(
    feed: ExpertId | None, other: ExpertId | None, position: FeedPosition
) -> None:
    assume(feed != other)

    with pytest.raises(CursorInvalid):
        position_of(other, cursor(feed, position))


@given(feeds, st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=256))
def test_what_nobody_gave_is_refused(feed: ExpertId | None, text: str) -> None:
    with pytest.raises(CursorInvalid):
        position_of(feed, text)


@given(feeds, positions, st.data())
def test_a_damaged_cursor_is_refused(
    feed: ExpertId | None, position: FeedPosition, data: st.DataObject
) -> None:
    whole = cursor(feed, position)
    place = data.draw(st.integers(0, len(whole) - 1))
    other = data.draw(st.sampled_from("Aa0-_=%"))
    assume(whole[place] != other)

    with pytest.raises(CursorInvalid):
        position_of(feed, whole[:place] + other + whole[place + 1 :])


@given(feeds, positions)
def test_a_cursor_fits_the_contract(feed: ExpertId | None, position: FeedPosition) -> None:
    text = cursor(feed, position)

    assert len(text) <= 256
    assert all("!" <= one <= "~" for one in text)
