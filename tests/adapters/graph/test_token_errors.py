"""What the token endpoint's errors mean, one by one."""

import pytest

from adapters.graph.grants import LOSS_CAUSES
from adapters.graph.token_errors import (
    BY_ERROR,
    BY_NUMBER,
    DEVICE_NUMBERS,
    OUR_NUMBERS,
    TRANSIENT_NUMBERS,
    TokenFault,
    TokenRefusal,
    refusal_from,
)
from domain.access import LossCause

SIGN_IN_AGAIN_NUMBERS = [
    50173, 700082, 70008, 70000, 70043, 65001, 65004, 50074, 50076, 50078, 50079, 50072, 50055, 50085, 50089, 50132,
    50133, 50097, 53000, 53001, 53004, 700084,
]  # fmt: skip


@pytest.mark.parametrize("number", SIGN_IN_AGAIN_NUMBERS)
@pytest.mark.parametrize("error", ["invalid_grant", "interaction_required", "Invalid_Grant"])
def test_a_grant_that_is_gone_needs_the_person(error: str, number: int) -> None:
    assert TokenRefusal(error=error, numbers=frozenset({number})).fault is TokenFault.SIGN_IN_AGAIN


@pytest.mark.parametrize("number", sorted(TRANSIENT_NUMBERS))
@pytest.mark.parametrize(
    "error", ["invalid_grant", "interaction_required", "temporarily_unavailable", "invalid_request"]
)
def test_a_passing_fault_never_costs_the_connection(error: str, number: int) -> None:
    assert TokenRefusal(error=error, numbers=frozenset({number})).fault is TokenFault.TRANSIENT


@pytest.mark.parametrize("number", sorted(OUR_NUMBERS))
@pytest.mark.parametrize("error", ["invalid_client", "unauthorized_client", "invalid_grant"])
def test_our_own_fault_is_never_the_persons(error: str, number: int) -> None:
    assert TokenRefusal(error=error, numbers=frozenset({number})).fault is TokenFault.OURS


@pytest.mark.parametrize(
    ("error", "number"),
    [
        ("unauthorized_client", 7000112),
        ("unauthorized_client", 700016),
        ("invalid_client", 650052),
        ("invalid_resource", 500014),
        ("invalid_grant", 50105),
        ("invalid_grant", 53003),
        ("interaction_required", 53002),
        ("invalid_grant", 90094),
        ("unauthorized_client", 7999999),
        ("invalid_resource", 0),
    ],
)
def test_what_an_organisations_administrator_did_is_told_as_such(error: str, number: int) -> None:
    refusal = TokenRefusal(error=error, numbers=frozenset({number} - {0}))
    assert refusal.fault is TokenFault.ORGANISATION
    assert LOSS_CAUSES[refusal.fault] is LossCause.ORGANISATION_DISALLOWS


@pytest.mark.parametrize(("error", "number"), [("invalid_request", 90002), ("invalid_grant", 50057)])
def test_an_account_that_is_gone_is_told_as_such(error: str, number: int) -> None:
    refusal = TokenRefusal(error=error, numbers=frozenset({number}))
    assert LOSS_CAUSES[refusal.fault] is LossCause.ACCOUNT_CLOSED


def test_no_number_has_two_meanings() -> None:
    numbers = [number for one, _ in BY_NUMBER for number in one]
    assert len(numbers) == len(set(numbers))
    assert not DEVICE_NUMBERS & set(numbers)


@pytest.mark.parametrize(
    ("fault", "errors"),
    [
        (TokenFault.SIGN_IN_AGAIN, {"invalid_grant", "interaction_required", "consent_required", "login_required"}),
        (
            TokenFault.OURS,
            {
                "invalid_client", "invalid_scope", "invalid_request", "unsupported_grant_type",
                "unsupported_response_type",
            },
        ),
        (TokenFault.ORGANISATION, {"unauthorized_client", "invalid_resource"}),
        (TokenFault.TRANSIENT, {"temporarily_unavailable", "server_error"}),
    ],
)  # fmt: skip
def test_the_error_decides_where_no_number_overrules_it(fault: TokenFault, errors: set[str]) -> None:
    assert {error for error, meant in BY_ERROR.items() if meant is fault} == errors


@pytest.mark.parametrize("error", ["", "access_denied", "brand_new"])
def test_an_error_never_seen_is_evidence_of_nothing(error: str) -> None:
    assert TokenRefusal(error=error).fault is TokenFault.UNKNOWN


def test_an_answer_is_read_without_its_words() -> None:
    refusal = refusal_from(
        {
            "error": "invalid_grant",
            "error_description": "AADSTS50173: anna@contoso.example.com must sign in",
            "error_codes": [50173, "x", None],
            "suberror": "bad_token",
        }
    )
    assert refusal == TokenRefusal(error="invalid_grant", suberror="bad_token", numbers=frozenset({50173}))
    assert refusal.code == "invalid_grant AADSTS50173"


def test_an_answer_of_odd_types_is_read_as_empty() -> None:
    assert refusal_from({"error": 5, "error_codes": "50173", "suberror": None}) == TokenRefusal(error="")


def test_a_foreign_error_is_not_repeated_to_operators() -> None:
    assert TokenRefusal(error="<script>", numbers=frozenset({700016})).code == "AADSTS700016"
