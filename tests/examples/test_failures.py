"""Every reason of the contract has words, and a reason of a newer contract has the general ones."""

import pytest

from calendarsync.v1.error_reason_pb2 import ErrorReason
from connected_calendars.failures import OF_CALLS, OF_SIGN_INS, OTHERWISE, words_for

NOT_FOR_PEOPLE = {
    "UNSPECIFIED",
    "INTERNAL",  # the general words
    "CURSOR_INVALID",  # of the feed
    "CURSOR_EXPIRED",
    "SERVICE_STOPPING",
    "TOO_MANY_STREAMS",
    "STREAM_TOO_OLD",
    "REPEATED_IN_BATCH",
}
REASONS = [name.removeprefix("ERROR_REASON_") for name in ErrorReason.keys()]  # noqa: SIM118


@pytest.mark.parametrize("reason", sorted({*REASONS} - NOT_FOR_PEOPLE))
def test_every_reason_has_words_of_its_own(reason: str) -> None:
    assert words_for(reason).what != OTHERWISE.what


def test_has_words_for_nothing_that_is_no_reason() -> None:
    assert {*OF_CALLS, *OF_SIGN_INS} <= {*REASONS}
    assert words_for("NEVER_HEARD_OF") == OTHERWISE
