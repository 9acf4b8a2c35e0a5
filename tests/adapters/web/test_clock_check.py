"""How far apart two clocks surely are, by the date of an answer."""

from datetime import UTC, datetime, timedelta

import pytest

from adapters.web.clock_check import clock_difference

ASKED = datetime(2027, 3, 1, 12, tzinfo=UTC)


def difference(date: str | None, *, took: int = 0) -> timedelta | None:
    return clock_difference(date, asked_at=ASKED, answered_at=ASKED + timedelta(seconds=took))


@pytest.mark.parametrize(
    ("date", "took", "seconds"),
    [
        ("Mon, 01 Mar 2027 12:00:00 GMT", 0, 0),
        ("Mon, 01 Mar 2027 12:04:00 GMT", 0, 240),
        ("Mon, 01 Mar 2027 11:51:00 GMT", 0, -540),
        ("Mon, 01 Mar 2027 12:00:20 GMT", 30, 0),
        ("Mon, 01 Mar 2027 12:00:40 GMT", 30, 10),
        ("Mon, 01 Mar 2027 13:04:00 +0100", 0, 240),
        ("Mon, 01 Mar 2027 12:04:00", 0, 240),
    ],
)
def test_only_what_is_certain_counts(date: str, took: int, seconds: int) -> None:
    assert difference(date, took=took) == timedelta(seconds=seconds)


@pytest.mark.parametrize("date", [None, "", "yesterday", "Mon, 99 Mar 2027 12:00:00 GMT"])
def test_a_date_that_can_not_be_read_says_nothing(date: str | None) -> None:
    assert difference(date) is None
