"""Two client secrets, while one takes the place of the other."""

import pytest

from adapters.web.credentials import TRIED_EVERY
from domain.access import AccessLost, ProviderMisconfigured
from domain.account import Provider
from domain.ids import AccountId
from sandbox import Sandbox
from tests.support.google import OpenGoogle, google_on

FIRST, NEXT = "GOOGLE_CLIENT_SECRET", "GOOGLE_NEXT_CLIENT_SECRET"
HOUR = TRIED_EVERY.total_seconds() + 1


def _token_requests(google: OpenGoogle) -> int:
    return sum(one.surface == "google-token" for one in google.sandbox.world.traffic.requests)


async def _renewals(google: OpenGoogle, account: AccountId, number: int) -> list[int]:
    """How many requests each of so many renewals took."""
    took = []
    for _ in range(number):
        before = _token_requests(google)
        await google.tokens.renew(account)
        took.append(_token_requests(google) - before)
    return took


async def test_a_secret_is_exchanged_without_a_refused_call(sandbox: Sandbox) -> None:
    app = sandbox.world.google.app
    async with google_on(sandbox, next_client_secret=app.add_secret()) as google:
        account = google.connect()
        assert await _renewals(google, account, 3) == [1, 1, 1]
        app.drop_secret(sandbox.google_client_secret)
        assert await _renewals(google, account, 3) == [2, 1, 1], "the one that works is remembered"
        assert google.alarms.refused_credentials == {FIRST}
        await google.signed_in("walter")
        assert not google.alarms.history


async def test_a_code_is_redeemed_with_the_secret_that_works(sandbox: Sandbox) -> None:
    app = sandbox.world.google.app
    async with google_on(sandbox, next_client_secret=app.add_secret()) as google:
        app.drop_secret(sandbox.google_client_secret)
        await google.signed_in()
        await google.signed_in("walter")
        assert _token_requests(google) == 3


async def test_a_refused_secret_is_noticed_while_the_other_still_works(sandbox: Sandbox) -> None:
    app = sandbox.world.google.app
    second = app.add_secret()
    async with google_on(sandbox, next_client_secret=second) as google:
        account = google.connect()
        assert await _renewals(google, account, 2) == [1, 1]
        app.drop_secret(second)
        sandbox.world.clock.advance(HOUR)
        assert await _renewals(google, account, 2) == [2, 1]
        assert google.alarms.refused_credentials == {NEXT}
        app.add_secret(second)
        sandbox.world.clock.advance(HOUR)
        assert await _renewals(google, account, 1) == [1]
        assert not google.alarms.refused_credentials


async def test_where_both_are_refused_it_is_our_client_that_is_refused(sandbox: Sandbox) -> None:
    async with google_on(sandbox, next_client_secret="mistyped") as google:
        account = google.connect()
        sandbox.world.google.app.rotate_secret()
        with pytest.raises(ProviderMisconfigured) as refused:
            await google.tokens.renew(account)
        assert refused.value.code == "invalid_client"
        assert not google.alarms.refused_credentials
        sandbox.world.google.app.rotate_secret(google.settings.client_secret)
        google.alarms.provider_misconfigured(Provider.GOOGLE, "invalid_client")
        await google.tokens.renew(account)
        assert not google.alarms.raised, "a token from Google says that it works again"


async def test_what_the_person_must_mend_is_not_asked_twice(sandbox: Sandbox) -> None:
    async with google_on(sandbox, next_client_secret=sandbox.world.google.app.add_secret()) as google:
        account = google.connect()
        await google.tokens.renew(account)
        sandbox.world.google.grants.end_consent("gina")
        before = _token_requests(google)
        with pytest.raises(AccessLost):
            await google.tokens.renew(account)
        assert _token_requests(google) - before == 1


async def test_the_secret_goes_into_the_body_and_nowhere_else(sandbox: Sandbox) -> None:
    async with google_on(sandbox) as google:
        assert sandbox.google_client_secret not in repr(google.settings)
        assert sandbox.google_client_secret not in (await google.begin()).authorization_url
