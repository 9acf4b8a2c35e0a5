"""Grants of Apple's: what somebody typed, and where that leads. Nothing is refreshed and nothing given back: an
app-specific password holds until the person removes it or changes that of the Apple ID.
"""

import json
from dataclasses import dataclass, field

from adapters.caldav.discovery import Discovered
from adapters.caldav.login import Login
from application.ports.grant_vault import GrantVault
from domain.access import AccessDoubted
from domain.grant import Grant
from domain.ids import AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class AppleGrant:
    """What a stored secret holds: the login, and the paths of the principal and of the calendars' home. `addresses` are
    the person's own, as Discovered has them."""

    login: Login
    principal: str = field(repr=False)
    home: str = field(repr=False)
    addresses: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountGrant:
    """The grant of a connected account; evidence gathered with it is about this `grant_version`."""

    account_id: AccountId
    grant: AppleGrant
    grant_version: int

    @property
    def refused(self) -> AccessDoubted:
        """What it is when the server refuses the password."""
        return AccessDoubted(account_id=self.account_id, grant_version=self.grant_version)


def first_grant(login: Login, found: Discovered) -> Grant:
    """The grant of a sign-in. An app-specific password has no scopes: it opens everything."""
    members = {
        "username": login.username,
        "password": login.password,
        "principal": found.principal,
        "home": found.home,
        "addresses": found.addresses,
    }
    return Grant(scopes=(), secret=json.dumps(members).encode())


def opened(grant: Grant) -> AppleGrant:
    members = json.loads(grant.secret)
    return AppleGrant(
        login=Login(username=members["username"], password=members["password"]),
        principal=members["principal"],
        home=members["home"],
        addresses=tuple(members["addresses"]),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AppleGrants:
    vault: GrantVault

    async def load(self, account_id: AccountId) -> AccountGrant:
        """Raises AccountNotFound."""
        stored = await self.vault.load(account_id)
        return AccountGrant(
            account_id=account_id, grant=opened(stored.grant), grant_version=stored.grant_version
        )
