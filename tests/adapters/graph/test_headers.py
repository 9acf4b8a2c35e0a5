"""Headers of refusals: which proof is wanted."""

import base64

import pytest

from adapters.graph.claims import claims_in

CLAIMS = '{"access_token":{"nbf":{"essential":true,"value":"1604106651"}}}'


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
