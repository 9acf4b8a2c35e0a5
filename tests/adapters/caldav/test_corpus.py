"""Small calendars whose busy times were worked out by hand."""

from zoneinfo import ZoneInfo

import pytest

from adapters.caldav.entries import ResourceReader
from domain.blocking import busy_time
from tests.adapters.caldav.cases import Case, cases

CASES = list(cases())


def test_there_are_as_many_as_it_takes() -> None:
    assert len(CASES) >= 140
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
@pytest.mark.parametrize("line_end", ["\r\n", "\n"], ids=["CRLF", "LF"])
def test_is_busy_when_the_answer_says(case: Case, line_end: str) -> None:
    reader = ResourceReader(window=case.window, own_addresses=case.own_addresses)

    read = reader.entries(case.text.replace("\r\n", line_end), "case.ics", lambda _uid: None)

    zone = ZoneInfo(case.zone)
    busy, with_tentative = (
        tuple(busy_time(read.entries, window=case.window, zone=zone, tentative_blocks=tentative))
        for tentative in (False, True)
    )
    assert busy == case.busy
    assert with_tentative == case.busy_if_tentative
    assert bool(read.odd) == case.odd
