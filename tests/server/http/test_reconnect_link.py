"""The link of the "Action required" mail."""

import pytest

from domain.ids import AccountId, ExpertId
from tests.builders import EXPERT
from tests.server.http.browser import Browser, an_account_is_lost


async def test_the_mails_link_starts_the_sign_in_for_that_account(browser: Browser) -> None:
    token = await an_account_is_lost(browser)

    answer = await browser.get(f"/reconnect/{token}")

    assert answer.status == 302
    assert answer.told["login_hint"] == ["maria@contoso.example"]
    assert answer.headers["Referrer-Policy"] == "no-referrer"


async def test_the_mails_link_leads_to_a_working_account_and_is_used_up_then(browser: Browser) -> None:
    token = await an_account_is_lost(browser)
    (state,) = (await browser.get(f"/reconnect/{token}")).told["state"]
    person = next(iter(browser.world.provider.people.values()))

    done = await browser.come_back(state=state, code=browser.world.provider.code_for(person))
    used_up = await browser.get(f"/reconnect/{token}")

    assert "connected again" in (await browser.get(done.location)).text
    assert used_up.status == 200
    assert "connected again already" in used_up.text


async def test_the_link_of_a_disconnected_account_says_nothing_of_it(browser: Browser) -> None:
    token = await an_account_is_lost(browser)
    await browser.world.container.disconnect_account()(ExpertId(EXPERT), AccountId("account-1"))

    gone = await browser.get(f"/reconnect/{token}")
    never = await browser.get(f"/reconnect/{'x' * 43}")

    assert (gone.status, gone.text) == (never.status, never.text)
    assert gone.status == 404


async def test_an_earlier_mails_link_works_while_the_account_waits_again(browser: Browser) -> None:
    token = await an_account_is_lost(browser)
    (person,) = browser.world.provider.people.values()
    (state,) = (await browser.get(f"/reconnect/{token}")).told["state"]
    await browser.come_back(state=state, code=browser.world.provider.code_for(person))
    person.revoke()
    await browser.world.container.refresh_calendars()(AccountId("account-1"))

    answer = await browser.get(f"/reconnect/{token}")

    assert answer.status == 302
    assert answer.told["login_hint"] == ["maria@contoso.example"]


@pytest.mark.parametrize("token", ["nonsense", "%3Cscript%3Egotcha", "x" * 42, "x" * 44, "a%2Fb", "=" * 43])
async def test_a_broken_link_is_said_to_be_damaged(browser: Browser, token: str) -> None:
    answer = await browser.get(f"/reconnect/{token}")

    assert answer.status == 400
    assert "damaged" in answer.text
    assert "gotcha" not in answer.text


async def test_an_unknown_link_says_that_nothing_is_left_to_do(browser: Browser) -> None:
    answer = await browser.get(f"/reconnect/{'x' * 43}")

    assert answer.status == 404
    assert "Nothing is left to do" in answer.text


async def test_a_link_followed_during_an_outage_says_so(browser: Browser) -> None:
    token = await an_account_is_lost(browser)
    browser.world.provider.outage = True

    assert "Microsoft doesn&#39;t answer" in (await browser.get(f"/reconnect/{token}")).text
