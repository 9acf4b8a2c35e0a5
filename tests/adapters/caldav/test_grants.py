"""What is stored of a sign-in, and what comes back."""

from adapters.caldav.discovery import Discovered
from adapters.caldav.grants import AccountGrant, AppleGrant, AppleGrants, first_grant, opened
from adapters.caldav.login import Login
from domain.account import Identity, Provider
from domain.ids import AccountId
from tests.support.caldav import OpenDav

LOGIN = Login(
    username="zo\N{LATIN SMALL LETTER E WITH DIAERESIS}@example.com", password="abcd-efgh-ijkl-mnop"
)
FOUND = Discovered(
    identity=Identity(provider=Provider.APPLE, tenant_id="icloud.com", object_id="1"),
    principal="/1/principal/",
    home="/1/calendars/",
    display_name="Zo",
    addresses=("zo@example.com", "urn:uuid:1"),
)
GRANT = AppleGrant(login=LOGIN, principal=FOUND.principal, home=FOUND.home, addresses=FOUND.addresses)


def test_what_goes_in_comes_out() -> None:
    grant = first_grant(LOGIN, FOUND)
    assert grant.scopes == ()
    assert opened(grant) == GRANT


async def test_a_stored_grant_says_which_sign_in_it_came_with(dav: OpenDav) -> None:
    account = dav.connect(first_grant(LOGIN, FOUND), version=3)
    loaded = await AppleGrants(vault=dav.store.vault).load(account)
    assert loaded == AccountGrant(account_id=account, grant=GRANT, grant_version=3)


def test_nothing_of_a_grant_is_printed() -> None:
    printed = repr(
        (
            first_grant(LOGIN, FOUND),
            AccountGrant(account_id=AccountId("account"), grant=GRANT, grant_version=1),
        )
    )
    assert not any(
        secret in printed for secret in ("zo@", "zo\N{LATIN SMALL LETTER E WITH DIAERESIS}", "abcd", "/1/")
    )
