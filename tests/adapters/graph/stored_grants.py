"""The stored grant of an account, and a call that needs a token."""

from application.ports.grant_vault import StoredGrant
from domain.ids import AccountId
from tests.support.microsoft import Connected

TWO_HOURS = 7200


async def use_token(connected: Connected, account: AccountId) -> None:
    await connected.microsoft.directory.list_calendars(account)


def stored_grant(connected: Connected, account: AccountId) -> StoredGrant:
    return connected.store.tables.grants[account]
