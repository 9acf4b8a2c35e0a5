"""Google's sign-in pages, as a browser without scripts walks them."""

from urllib.parse import urlsplit

import pytest

from sandbox import Sandbox
from tests.sandbox.client import Browser, Http, Page, parameters_of
from tests.sandbox.google.client import (
    AVAILABILITY,
    LIST,
    OWNED,
    SCOPES,
    URIS,
    authorization_url,
    exchange,
    tokens,
)


async def _at_consent(browser: Browser, sandbox: Sandbox, person: str = "gina", **changes: str) -> Page:
    address = sandbox.world.people.get(person).email
    page = await browser.page(authorization_url(sandbox, login_hint=address, **changes))
    assert page.name == "consent"
    return page


async def _granted(http: Http, sandbox: Sandbox, parameters: dict[str, str]) -> set[str]:
    reply = await exchange(http, sandbox, parameters["code"])
    return set(reply.json["scope"].split())


async def test_picks_an_account_and_consents(browser: Browser, http: Http, sandbox: Sandbox) -> None:
    accounts = await browser.page(authorization_url(sandbox, prompt="select_account consent"))
    assert accounts.name == "accounts"
    assert "account-gina" in accounts.buttons
    assert "account-anna" not in accounts.buttons
    consent = await browser.press_through(accounts, "account-gina")
    assert set(consent.checkboxes.values()) == {LIST, AVAILABILITY, OWNED}
    assert f"scope-{OWNED.rpartition('/')[2]}" in consent.checkboxes
    parameters = await browser.press_away(consent, "accept")
    assert parameters["state"] == "the-state"
    assert await _granted(http, sandbox, parameters) == URIS


async def test_any_box_can_be_left_empty(browser: Browser, http: Http, sandbox: Sandbox) -> None:
    for left_out in (LIST, AVAILABILITY, OWNED):
        consent = await _at_consent(browser, sandbox)
        box = next(box for box, scope in consent.checkboxes.items() if scope == left_out)
        parameters = await browser.press_away(consent, "accept", untick=[box])
        assert await _granted(http, sandbox, parameters) == URIS - {left_out}


@pytest.mark.parametrize(("scope", "boxes"), [(LIST, 0), (f"openid {LIST}", 1), (f"{LIST} {OWNED}", 2)])
async def test_one_permission_alone_has_no_box(
    browser: Browser, sandbox: Sandbox, scope: str, boxes: int
) -> None:
    consent = await _at_consent(browser, sandbox, scope=scope)
    assert len(consent.checkboxes) == boxes


async def test_a_trusted_app_has_no_boxes(browser: Browser, http: Http, sandbox: Sandbox) -> None:
    sandbox.world.people.change_google("walter", trusted=True)
    consent = await _at_consent(browser, sandbox, "walter")
    assert consent.checkboxes == {}
    assert await _granted(http, sandbox, await browser.press_away(consent, "accept")) == URIS


async def test_boxes_may_start_empty(browser: Browser, sandbox: Sandbox) -> None:
    assert " checked" in (await _at_consent(browser, sandbox)).text
    sandbox.world.google.settings.boxes_ticked = False
    assert " checked" not in (await _at_consent(browser, sandbox)).text


async def test_refusing_goes_back_to_the_app(browser: Browser, sandbox: Sandbox) -> None:
    consent = await _at_consent(browser, sandbox)
    assert await browser.press_away(consent, "cancel") == {"error": "access_denied", "state": "the-state"}


async def test_a_hint_is_an_address_or_a_sub(browser: Browser, sandbox: Sandbox) -> None:
    gina = sandbox.world.people.get("gina")
    for hint in (gina.email, gina.google_account.sub):
        page = await browser.page(authorization_url(sandbox, login_hint=hint))
        assert gina.email in page.text
    unknown = await browser.page(authorization_url(sandbox, login_hint="anna@contoso.example.com"))
    assert unknown.name == "accounts"


async def test_somebody_else_may_sign_in(browser: Browser, http: Http, sandbox: Sandbox) -> None:
    consent = await _at_consent(browser, sandbox, "gina")
    accounts = await browser.press_through(consent, "other-account")
    other = await browser.press_through(accounts, "account-walter")
    assert "walter@fabrikam.example.com" in other.text


async def test_consent_is_asked_for_once_unless_the_app_insists(
    browser: Browser, http: Http, sandbox: Sandbox
) -> None:
    await tokens(sandbox, http)
    await browser.press_away(await _at_consent(browser, sandbox), "accept")  # the browser is signed in now
    for prompt in (None, "none"):
        address = await browser.open(authorization_url(sandbox, prompt=prompt))
        assert isinstance(address, str)
        assert "code" in parameters_of(address)
    assert isinstance(await browser.open(authorization_url(sandbox, prompt="consent")), Page)


async def test_silently_nothing_is_shown(browser: Browser, sandbox: Sandbox) -> None:
    address = await browser.open(authorization_url(sandbox, prompt="none"))
    assert isinstance(address, str)
    assert parameters_of(address) == {"error": "interaction_required", "state": "the-state"}


@pytest.mark.parametrize(
    ("administrator", "error"), [("forbids", "admin_policy_enforced"), ("internal_only", "org_internal")]
)
async def test_an_administrator_ends_it_on_googles_own_page(
    browser: Browser, sandbox: Sandbox, administrator: str, error: str
) -> None:
    sandbox.world.people.change_google("walter", administrator=administrator)
    accounts = await browser.page(authorization_url(sandbox))
    page = await browser.press_through(accounts, "account-walter")
    assert (page.name, page.status) == ("problem", 400)
    assert error in page.text


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"client_id": "somebody-else"}, "invalid_client"),
        ({"redirect_uri": "http://elsewhere.example.com/"}, "redirect_uri_mismatch"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": f"openid {LIST.upper()}"}, "invalid_scope"),
        ({"scope": None}, "invalid_request"),
        ({"access_type": "forever"}, "invalid_request"),
        ({"prompt": "login"}, "invalid_request"),
        ({"prompt": "none consent"}, "invalid_request"),
        ({"code_challenge_method": "S512"}, "invalid_request"),
    ],
)
async def test_a_wrong_request_is_never_sent_back(
    browser: Browser, sandbox: Sandbox, changes: dict[str, str | None], error: str
) -> None:
    page = await browser.page(authorization_url(sandbox, **changes))
    assert (page.name, page.status) == ("problem", 400)
    assert error in page.text


async def test_a_deleted_client_is_told_on_the_page(browser: Browser, sandbox: Sandbox) -> None:
    sandbox.world.google.settings.client_state = "deleted"
    assert "deleted_client" in (await browser.page(authorization_url(sandbox))).text


async def test_a_redirect_carries_more_than_the_code(browser: Browser, sandbox: Sandbox) -> None:
    seen = {}
    for extras in ("none", "usual", "with_issuer"):
        sandbox.world.google.settings.redirect_extras = extras
        seen[extras] = await browser.press_away(await _at_consent(browser, sandbox, "walter"), "accept")
    assert set(seen["none"]) == {"code", "state"}
    assert set(seen["usual"]) == {"code", "state", "scope", "authuser", "hd", "prompt"}
    assert seen["with_issuer"]["iss"] == "https://accounts.google.com"


async def test_pages_need_no_script_and_nothing_from_elsewhere(browser: Browser, sandbox: Sandbox) -> None:
    consent = await _at_consent(browser, sandbox)
    assert "script" not in consent.text
    assert "default-src 'none'" in consent.headers["Content-Security-Policy"]
    assert "a stand-in for Google" in consent.text
    assert consent.text.count("<label>") == len(SCOPES.split()) - 2
    assert urlsplit(consent.action).path == "/google/signin"


async def test_an_expired_page_says_so(browser: Browser, sandbox: Sandbox) -> None:
    consent = await _at_consent(browser, sandbox)
    await sandbox.reset()
    page = await browser.press_through(consent, "accept")
    assert (page.name, page.status) == ("problem", 400)
