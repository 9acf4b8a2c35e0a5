"""The sign-in pages, as a person clicks through them."""

from urllib.parse import urlencode

import pytest

from sandbox import Sandbox
from tests.sandbox.client import CALLBACK, Browser, Http, Page, authorization_url, exchange, parameters_of


async def test_accepting_leads_back_with_a_code_and_the_state(sandbox: Sandbox, browser: Browser) -> None:
    picker = await browser.page(authorization_url(sandbox))
    consent = await browser.press_through(picker, "account-anna")
    sent = await browser.press_away(consent, "accept")
    assert (picker.name, consent.name) == ("accounts", "consent")
    assert sent["state"] == "the-state"
    assert sent["code"] in sandbox.world.grants.codes


async def test_an_unticked_permission_is_not_granted(sandbox: Sandbox, browser: Browser, http: Http) -> None:
    consent = await browser.page(authorization_url(sandbox, login_hint="anna@contoso.example.com"))
    address = await browser.press(consent, "accept", untick={"scope-Calendars.ReadWrite"})
    assert isinstance(address, str)
    tokens = (await exchange(http, sandbox, address)).json
    assert tokens["scope"] == "MailboxSettings.Read User.Read openid profile"


async def test_without_offline_access_there_is_no_refresh_token(
    sandbox: Sandbox, browser: Browser, http: Http
) -> None:
    consent = await browser.page(authorization_url(sandbox, login_hint="anna@contoso.example.com"))
    address = await browser.press(consent, "accept", untick={"scope-offline_access"})
    assert isinstance(address, str)
    assert "refresh_token" not in (await exchange(http, sandbox, address)).json


@pytest.mark.parametrize("hint", [None, "anna@contoso.example.com"])
async def test_cancelling_says_access_denied_on_every_page(
    sandbox: Sandbox, browser: Browser, hint: str | None
) -> None:
    page = await browser.page(authorization_url(sandbox, login_hint=hint))
    sent = await browser.press_away(page, "cancel")
    assert (sent["error"], sent["error_subcode"], sent["state"]) == ("access_denied", "cancel", "the-state")


async def test_consent_is_remembered(sandbox: Sandbox, browser: Browser) -> None:
    hint = "anna@contoso.example.com"
    consent = await browser.page(authorization_url(sandbox, login_hint=hint))
    await browser.press_away(consent, "accept")
    again = await browser.open(authorization_url(sandbox, login_hint=hint))
    assert isinstance(again, str)
    assert "code" in parameters_of(again)


async def test_a_permission_unticked_before_is_asked_for_again(sandbox: Sandbox, browser: Browser) -> None:
    hint = "anna@contoso.example.com"
    consent = await browser.page(authorization_url(sandbox, login_hint=hint))
    await browser.press_away(consent, "accept", untick={"scope-Calendars.ReadWrite"})
    assert (await browser.page(authorization_url(sandbox, login_hint=hint))).name == "consent"


async def test_prompt_consent_asks_again(sandbox: Sandbox, browser: Browser) -> None:
    hint = "anna@contoso.example.com"
    await browser.press_away(await browser.page(authorization_url(sandbox, login_hint=hint)), "accept")
    page = await browser.page(authorization_url(sandbox, login_hint=hint, prompt="consent"))
    assert page.name == "consent"


async def test_removed_consent_asks_again(sandbox: Sandbox, browser: Browser) -> None:
    hint = "anna@contoso.example.com"
    await browser.press_away(await browser.page(authorization_url(sandbox, login_hint=hint)), "accept")
    sandbox.world.grants.remove_consent("anna")
    assert (await browser.page(authorization_url(sandbox, login_hint=hint))).name == "consent"


async def test_a_signed_in_browser_skips_the_picker_unless_told_to_show_it(
    sandbox: Sandbox, browser: Browser
) -> None:
    picker = await browser.page(authorization_url(sandbox))
    await browser.press_away(await browser.press_through(picker, "account-anna"), "accept")
    assert isinstance(await browser.open(authorization_url(sandbox)), str)
    chosen_again = await browser.page(authorization_url(sandbox, prompt="select_account"))
    assert chosen_again.name == "accounts"


async def test_prompt_login_asks_for_a_password(sandbox: Sandbox, browser: Browser) -> None:
    picker = await browser.page(authorization_url(sandbox, prompt="login"))
    password = await browser.press_through(picker, "account-anna")
    consent = await browser.press_through(password, "sign-in")
    assert (password.name, consent.name) == ("password", "consent")


async def test_prompt_none_shows_no_page(sandbox: Sandbox, browser: Browser) -> None:
    address = await browser.open(authorization_url(sandbox, prompt="none"))
    assert isinstance(address, str)
    assert parameters_of(address)["error"] == "login_required"


async def test_prompt_none_says_when_consent_is_missing(sandbox: Sandbox, browser: Browser) -> None:
    picker = await browser.page(authorization_url(sandbox))
    await browser.press_through(picker, "account-anna")
    address = await browser.open(authorization_url(sandbox, prompt="none"))
    assert isinstance(address, str)
    assert parameters_of(address)["error"] == "interaction_required"


async def test_an_organisation_may_require_approval(sandbox: Sandbox, browser: Browser) -> None:
    picker = await browser.page(authorization_url(sandbox))
    approval = await browser.press_through(picker, "account-approval")
    requested = await browser.press_through(approval, "ask-administrator")
    sent = await browser.press_away(requested, "cancel")
    assert (approval.name, requested.name) == ("approval", "requested")
    assert (sent["error"], sent["error_subcode"]) == ("access_denied", "cancel")
    assert sandbox.world.grants.approval_requests == [{"person": "approval", "tenant": "strict.example.com"}]


async def test_an_approved_organisation_asks_its_people_nothing(sandbox: Sandbox, browser: Browser) -> None:
    sandbox.world.people.change_tenant("strict.example.com", approved=True)
    picker = await browser.page(authorization_url(sandbox))
    assert "code" in await browser.press_away(picker, "account-approval")


async def test_an_organisation_may_answer_consent_required_at_once(
    sandbox: Sandbox, browser: Browser
) -> None:
    sandbox.world.people.change_tenant("strict.example.com", consent="admin_error")
    picker = await browser.page(authorization_url(sandbox))
    sent = await browser.press_away(picker, "account-approval")
    assert sent["error"] == "consent_required"
    assert sent["error_description"].startswith("AADSTS90094")


async def test_form_post_hands_the_answer_over_in_a_form(sandbox: Sandbox, browser: Browser) -> None:
    hint = "anna@contoso.example.com"
    url = authorization_url(sandbox, login_hint=hint, response_mode="form_post")
    page = await browser.press_through(await browser.page(url), "accept")
    assert (page.name, page.action) == ("form-post", CALLBACK)
    assert page.hidden["state"] == "the-state"
    assert page.hidden["code"] in sandbox.world.grants.codes


@pytest.mark.parametrize(
    ("authority", "offered", "missing"),
    [("organizations", "account-anna", "account-carla"), ("consumers", "account-carla", "account-anna")],
)
async def test_an_authority_admits_only_its_kind_of_account(
    sandbox: Sandbox, browser: Browser, authority: str, offered: str, missing: str
) -> None:
    page = await browser.page(authorization_url(sandbox, authority=f"{sandbox.base_url}/{authority}"))
    assert offered in page.buttons
    assert missing not in page.buttons


@pytest.mark.parametrize(
    ("changes", "number"),
    [
        ({"client_id": "another"}, "AADSTS700016"),
        ({"redirect_uri": "http://elsewhere.example.com/"}, "AADSTS50011"),
        ({"redirect_uri": "javascript:alert(1)"}, "AADSTS50011"),
    ],
)
async def test_never_redirects_where_it_must_not_trust(
    sandbox: Sandbox, browser: Browser, changes: dict[str, str], number: str
) -> None:
    page = await browser.page(authorization_url(sandbox, **changes))
    assert (page.name, page.status) == ("problem", 400)
    assert number in page.text


async def test_an_unknown_tenant_is_a_problem(sandbox: Sandbox, browser: Browser) -> None:
    page = await browser.page(authorization_url(sandbox, authority=f"{sandbox.base_url}/nowhere.example.com"))
    assert "AADSTS90002" in page.text


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"scope": None}, "invalid_request"),
        ({"scope": "openid Mail.Nonsense"}, "invalid_scope"),
        ({"code_challenge_method": "S512"}, "invalid_request"),
        ({"prompt": "maybe"}, "invalid_request"),
    ],
)
async def test_tells_the_app_what_is_wrong_with_its_request(
    sandbox: Sandbox, browser: Browser, changes: dict[str, str | None], error: str
) -> None:
    address = await browser.open(authorization_url(sandbox, **changes))
    assert isinstance(address, str)
    assert parameters_of(address)["error"] == error


async def test_a_page_answered_twice_has_expired(sandbox: Sandbox, browser: Browser) -> None:
    consent = await browser.page(authorization_url(sandbox, login_hint="anna@contoso.example.com"))
    await browser.press_away(consent, "accept")
    again = await browser.press_through(consent, "accept")
    assert (again.name, again.status) == ("problem", 400)


async def test_the_consent_page_cannot_be_jumped_over(sandbox: Sandbox, browser: Browser) -> None:
    picker = await browser.page(authorization_url(sandbox))
    picker.buttons["accept"] = ("decision", "accept")
    sent = await browser.press_away(picker, "accept")
    assert "code" not in sent
    assert sent["error"] == "invalid_request"


async def test_pages_run_no_script_and_load_nothing(sandbox: Sandbox, browser: Browser) -> None:
    page: Page = await browser.page(authorization_url(sandbox))
    policy = page.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'nonce-")
    assert "<script" not in page.text
    assert "http" not in page.text.replace("<!DOCTYPE html>", "")


async def test_pages_escape_what_they_show(sandbox: Sandbox, browser: Browser) -> None:
    sandbox.world.people.change("anna", name="<b>Anna</b>")
    page = await browser.page(authorization_url(sandbox))
    assert "<b>Anna" not in page.text
    assert "&lt;b&gt;Anna" in page.text


async def test_a_sign_in_can_be_made_to_fail(sandbox: Sandbox, browser: Browser) -> None:
    sandbox.world.faults.authorize_error("temporarily_unavailable")
    address = await browser.open(authorization_url(sandbox))
    assert isinstance(address, str)
    assert parameters_of(address)["error"] == "temporarily_unavailable"
    assert (await browser.page(authorization_url(sandbox))).name == "accounts"


def _approval_url(sandbox: Sandbox, tenant: str = "organizations", **changes: str) -> str:
    query = {
        "client_id": sandbox.client_id,
        "scope": "Calendars.ReadWrite User.Read",
        "redirect_uri": CALLBACK,
    }
    host = sandbox.authority.removesuffix("/common")
    return f"{host}/{tenant}/v2.0/adminconsent?{urlencode(query | changes)}"


@pytest.mark.parametrize("tenant", ["organizations", "strict.example.com"])
async def test_an_administrator_approves_for_the_organisation(
    sandbox: Sandbox, browser: Browser, tenant: str
) -> None:
    picker = await browser.page(_approval_url(sandbox, tenant))
    page = await browser.press_through(picker, "account-administrator")
    sent = await browser.press_away(page, "accept")
    strict = sandbox.world.people.tenant("strict.example.com")
    assert (picker.name, page.name) == ("accounts", "adminconsent")
    assert sent == {
        "admin_consent": "True",
        "tenant": strict.id,
        "scope": "Calendars.ReadWrite User.Read",
    }
    assert strict.approved


@pytest.mark.parametrize("page", ["accounts", "adminconsent"])
async def test_an_administrator_who_declines_approves_nothing(
    sandbox: Sandbox, browser: Browser, page: str
) -> None:
    shown = await browser.page(_approval_url(sandbox, state="the-state"))
    if page == "adminconsent":
        shown = await browser.press_through(shown, "account-administrator")
    sent = await browser.press_away(shown, "cancel")
    assert (sent["admin_consent"], sent["error"], sent["state"]) == ("True", "consent_required", "the-state")
    assert sent["error_description"].startswith("AADSTS65004")
    assert not sandbox.world.people.tenant("strict.example.com").approved


async def test_nobody_else_approves(sandbox: Sandbox, browser: Browser) -> None:
    picker = await browser.page(_approval_url(sandbox))
    assert (await browser.press_through(picker, "account-approval")).name == "problem"
    assert not sandbox.world.people.tenant("strict.example.com").approved


@pytest.mark.parametrize(
    ("tenant", "changes"),
    [
        ("common", {}),
        ("nowhere.example", {}),
        ("organizations", {"client_id": "another"}),
        ("organizations", {"redirect_uri": "http://evil.example/"}),
        ("organizations", {"scope": "Everything"}),
    ],
)
async def test_an_approval_link_that_is_wrong_leads_nowhere(
    sandbox: Sandbox, browser: Browser, tenant: str, changes: dict[str, str]
) -> None:
    assert (await browser.page(_approval_url(sandbox, tenant, **changes))).name == "problem"
