"""The page on which an Apple ID and an app-specific password are typed. The provider behind it is the fake."""

import re
from collections.abc import AsyncIterator
from html import unescape
from ipaddress import ip_address
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
import pytest_asyncio

from application.accounts.page_sign_in import PageFlow
from domain.account import Provider
from domain.connection import Confirming
from domain.ids import ExpertId
from domain.password_sign_in import TRIES_OF_ADDRESS, TRIES_OF_ATTEMPT
from server.http.connections.limits import HttpLimits
from server.http.connections.peers import TrustedProxies
from server.http.form_page import FORMS_POLICY
from server.http.links import callback_path, sign_in_path
from tests.builders import EXPERT
from tests.fakes.provider import Person
from tests.server.http.browser import Answer, Browser, at_http
from tests.server.served import REDIRECT_URI, RETURN_URL, Logs, World, a_world

AT = Provider.APPLE
PATH = sign_in_path(AT)
WRONG = "zzzz-zzzz-zzzz-zzzz"
NORMAL = "Passw0rd-of-Maria"


@pytest.fixture
def world() -> World:
    return a_world(Confirming.WITH_RETURN_URL, configured=(Provider.MICROSOFT, AT))


@pytest.fixture
def maria(world: World) -> Person:
    return world.fakes[AT].add_person()


@pytest.fixture
def password(world: World, maria: Person) -> str:
    return world.fakes[AT].app_password_for(maria)


@pytest_asyncio.fixture
async def state(browser: Browser) -> str:
    return await browser.start(provider=AT, return_url=RETURN_URL)


def form_of(page: Answer) -> str:
    found = re.search(r'name="form" value="([^"]+)"', page.text)
    assert found is not None, page.text
    return found[1]


async def post(
    browser: Browser, state: str, name: str, password: str, *, form: str | None = None, **how: Any
) -> Answer:
    if form is None:
        form = form_of(await browser.get(f"{PATH}?state={state}"))
    fields = {"form": form, "name": name, "password": password}
    return await browser.get(f"{PATH}?state={state}", "POST", data=fields, **how)


def goes_on_to(page: Answer) -> str:
    found = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', page.text)
    assert found is not None, page.text
    return unescape(found[1])


async def test_the_page_says_what_is_needed_and_how_to_get_it(browser: Browser, state: str) -> None:
    page = await browser.get(f"{PATH}?state={state}")

    assert page.status == 200
    assert "App-specific password" in page.text
    assert "account.apple.com" in page.text
    assert "name it Expert &amp; Sons" in page.text
    assert "<svg" in page.text
    assert "<script" not in page.text


async def test_a_right_password_goes_on_as_after_a_redirect(
    browser: Browser, maria: Person, password: str, state: str
) -> None:
    page = await post(browser, state, maria.email, password.replace("-", " "))
    url = urlsplit(goes_on_to(page))

    assert page.status == 200
    assert f"{url.scheme}://{url.netloc}{url.path}" == f"https://calendars.example{callback_path(AT)}"
    landed = await browser.get(f"{url.path}?{url.query}")
    assert landed.status == 302
    assert landed.location.startswith(RETURN_URL)
    assert landed.told["outcome"] == ["pending"]
    confirmed = await browser.world.container.confirm_connection()(ExpertId(EXPERT), landed.told["token"][0])
    assert confirmed.account.identity == maria.identity


async def test_a_right_password_leads_to_the_callers_own_page_with_a_code(
    browser: Browser, maria: Person, password: str
) -> None:
    state = await browser.start(provider=AT, redirect_uri=REDIRECT_URI)
    url = urlsplit(goes_on_to(await post(browser, state, maria.email, password)))

    assert f"{url.scheme}://{url.netloc}{url.path}" == REDIRECT_URI
    assert parse_qs(url.query).keys() == {"state", "code"}


async def test_what_is_wrong_is_told_at_its_field(
    browser: Browser, maria: Person, password: str, state: str
) -> None:
    told = {
        "Type your Apple ID.": ("  ", password),
        "Type an app-specific password.": (maria.email, ""),
        "the normal password of an Apple ID": (maria.email, NORMAL),
        "accept this Apple ID with this password": (maria.email, WRONG),
    }
    for text, typed in told.items():
        page = await post(browser, state, *typed)
        assert page.status == 422
        at = "name" if text == "Type your Apple ID." else "password"
        problem = re.search(rf'<p class="problem" id="{at}-problem">([^<]+)</p>', page.text)
        assert problem is not None
        assert text in unescape(problem[1])
        assert f'aria-invalid="true" aria-describedby="{at}-problem {at}-hint"' in page.text
        assert page.text.count("autofocus") == 1


async def test_a_wrong_name_and_a_wrong_password_look_alike(
    browser: Browser, maria: Person, password: str, state: str
) -> None:
    wrong_password = await post(browser, state, maria.email, WRONG)
    wrong_name = await post(browser, state, "nobody@example.com", password)
    assert (wrong_name.status, wrong_name.text) == (wrong_password.status, wrong_password.text)


async def test_nothing_typed_is_echoed_or_logged_or_kept(
    browser: Browser, maria: Person, password: str, logs: Logs
) -> None:
    state = await browser.start(provider=AT, return_url=RETURN_URL)
    typed = [("C4n4ry@example.com", WRONG), ("C4n4ry@example.com", NORMAL), ("C4n4ry@example.com", "")]
    for name, one in typed:
        page = await post(browser, state, name, one)
        kept = str(PageFlow.of(browser.world.store.tables.attempts[state]).to_bytes())
        for secret in {name, one} - {""}:
            assert secret not in page.text + str(page.headers) + logs.text + kept
    done = await post(browser, state, maria.email, password)
    for secret in (maria.email, password, password.replace("-", "")):
        assert secret not in done.text + str(done.headers) + logs.text
    assert state not in logs.text
    lines = [line for line in logs.of("request") if line["method"] == "POST"]
    assert {line["route"] for line in lines} == {PATH}
    assert [line.get("reason") for line in lines] == [
        "WRONG_PASSWORD",
        "LOOKS_LIKE_NORMAL_PASSWORD",
        None,
        None,
    ]


async def test_an_outage_says_to_try_again_and_the_page_stays(
    browser: Browser, maria: Person, password: str, state: str
) -> None:
    browser.world.fakes[AT].outage = True
    page = await post(browser, state, maria.email, password)
    assert page.status == 503
    assert "Apple doesn&#39;t answer at the moment." in page.text
    browser.world.fakes[AT].outage = False
    assert goes_on_to(await post(browser, state, maria.email, password))


async def test_an_apple_id_without_calendars_is_told_so(
    browser: Browser, maria: Person, password: str, state: str
) -> None:
    maria.served = False
    page = await post(browser, state, maria.email, password)
    assert page.status == 422
    assert "no iCloud calendar" in page.text


async def test_going_back_tells_the_caller(browser: Browser, state: str) -> None:
    page = await browser.get(f"{PATH}?state={state}")
    link = re.search(r'id="cancel" href="([^"]+)"', page.text)
    assert link is not None
    url = urlsplit(unescape(link[1]))
    landed = await browser.get(f"{url.path}?{url.query}")
    assert landed.told == {"outcome": ["failed"], "reason": ["SIGN_IN_CANCELLED"]}


async def test_the_page_is_gone_once_it_was_used(
    browser: Browser, maria: Person, password: str, state: str
) -> None:
    form = form_of(await browser.get(f"{PATH}?state={state}"))
    await post(browser, state, maria.email, password)
    again = await post(browser, state, maria.email, password, form=form)
    shown = await browser.get(f"{PATH}?state={state}")
    never = await browser.get(f"{PATH}?state={'x' * 43}")
    assert (again.status, again.text) == (shown.status, shown.text) == (never.status, never.text)
    assert never.status == 404


@pytest.mark.parametrize(
    "query", ["", "?state=", "?state=short", f"?state={'x' * 44}", f"?state={'x' * 43}&state={'x' * 43}"]
)
async def test_a_damaged_link_is_told_as_such(browser: Browser, query: str) -> None:
    assert (await browser.get(PATH + query)).status == 400
    assert (await browser.get(PATH + query, "POST", data={"form": "f"})).status == 400


@pytest.mark.parametrize(
    "fields",
    [
        "",
        "form=f&name=n",
        "form=f&name=n&password=p&password=p",
        f"form=f&name={'n' * 321}&password=p",
        f"form=f&name=n&password={'p' * 257}",
        f"form={'f' * 65}&name=n&password=p",
        "form=f&name=%ff&password=p",
    ],
)
async def test_a_damaged_form_is_told_as_such(browser: Browser, state: str, fields: str) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    page = await browser.get(f"{PATH}?state={state}", "POST", data=fields, headers=headers)
    assert page.status == 400
    assert browser.world.fakes[AT].calls["prove"] == 0


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_a_form_from_another_site_is_not_taken(
    browser: Browser, maria: Person, password: str, state: str, site: str
) -> None:
    page = await post(browser, state, maria.email, password, headers={"Sec-Fetch-Site": site})
    assert page.status == 400
    assert browser.world.fakes[AT].calls["prove"] == 0
    own = await post(browser, state, maria.email, password, headers={"Sec-Fetch-Site": "same-origin"})
    assert goes_on_to(own)


async def test_a_form_of_another_sign_in_is_not_taken(
    browser: Browser, maria: Person, password: str, state: str
) -> None:
    other = await browser.start(provider=AT, return_url=RETURN_URL)
    form = form_of(await browser.get(f"{PATH}?state={other}"))
    for wrong in (form, "ü", "f" * 43):
        assert (await post(browser, state, maria.email, password, form=wrong)).status == 404
    assert browser.world.fakes[AT].calls["prove"] == 0


async def test_many_tries_end_alike_whether_the_password_is_right(
    browser: Browser, maria: Person, password: str, state: str
) -> None:
    form = form_of(await browser.get(f"{PATH}?state={state}"))
    pages = [await post(browser, state, maria.email, WRONG, form=form) for _ in range(TRIES_OF_ATTEMPT)]
    assert [page.status for page in pages] == [422] * (TRIES_OF_ATTEMPT - 1) + [429]
    right, wrong = [await post(browser, state, maria.email, one, form=form) for one in (password, WRONG)]
    assert (right.status, right.text) == (wrong.status, wrong.text) == (429, pages[-1].text)
    assert int(right.headers["Retry-After"]) > 0
    assert browser.world.fakes[AT].calls["prove"] == TRIES_OF_ATTEMPT


async def test_tries_count_by_the_address_they_come_from(browser: Browser, world: World, state: str) -> None:
    of_addresses = world.container.prove_password().of_addresses
    form = form_of(await browser.get(f"{PATH}?state={state}"))
    assert (await post(browser, state, "n", WRONG, form=form)).status == 422
    for _ in range(TRIES_OF_ADDRESS - 1):
        of_addresses.count(ip_address("127.0.0.1"))
    assert (await post(browser, state, "n", WRONG, form=form)).status == 429


async def test_behind_a_proxy_they_count_by_whom_it_names(world: World) -> None:
    of_addresses = world.container.prove_password().of_addresses
    for _ in range(TRIES_OF_ADDRESS):
        of_addresses.count(ip_address("192.0.2.1"))
    limits = HttpLimits(proxies=TrustedProxies.parse(["127.0.0.0/8"]))
    async with at_http(world, world.container.web_app(), limits=limits) as browser:
        state = await browser.start(provider=AT, return_url=RETURN_URL)
        full = await post(browser, state, "n", WRONG, headers={"X-Forwarded-For": "192.0.2.1"})
        other = await post(browser, state, "n", WRONG, headers={"X-Forwarded-For": "192.0.2.2"})
        unnamed = await post(browser, state, "n", WRONG)
    assert (full.status, other.status, unnamed.status) == (429, 422, 422)


@pytest_asyncio.fixture
async def plain() -> AsyncIterator[Browser]:
    """Of a service that browsers reach without https."""
    world = a_world(Confirming.WITH_RETURN_URL, configured=(AT,), public_url="http://calendars.example")
    async with at_http(world, world.container.web_app()) as browser:
        yield browser


async def test_without_https_nothing_is_asked_and_nothing_taken(
    plain: Browser,
) -> None:
    state = await plain.start(provider=AT, return_url=RETURN_URL)
    shown = await plain.get(f"{PATH}?state={state}")
    posted = await post(plain, state, "maria@contoso.example", WRONG, form="f")
    assert (shown.status, posted.status) == (403, 403)
    assert "<form" not in shown.text + posted.text
    assert plain.world.fakes[AT].calls["prove"] == 0


async def test_the_form_may_be_sent_to_us_and_nowhere_else(browser: Browser, state: str) -> None:
    page = await browser.get(f"{PATH}?state={state}")
    assert page.headers["Content-Security-Policy"] == FORMS_POLICY
    assert "form-action 'self'" in FORMS_POLICY
    assert "unsafe" not in FORMS_POLICY
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["X-Frame-Options"] == "DENY"


async def test_fields_say_what_browsers_and_readers_need(browser: Browser, state: str) -> None:
    page = await browser.get(f"{PATH}?state={state}")
    for field in ("name", "password"):
        assert f'<label for="{field}">' in page.text
        assert f'aria-describedby="{field}-hint"' in page.text
        assert f'id="{field}-hint"' in page.text
    assert re.search(r'id="name" name="name" required type="text"[^>]*autocomplete="username"', page.text)
    assert re.search(r'id="password" name="password" required type="password" autocomplete="off"', page.text)
    assert re.search(r'role="img" aria-label="Three steps', page.text)


async def test_only_a_provider_without_pages_of_its_own_has_ours(browser: Browser, state: str) -> None:
    assert (await browser.get(f"{sign_in_path(Provider.MICROSOFT)}?state={state}")).status == 404


async def test_markup_in_what_is_typed_does_nothing(browser: Browser, state: str) -> None:
    page = await post(browser, state, "<script>x</script>", quote("<script>"))
    assert "<script" not in page.text
