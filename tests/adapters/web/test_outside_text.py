"""Text from outside: what comes through, changed or not, is text that everything behind us takes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.web.outside_text import (
    LONGEST_ADDRESS,
    LONGEST_ID,
    LONGEST_NAME,
    address_from,
    id_from,
    name_from,
)
from tests.support.dirty_text import HALF_A_PAIR, is_clean

anything = st.one_of(st.text(st.characters(), max_size=400), st.integers(), st.none(), st.lists(st.text()))


@given(anything)
def test_names_are_one_clean_line_of_bounded_length(value: object) -> None:
    assert is_clean(name := name_from(value))
    assert len(name) <= LONGEST_NAME
    assert name_from(name) == name


@pytest.mark.parametrize(
    ("given_", "kept"),
    [
        ("Zoë \N{SLICE OF PIZZA} O'Neil", "Zoë \N{SLICE OF PIZZA} O'Neil"),
        ("  Anna Berg ", "Anna Berg"),
        ("Team\r\n\tCalendar", "Team Calendar"),
        (f"Anna {HALF_A_PAIR}", "Anna \N{REPLACEMENT CHARACTER}"),
        ("An\0na\x07", "Anna"),
        ("x" * 5_000, "x" * LONGEST_NAME),
        ("\0", ""),
    ],
)
def test_a_name_keeps_what_can_be_shown(given_: str, kept: str) -> None:
    assert name_from(given_) == kept


@given(anything)
def test_addresses_and_ids_are_left_as_they_are_or_count_as_none(value: object) -> None:
    address, id_ = address_from(value), id_from(value)

    assert address in ("", value)
    assert id_ in (None, value)
    assert is_clean(address)
    assert is_clean(id_ or "")
    assert len(address) <= LONGEST_ADDRESS
    assert len(id_ or "x") <= LONGEST_ID


def test_an_id_of_graphs_own_length_is_one() -> None:
    assert id_from("AAMkAGI2TGuLAAA=" * 15) == "AAMkAGI2TGuLAAA=" * 15
    assert id_from("x" * (LONGEST_ID + 1)) is None
    assert id_from("") is None
