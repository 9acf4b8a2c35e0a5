"""The mark is the event's id."""

import re
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.google.event_ids import event_id_of, mark_in
from domain.ids import EventMark

MARK = EventMark("0d9b57b0-6a2c-5d8f-9c5e-8a7b6c5d4e3f")
EVENT = "0d9b57b06a2c5d8f9c5e8a7b6c5d4e3f"


@given(st.uuids(version=5))
def test_a_mark_makes_an_id_that_google_takes_and_is_read_from_it_again(one: uuid.UUID) -> None:
    mark = EventMark(str(one))
    assert re.fullmatch(r"[0-9a-v]{5,1024}", event_id_of(mark))
    assert mark_in(event_id_of(mark)) == mark


def test_the_id_is_the_marks_digits() -> None:
    assert event_id_of(MARK) == EVENT


@pytest.mark.parametrize("when", ["20310506T090000Z", "20310506"])
def test_an_occurrence_of_a_series_made_of_the_event_carries_its_mark(when: str) -> None:
    assert mark_in(f"{EVENT}_{when}") == MARK


@pytest.mark.parametrize(
    "event_id",
    [
        "",
        "4v8k2n1q0c7m5d3s9t6r8p1b2a",
        "4v8k2n1q0c7m5d3s9t6r8p1b2a_20310506T090000Z",
        EVENT[:-1],
        EVENT + "0",
        EVENT.upper(),
        f"{EVENT}\n",
        f"{EVENT}_R20310506T090000",
        f"{EVENT}_2031",
        str(MARK),
    ],
)
def test_any_other_id_carries_none(event_id: str) -> None:
    assert mark_in(event_id) is None
