"""The redirect with which a sign-in ends, as browsers bring it."""

from collections.abc import AsyncIterator
from datetime import timedelta
from urllib.parse import urlsplit

import aiohttp
import pytest

from application.ports.sign_in import RedirectAnswer
from domain.connection import Confirming, SignInRefused
from domain.ids import AccountId, ExpertId, SessionId
from domain.session import WriteStatus
from tests.builders import EXPERT, a_session
from tests.fakes.sign_in import ADMIN_CONSENT_URL, ISSUER
from tests.server.http.browser import Browser, at_http
from tests.server.served import RETURN_URL, Logs, a_world
from tests.support.paths import CALLBACK_PATH

MARKUP = "<script>alert('gotcha')</script>"


async def test_a_sign_in_sends_the_browser_back_with_a_token_to_confirm_it(browser: Browser) -> None:
    answer = await browser.connect(
        browser.world.provider.add_person(), return_url=RETURN_URL + "?tab=a%20b&x=1#list"
    )

    (token,) = answer.told["token"]
    assert answer.status == 302
    assert answer.location == RETURN_URL + f"?tab=a%20b&x=1&outcome=pending&token={token}#list"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"
    assert browser.world.store.tables.accounts == {}
    connected = await browser.world.container.confirm_connection()(ExpertId(EXPERT), token)
    assert connected.account.account_id == "account-1"


async def test_where_nothing_is_confirmed_the_browser_goes_back_with_the_account(
    unconfirmed: Browser,
) -> None:
    person = unconfirmed.world.provider.add_person()

    first = await unconfirmed.connect(person, return_url=RETURN_URL)
    again = await unconfirmed.connect(person, return_url=RETURN_URL)

    assert first.told == {"outcome": ["connected"], "account_id": ["account-1"]}
    assert again.told == {"outcome": ["reconnected"], "account_id": ["account-1"]}


@pytest.fixture
async def unconfirmed() -> AsyncIterator[Browser]:
    world = a_world(Confirming.OFF)
    async with at_http(world, world.container.web_app()) as browser:
        yield browser


async def test_a_sign_in_begun_for_the_callers_page_ends_on_none_of_ours(browser: Browser) -> None:
    state = await browser.start(redirect_uri=RETURN_URL)
    code = browser.world.provider.code_for(browser.world.provider.add_person())

    answer = await browser.come_back(state=state, code=code)

    assert answer.status == 409
    assert "ends on another page" in answer.text
    assert code not in answer.text
    assert browser.world.provider.calls["redeem"] == 0
    redirected = RedirectAnswer(state=state, code=code)
    outcome = await browser.world.container.complete_connection()(redirected, expert_id=ExpertId(EXPERT))
    assert outcome.account is not None


async def test_a_failure_sends_the_browser_back_with_its_reason(browser: Browser) -> None:
    state = await browser.start(return_url=RETURN_URL)

    answer = await browser.come_back(state=state, error="access_denied", error_description=MARKUP)

    assert answer.status == 302
    assert answer.told == {"outcome": ["failed"], "reason": ["SIGN_IN_CANCELLED"]}


async def test_the_log_tells_why_a_sign_in_failed_and_nothing_else_of_it(
    browser: Browser, logs: Logs
) -> None:
    failed = await browser.start(return_url=RETURN_URL)
    await browser.come_back(state=failed, error="access_denied", error_description=MARKUP)
    await browser.connect(browser.world.provider.add_person(), return_url=RETURN_URL)

    told = [(one["status"], one.get("reason")) for one in logs.of("request")]
    assert told == [(302, "SIGN_IN_CANCELLED"), (302, None)]
    assert failed not in logs.text
    assert "gotcha" not in logs.text


async def test_without_a_return_url_a_page_tells_of_the_success(browser: Browser) -> None:
    answer = await browser.connect(browser.world.provider.add_person())

    assert (answer.status, urlsplit(answer.location).query) == (303, "")
    for _ in range(2):  # loading it again tells the same
        page = await browser.get(answer.location)
        assert page.status == 200
        assert "Your calendar is connected" in page.text


@pytest.mark.parametrize("waiting", [True, False])
async def test_only_where_sessions_waited_they_are_said_to_be_written(
    browser: Browser, waiting: bool
) -> None:
    person = browser.world.provider.add_person()
    await browser.connect(person)
    person.revoke()
    await browser.world.container.refresh_calendars()(AccountId("account-1"))
    if waiting:
        await a_session_waits(browser)

    page = await browser.get((await browser.connect(person)).location)

    assert "connected again" in page.text
    assert ("are being written" in page.text) is waiting


async def a_session_waits(browser: Browser) -> None:
    store = browser.world.store
    async with store.transaction() as tx:
        await tx.sessions.add(a_session())
    await browser.world.container.write_session()(ExpertId(EXPERT), SessionId("session-1"))
    (session,) = store.tables.sessions.values()
    assert session.status is WriteStatus.WAITING


async def test_a_result_nobody_has_is_no_success(browser: Browser) -> None:
    page = await browser.get("/oauth/result/nonsense")

    assert page.status == 404
    assert "not known" in page.text


async def test_who_signed_in_as_somebody_else_is_told_whom_to_choose(browser: Browser) -> None:
    person = browser.world.provider.add_person()
    await browser.connect(person)
    state = await browser.start(reconnects=AccountId("account-1"))
    other = browser.world.provider.add_person("other")

    page = await browser.come_back(state=state, code=browser.world.provider.code_for(other))

    assert "Start again, and choose maria@contoso.example." in page.text


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"error": "access_denied"}, "went back"),
        ({"error": "consent_required", "error_description": "AADSTS90094"}, ADMIN_CONSENT_URL),
        ({"error": "access_denied", "error_description": "AADSTS50105"}, "hasn&#39;t allowed"),
        ({"error": "access_denied", "error_description": "AADSTS50105"}, "AADSTS50105"),
        ({"code": "nonsense"}, "did not accept"),
        ({"error": "access_denied", "iss": "https://somebody-else.example"}, "did not accept"),
        ({"error": "access_denied", "iss": ISSUER}, "went back"),
        ({"error": "server_error"}, "answer at the moment"),
        ({"error": "invalid_client"}, "not your fault"),
    ],
)
async def test_without_a_return_url_a_page_tells_why_and_what_next(
    browser: Browser, parameters: dict[str, str], words: str
) -> None:
    answer = await browser.come_back(state=await browser.start(), **parameters)

    assert answer.status == 200
    assert "was not connected" in answer.text
    assert words in answer.text


async def test_an_unknown_sign_in_is_a_page_of_its_own(browser: Browser) -> None:
    answer = await browser.come_back(state="never-given", code="c")

    assert answer.status == 404
    assert "not known" in answer.text


async def test_a_redirect_counts_once(browser: Browser) -> None:
    state = await browser.start()
    code = browser.world.provider.code_for(browser.world.provider.add_person())

    assert (await browser.come_back(state=state, code=code)).status == 303
    assert (await browser.come_back(state=state, code=code)).status == 404


async def test_a_late_redirect_is_told_to_start_anew(browser: Browser) -> None:
    state = await browser.start(return_url=RETURN_URL)
    browser.world.clock.advance(timedelta(minutes=11))

    assert (await browser.come_back(state=state, code="c")).told["reason"] == ["CONNECTION_ATTEMPT_EXPIRED"]


@pytest.mark.parametrize(
    "query",
    [
        "",
        "code=c",
        "state=s",
        "state=s&code=",
        "state=s&code=c&error=e",
        "state=s&state=s&code=c",
        "state=s&code=c&code=d",
        "state=s&error=e&error_description=a&error_description=b",
        "state=" + "s" * 513 + "&code=c",
        "state=s&code=" + "c" * 8193,
        "state=s&error=" + "e" * 129,
        "state=s&error=e&error_description=" + "d" * 8193,
        "state=s&code=c&iss=a&iss=b",
        "state=s&code=c&iss=" + "i" * 513,
    ],
)
async def test_parameters_that_no_redirect_brings_are_refused(browser: Browser, query: str) -> None:
    answer = await browser.get(f"{CALLBACK_PATH}?{query}")

    assert answer.status == 400
    assert "damaged" in answer.text


APPROVED = "admin_consent=True&tenant=aaaabbbb-0000-cccc-1111-dddd2222eeee"
DECLINED = "error=consent_required&error_description=AADSTS65004%3a+denied"


@pytest.mark.parametrize(
    ("query", "title"),
    [
        (APPROVED, "Microsoft reports an approval"),
        (f"{APPROVED}&scope=User.Read&state=anything", "Microsoft reports an approval"),
        (APPROVED.replace("True", "true"), "Microsoft reports an approval"),
        (f"admin_consent=True&{DECLINED}", "Nothing was approved"),
        (f"admin_consent=True&{DECLINED}&state=anything", "Nothing was approved"),
        (DECLINED, "Nothing was approved"),
        ("error=access_denied", "Nothing was approved"),
        ("error=server_error", "Nothing was approved"),
    ],
)
async def test_an_administrator_who_comes_back_sees_what_microsoft_said_and_stores_nothing(
    browser: Browser, query: str, title: str
) -> None:
    before = repr(browser.world.store.tables)
    answer = await browser.get(f"{CALLBACK_PATH}?{query}")

    assert answer.status == 200
    assert f"<h1>{title}</h1>" in answer.text
    assert "aaaabbbb" not in answer.text
    assert repr(browser.world.store.tables) == before


@pytest.mark.parametrize(
    "query", ["admin_consent=False", "admin_consent=", "admin_consent=True&admin_consent=True"]
)
async def test_an_approval_that_says_nothing_clear_is_damaged(browser: Browser, query: str) -> None:
    assert (await browser.get(f"{CALLBACK_PATH}?{query}")).status == 400


async def test_an_approval_uses_no_sign_in_up(browser: Browser) -> None:
    state = await browser.start()
    assert "approval" in (await browser.get(f"{CALLBACK_PATH}?{APPROVED}&state={state}")).text
    code = browser.world.provider.code_for(browser.world.provider.add_person())

    assert (await browser.come_back(state=state, code=code, admin_consent="True")).status == 303


async def test_a_damaged_redirect_does_not_use_the_sign_in_up(browser: Browser) -> None:
    state = await browser.start()
    assert (await browser.get(f"{CALLBACK_PATH}?state={state}&state={state}&code=c")).status == 400
    code = browser.world.provider.code_for(browser.world.provider.add_person())

    assert (await browser.come_back(state=state, code=code)).status == 303


async def test_parameters_the_provider_adds_are_ignored(browser: Browser) -> None:
    state = await browser.start()
    code = browser.world.provider.code_for(browser.world.provider.add_person())

    assert (await browser.come_back(state=state, code=code, session_state="x", client_info="y")).status == 303


@pytest.mark.parametrize("where", ["return", "page", "damaged", "unknown"])
async def test_nothing_that_was_sent_is_shown(browser: Browser, where: str) -> None:
    state = await browser.start(return_url=RETURN_URL if where == "return" else None)
    parameters = {"state": state, "error": MARKUP, "error_description": MARKUP, "error_subcode": MARKUP}
    if where == "damaged":
        parameters["code"] = MARKUP
    if where == "unknown":
        parameters["state"] = MARKUP

    answer = await browser.come_back(**parameters)

    assert "gotcha" not in answer.text
    assert "gotcha" not in str(answer.headers)


async def test_a_redirect_may_come_as_a_form(browser: Browser) -> None:
    state = await browser.start(return_url=RETURN_URL)
    code = browser.world.provider.code_for(browser.world.provider.add_person())

    answer = await browser.get(CALLBACK_PATH, "POST", data={"state": state, "code": code})

    assert answer.status == 302
    assert answer.told["outcome"] == ["pending"]


async def test_a_form_with_files_or_without_bounds_is_refused(browser: Browser) -> None:
    form = aiohttp.FormData()
    form.add_field("state", b"s", filename="state.txt")

    assert (await browser.get(CALLBACK_PATH, "POST", data=form)).status == 415
    assert (await browser.get(CALLBACK_PATH, "POST", data={"state": "s" * 100_000})).status == 413


async def test_a_look_without_fetching_uses_nothing_up(browser: Browser) -> None:
    state = await browser.start()
    code = browser.world.provider.code_for(browser.world.provider.add_person())
    query = f"{CALLBACK_PATH}?state={state}&code={code}"

    assert (await browser.get(query, "HEAD")).status == 405
    assert (await browser.get(query)).status == 303


async def test_a_refused_code_is_told_to_the_caller(browser: Browser) -> None:
    browser.world.provider.fail("redeem", SignInRefused())
    state = await browser.start(return_url=RETURN_URL)

    assert (await browser.come_back(state=state, code="c")).told["reason"] == ["SIGN_IN_REFUSED"]
