"""The names under which requests are counted."""

import pytest

from adapters.web.request_names import outcome_of


@pytest.mark.parametrize(
    ("status", "outcome"), [(200, "2xx"), (302, "3xx"), (404, "4xx"), (429, "429"), (503, "5xx")]
)
def test_statuses_are_told_by_their_class_and_throttling_by_itself(status: int, outcome: str) -> None:
    assert outcome_of(status) == outcome
