"""Settings of the operations door."""

import pytest

from server.runtime.settings.operations import contradictions


@pytest.mark.parametrize(
    "address", ["0.0.0.0:9090", "[::]:9090", "203.0.113.5:9090", "operations.internal:9090"]
)
def test_listens_wherever_an_operator_says_in_so_many_words(address: str) -> None:
    assert len(contradictions({"operations_address": address})) == 1
    assert len(contradictions({"operations_address": address, "insecure_listen": "no"})) == 1
    assert not contradictions({"operations_address": address, "insecure_listen": "yes"})
