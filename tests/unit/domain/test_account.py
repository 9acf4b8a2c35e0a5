"""Accounts through loss of access and reconnect."""

from dataclasses import replace

import pytest

from domain.account import Account, AccountStatus, Provider
from domain.grant import Grant
from tests.builders import an_account, an_identity


def test_a_lost_account_is_restored_without_a_new_grant() -> None:
    account = an_account()
    lost = account.lost()
    assert (lost.active, lost.status) == (False, AccountStatus.RECONNECT_REQUIRED)
    assert lost.restored() == account


@pytest.mark.parametrize("account", [an_account(), an_account().lost()], ids=["working", "lost"])
def test_a_reconnect_keeps_the_account_and_counts_the_grant(account: Account) -> None:
    again = account.reconnected(email="new@contoso.example", display_name="M. Keller")
    assert again == replace(
        account,
        status=AccountStatus.ACTIVE,
        loss_cause=None,
        email="new@contoso.example",
        display_name="M. Keller",
        grant_version=account.grant_version + 1,
    )


def test_an_identity_is_provider_tenant_and_object() -> None:
    identity = an_identity("object-1", tenant_id="tenant-1")
    assert identity == an_identity("object-1", tenant_id="tenant-1")
    assert identity != an_identity("object-2", tenant_id="tenant-1")
    assert identity != an_identity("object-1", tenant_id="tenant-2")
    assert identity != an_identity("object-1", tenant_id="tenant-1", provider=Provider.GOOGLE)


def test_an_account_is_printed_without_name_and_address() -> None:
    account = an_account(email="maria@contoso.example", display_name="Maria K.")
    assert "maria" not in repr(account).casefold()


def test_a_grant_is_printed_without_its_secret() -> None:
    assert "refresh-token" not in repr(Grant(scopes=("offline_access",), secret=b"refresh-token"))
