"""The names of files: ours are told from those of other programs."""

import uuid

import pytest

from adapters.caldav.event_names import file_of, mark_in
from domain.session import mark_for
from tests.builders import a_session


def test_the_mark_of_every_session_leads_back_from_its_file() -> None:
    for number in range(50):
        mark = mark_for(a_session(f"session-{number}"))
        assert mark_in(file_of(mark)) == mark


OURS = uuid.UUID("3f2f6f4e-7d36-5f0c-8a52-1d1a2b3c4d5e")


@pytest.mark.parametrize(
    "name",
    [
        f"{uuid.UUID(int=OURS.int, version=4)}.ics",
        f"{str(OURS).upper()}.ics",
        f"{OURS}.ICS",
        f"{OURS.hex}.ics",
        f"{OURS}",
        f"{OURS}.ics\n",
    ],
)
def test_the_files_of_others_have_none(name: str) -> None:
    assert mark_in(name) is None
