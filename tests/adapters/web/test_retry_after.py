"""How long a provider wants us to wait."""

from datetime import UTC, datetime, timedelta

import pytest

from adapters.web.retry_after import LONGEST_WAIT, parse_retry_after

NOW = datetime(2026, 10, 21, 7, 27, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ("10", timedelta(seconds=10)),
        ("2.128", timedelta(seconds=2.128)),
        ("0", timedelta()),
        ("-5", timedelta()),
        ("Wed, 21 Oct 2026 07:28:00 GMT", timedelta(minutes=1)),
        ("Wed, 21 Oct 2026 07:20:00 GMT", timedelta()),
        ("86400", LONGEST_WAIT),
        ("1e300", None),
        ("nan", None),
        ("soon", None),
        ("", None),
        (None, None),
    ],
)
def test_a_wait_is_seconds_with_a_fraction_or_a_date(header: str | None, wait: timedelta | None) -> None:
    assert parse_retry_after(header, now=NOW) == wait
