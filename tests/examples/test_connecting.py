"""Signing in, and the way back: with the expert of the login, and with the token out of the address bar."""

from collections.abc import Mapping

import pytest

from calendarsync.v1.account_service_pb2 import ListAccountsRequest
from calendarsync.v1.expert_pb2 import PLAN_FREE
from connected_calendars.failures import OF_SIGN_INS
from domain.account import Provider
from tests.builders import EXPERT
from tests.examples.visitor import Visitor, visiting
from tests.server.http.browser import MARKUP, Browser
from tests.server.served import Api
from tests.support.service import until

OTHER = "expert-2"


async def connected(api: Api, expert_id: str = EXPERT) -> list[str]:
    listed = await api.accounts.ListAccounts(ListAccountsRequest(expert_id=expert_id))
    return [one.email for one in listed.accounts]


async def test_connects_for_whoever_is_logged_in(api: Api, doorstep: Browser, visitor: Visitor) -> None:
    await visitor.be()
    seen = await visitor.connect(doorstep, api.world.provider.add_person())
    assert "maria@contoso.example is connected" in seen.text
    assert await connected(api) == ["maria@contoso.example"]


async def test_takes_the_token_out_of_the_address_and_shows_it_nowhere(
    api: Api, doorstep: Browser, visitor: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    await visitor.be()
    address = await visitor.sign_in(doorstep, api.world.provider.add_person())
    token = address.partition("token=")[2]
    seen = await visitor.see(address)
    assert len(token) > 20
    assert seen.url == "/accounts"
    assert token not in seen.html + caplog.text


async def test_a_sign_in_of_somebody_else_connects_nothing_and_stays_theirs(
    api: Api, doorstep: Browser, visitor: Visitor
) -> None:
    """As when an attacker has a victim's browser open the way back of their own sign-in."""
    await api.put_expert(OTHER)
    await visitor.be()
    address = await visitor.sign_in(doorstep, api.world.provider.add_person())
    async with visiting(visitor.base) as victim:
        await victim.be(OTHER)
        seen = await victim.see(address)
        assert "not known here" in seen.text
        assert await connected(api, OTHER) == []
    assert "is connected" in (await visitor.see(address)).text


async def test_a_sign_in_waits_for_a_login_and_needs_the_right_one(
    api: Api, doorstep: Browser, visitor: Visitor
) -> None:
    await visitor.be()
    address = await visitor.sign_in(doorstep, api.world.provider.add_person())
    await visitor.send(await visitor.see("/accounts"), "/logout")
    assert (await visitor.see(address)).url == "/experts"
    assert await connected(api) == []
    seen = await visitor.send(await visitor.be(), "/connected")
    assert "maria@contoso.example is connected" in seen.text
    assert "not finished yet" not in seen.text


async def test_a_sign_in_waits_until_there_is_room_for_it(
    api: Api, doorstep: Browser, visitor: Visitor
) -> None:
    await visitor.be()
    address = await visitor.sign_in(doorstep, api.world.provider.add_person())
    await api.put_expert(plan=PLAN_FREE)
    for name in ("one", "two"):
        await api.connect(api.world.provider.add_person(name))
    full = await visitor.see(address)
    assert "Your plan holds no more connected accounts" in full.text
    assert "One sign-in is not finished yet" in full.text
    leaving = await visitor.see(next(one for one in full.links.values() if one.endswith("/disconnect")))
    await visitor.send(leaving, leaving.url)
    seen = await visitor.send(await visitor.see("/accounts"), "/connected")
    assert "maria@contoso.example is connected" in seen.text
    assert await connected(api) == ["two@contoso.example", "maria@contoso.example"]


async def test_reconnects_the_account_that_it_was_asked_for(
    api: Api, doorstep: Browser, visitor: Visitor
) -> None:
    person = api.world.provider.add_person()
    account = (await api.connect(person)).account
    await api.lose_access(account.account_id)
    person.restore()
    lost = await visitor.be()
    assert "Has to be connected again" in lost.text
    assert "You have to sign in again" in lost.text
    seen = await visitor.connect(doorstep, person, account_id=account.account_id)
    assert "maria@contoso.example is connected again" in seen.text
    assert "Has to be connected again" not in seen.text


@pytest.mark.parametrize("reason", [*OF_SIGN_INS, "NEVER_HEARD_OF", MARKUP])
async def test_a_failed_sign_in_is_told_in_words(visitor: Visitor, reason: str) -> None:
    await visitor.be()
    seen = await visitor.see("/connected/google", params={"outcome": "failed", "reason": reason})
    words = OF_SIGN_INS.get(reason)
    expected = words.what.format(provider="Google") if words else "Something went wrong on our side"
    assert expected in seen.text
    assert reason not in seen.html
    assert seen.url == "/accounts"


@pytest.mark.parametrize(
    "query", [{}, {"outcome": "pending"}, {"outcome": "pending", "token": "x" * 513}, {"outcome": "splendid"}]
)
async def test_a_damaged_way_back_connects_nothing(visitor: Visitor, query: Mapping[str, str]) -> None:
    await visitor.be()
    assert "incomplete" in (await visitor.see("/connected/google", params=query)).text


async def test_what_the_service_says_of_a_start_is_told(api: Api, visitor: Visitor) -> None:
    await api.put_expert(plan=PLAN_FREE)
    accounts = await visitor.be()
    for name in ("one", "two"):
        await api.connect(api.world.provider.add_person(name))
    seen = await visitor.send(accounts, "/connect/microsoft")
    assert "Your plan holds no more connected accounts" in seen.text


class TestWithoutGoogle:
    @pytest.fixture
    def configured(self) -> tuple[Provider, ...]:
        return (Provider.MICROSOFT, Provider.APPLE)

    async def test_offers_what_the_service_has(self, visitor: Visitor) -> None:
        accounts = await visitor.be()
        offered = [one.action for one in accounts.forms if one.action.startswith("/connect/")]
        assert offered == ["/connect/microsoft", "/connect/apple"]
        assert "Google" not in accounts.text

    async def test_says_of_others_that_they_are_not_to_be_had(self, visitor: Visitor) -> None:
        fields = (await visitor.be()).form("/connect/apple").fields
        seen = await visitor.post("/connect/google", **fields)
        assert "We connect no calendars of Google at the moment" in seen.text
        assert (await visitor.post("/connect/yahoo", **fields)).status == 404


async def test_a_provider_that_refuses_us_is_not_offered_now(api: Api, visitor: Visitor) -> None:
    accounts = await visitor.be()
    api.world.container.alarms().provider_misconfigured(Provider.MICROSOFT, "AADSTS7000215")
    await until(lambda: visitor.see("/accounts"), lambda seen: "Doesn't accept us at the moment" in seen.text)
    assert "Doesn't accept us" not in accounts.text
