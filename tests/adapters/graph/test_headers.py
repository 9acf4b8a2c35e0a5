"""Headers of failures: how long to wait, and which proof is wanted."""

import base64
from datetime import UTC, datetime, timedelta

import pytest

from adapters.graph.claims import claims_in
from adapters.web.retry_after import LONGEST_WAIT, parse_retry_after

NOW = datetime(2026, 10, 21, 7, 27, 0, tzinfo=UTC)
CLAIMS = '{"access_token":{"nbf":{"essential":true,"value":"1604106651"}}}'


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


def _challenge(encoded: str) -> str:
    return f'Bearer realm="", authorization_uri="https://x/authorize", error="insufficient_claims", claims="{encoded}"'


@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
@pytest.mark.parametrize("padded", [True, False])
def test_a_claims_challenge_is_decoded_however_it_is_encoded(encode: object, *, padded: bool) -> None:
    encoded = encode(CLAIMS.encode()).decode()  # type: ignore[operator]
    assert claims_in([_challenge(encoded if padded else encoded.rstrip("="))]) == CLAIMS


def test_the_challenge_is_found_among_several_headers() -> None:
    good = _challenge(base64.b64encode(CLAIMS.encode()).decode())
    assert claims_in(["PoP realm=x", 'Bearer error="invalid_token"', good]) == CLAIMS


@pytest.mark.parametrize(
    "header",
    [
        'Bearer error="insufficient_claims"',
        _challenge("AAAA"),
        _challenge(base64.b64encode(b"[1]").decode()),
        "",
    ],
)
def test_a_challenge_that_cannot_be_read_is_none(header: str) -> None:
    assert claims_in([header]) is None
