"""Sign-ins under way: ten minutes, and the right person."""

from datetime import datetime, timedelta

import pytest

from domain.account import Identity, Provider
from domain.connection import (
    ATTEMPT_LIFETIME,
    AccountMismatch,
    ConnectionAttemptExpired,
    require_same_person,
)
from tests.builders import NOW, after, an_account, an_attempt, an_identity


@pytest.mark.parametrize(
    "now", [NOW, after(minutes=9), after(minutes=10) - timedelta(microseconds=1)], ids=str
)
def test_an_attempt_lives_up_to_ten_minutes(now: datetime) -> None:
    an_attempt(expires_at=NOW + ATTEMPT_LIFETIME).require_alive(now)


@pytest.mark.parametrize("now", [after(minutes=10), after(minutes=10, seconds=1), after(days=30)], ids=str)
def test_an_attempt_expires_at_ten_minutes_exactly(now: datetime) -> None:
    with pytest.raises(ConnectionAttemptExpired):
        an_attempt(expires_at=NOW + ATTEMPT_LIFETIME).require_alive(now)


def test_the_same_person_may_reconnect_under_another_address() -> None:
    identity = an_identity("object-1")
    require_same_person(an_account(identity=identity, email="old@contoso.example"), an_identity("object-1"))


@pytest.mark.parametrize(
    "identity",
    [
        an_identity("object-2", tenant_id="tenant-1"),
        an_identity("object-1", tenant_id="tenant-2"),
        an_identity("object-1", tenant_id="tenant-1", provider=Provider.GOOGLE),
    ],
    ids=["other user", "guest in another tenant", "other provider"],
)
def test_refuses_a_reconnect_as_somebody_else(identity: Identity) -> None:
    account = an_account(identity=an_identity("object-1", tenant_id="tenant-1"))
    with pytest.raises(AccountMismatch):
        require_same_person(account, identity)


def test_an_attempt_is_printed_without_its_secrets() -> None:
    printed = repr(
        an_attempt("state-s3cret", flow=b"verifier-s3cret", return_url="https://app.example/?s3cret")
    )
    assert "s3cret" not in printed
