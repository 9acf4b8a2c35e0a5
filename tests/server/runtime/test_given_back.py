"""What the log says of grants that are given back."""

from structlog.testing import capture_logs

from domain.access import ProviderUnavailable
from domain.account import Provider
from server.runtime.given_back import log_given_back


def test_the_log_says_what_kind_of_failure_it_was_and_whose_provider() -> None:
    with capture_logs() as logs:
        log_given_back(Provider.GOOGLE, None)
        log_given_back(Provider.GOOGLE, ProviderUnavailable())
        log_given_back(Provider.GOOGLE, ValueError("maria@example.com"))

    assert [(one["log_level"], one["provider"], one.get("failure")) for one in logs] == [
        ("info", "GOOGLE", None),
        ("warning", "GOOGLE", "ProviderUnavailable"),
        ("warning", "GOOGLE", "ValueError"),
    ]
    assert "maria" not in str(logs)
