"""The list of accounts: how each stands and why, the limit, and parting with one."""

import pytest

from calendarsync.v1.account_service_pb2 import ListAccountsRequest
from calendarsync.v1.expert_pb2 import PLAN_FREE
from domain.ids import SessionId
from tests.builders import EXPERT, SESSION
from tests.examples.visitor import Seen, Visitor
from tests.server.served import Api

OTHER = "expert-2"


async def number_of_accounts(api: Api, expert_id: str = EXPERT) -> int:
    return len((await api.accounts.ListAccounts(ListAccountsRequest(expert_id=expert_id))).accounts)


def buttons(seen: Seen) -> int:
    """Of providers, those that can be pressed."""
    return seen.html.count('<button class="provider" >')


async def test_parts_with_an_account_once_it_was_asked(api: Api, visitor: Visitor) -> None:
    account = (await api.connect(api.world.provider.add_person())).account
    await visitor.be()
    asked = await visitor.see(f"/accounts/{account.account_id}/disconnect")
    assert "Disconnect maria@contoso.example?" in asked.text
    assert await number_of_accounts(api) == 1
    parted = await visitor.send(asked, asked.url)
    assert "maria@contoso.example is disconnected" in parted.text
    assert any(one.startswith("https://") for one in parted.links.values())
    assert await number_of_accounts(api) == 0
    assert "This account is not connected" in (await visitor.send(asked, asked.url)).text


async def test_accounts_of_others_are_not_found(api: Api, visitor: Visitor) -> None:
    account = (await api.connect(api.world.provider.add_person())).account
    await api.put_expert(OTHER)
    fields = (await visitor.be(OTHER)).form("/logout").fields
    address = f"/accounts/{account.account_id}/disconnect"
    asked = await visitor.see(address)
    assert asked.status == 404
    assert "maria@" not in asked.text
    refused = await visitor.post(address, **fields)
    assert "This account is not connected" in refused.text
    reconnect = await visitor.post("/connect/microsoft", **fields, account_id=account.account_id)
    assert "This account is not connected" in reconnect.text
    assert await number_of_accounts(api) == 1


async def test_a_full_plan_offers_no_more_and_a_smaller_one_says_so(api: Api, visitor: Visitor) -> None:
    for name in ("one", "two", "three"):
        await api.connect(api.world.provider.add_person(name))
    seen = await visitor.be()
    assert "3 of the 4 that your plan (Pro) holds" in seen.text
    assert buttons(seen) == 3
    await api.put_expert(plan=PLAN_FREE)
    smaller = await visitor.see("/accounts")
    assert "3 of the 2 that your plan (Free) holds. They all keep working" in smaller.text
    assert buttons(smaller) == 0


async def test_an_account_without_access_says_since_when_and_what_waits(api: Api, visitor: Visitor) -> None:
    account = (await api.connect(api.world.provider.add_person())).account
    await api.lose_access(account.account_id)
    await api.put_session()
    await api.world.container.write_session()(EXPERT, SessionId(SESSION))
    seen = await visitor.be()
    assert "Has to be connected again" in seen.text
    assert "Since Mon 1 Mar 2027, 13:00" in seen.text
    assert "One session waits for it" in seen.text


@pytest.mark.parametrize("number", [0, 25])
async def test_everybody_can_be_chosen_page_by_page(api: Api, visitor: Visitor, number: int) -> None:
    for count in range(number):
        await api.put_expert(f"many-{count:02}", display_name=f"Number {count}.")
    first = await visitor.see("/experts")
    following = [address for address in first.links if address.startswith("/experts?page=")]
    assert len(following) == (1 if number else 0)
    for address in following:
        assert "Number 24." in (await visitor.see(address)).text
