"""Who somebody is, and what is taken from whom: cookies, forms, addresses, and the headers of every answer."""

import base64
import json
import socket

import pytest

from connected_calendars import accounts
from connected_calendars.cookies import Signer
from connected_calendars.public_url import origin_of
from tests.builders import EXPERT
from tests.examples.visitor import Visitor, address_of, serving_page, visiting
from tests.server.http.browser import MARKUP
from tests.server.served import Api

PAGES = ["/accounts", "/calendars", "/accounts/account-1/disconnect"]


@pytest.mark.parametrize("page", PAGES)
async def test_nobody_sees_anything_without_a_login(visitor: Visitor, page: str) -> None:
    assert (await visitor.see(page)).url == "/experts"


async def test_a_cookie_that_was_changed_is_nobodys(visitor: Visitor) -> None:
    """Its content can be read and exchanged, but not signed anew."""
    await visitor.become()
    (cookie,) = visitor.session.cookie_jar
    content, _, signature = cookie.value.partition(".")
    name, made, (visit, _) = json.loads(base64.urlsafe_b64decode(content + "=="))
    forged = base64.urlsafe_b64encode(json.dumps([name, made, [visit, EXPERT]]).encode()).decode()
    cookies = {cookie.key: f"{forged.rstrip('=')}.{signature}"}
    async with visiting(visitor.base) as forger:
        assert (await forger.see("/accounts", cookies={cookie.key: cookie.value})).url == "/accounts"
        forger.session.cookie_jar.clear()
        assert (await forger.see("/accounts", cookies=cookies)).url == "/experts"


@pytest.mark.parametrize(
    ("name", "seconds_later", "key", "holds"),
    [
        ("visit", 59, b"ours", True),
        ("visit", 61, b"ours", False),
        ("visit", -1, b"ours", False),
        ("notice", 0, b"ours", False),
        ("visit", 0, b"another", False),
    ],
)
def test_what_is_signed_holds_for_its_name_and_time(
    name: str, seconds_later: float, key: bytes, holds: bool
) -> None:
    text = Signer(key=b"ours", clock=lambda: 1000.0).signed("visit", ["ada"])
    later = Signer(key=key, clock=lambda: 1000.0 + seconds_later)
    assert later.read(name, text, lasts_seconds=60) == (["ada"] if holds else None)


@pytest.mark.parametrize("damaged", ["", ".", "a.b", "\N{SNOWMAN}.x", "\udcff.x", "x.\udcff", "x" * 5000])
def test_a_damaged_cookie_is_none(damaged: str) -> None:
    assert Signer().read("visit", damaged, lasts_seconds=60) is None


async def test_a_form_that_is_not_of_this_visit_changes_nothing(api: Api, visitor: Visitor) -> None:
    await visitor.be()
    assert (await visitor.post("/connect/microsoft")).status == 403
    async with visiting(visitor.base) as stranger:
        foreign = (await stranger.see("/experts")).form("/experts").fields
    assert (await visitor.post("/connect/microsoft", **foreign)).status == 403
    assert not api.world.store.tables.attempts


async def test_a_form_from_before_the_login_is_worth_nothing_after_it(visitor: Visitor) -> None:
    before = (await visitor.see("/experts")).form("/experts").fields
    await visitor.be()
    assert (await visitor.post("/logout", **before)).status == 403
    assert (await visitor.see("/accounts")).url == "/accounts"


async def test_takes_forms_of_one_kind_only(visitor: Visitor) -> None:
    fields = (await visitor.be()).form("/logout").fields
    async with visitor.session.post(f"{visitor.base}/logout", json=fields) as answer:
        assert answer.status == 415
    kind = "application/x-www-form-urlencoded; charset={}"
    for charset, status in (("none", 415), ("utf-16", 415), ("UTF-8", 200)):
        told = {"Content-Type": kind.format(charset)}
        async with visitor.session.post(f"{visitor.base}/logout", data=fields, headers=told) as answer:
            assert answer.status == status


async def test_what_is_filled_in_wrong_is_said_beside_its_field(visitor: Visitor) -> None:
    seen = await visitor.become(email="nowhere", time_zone="Mars/Olympus")
    assert seen.status == 422
    assert 'aria-describedby="email-wrong"' in seen.html
    assert 'value="nowhere"' in seen.html


@pytest.mark.parametrize("page", ["/experts", *PAGES[:2]])
async def test_names_are_text_and_nothing_else(api: Api, visitor: Visitor, page: str) -> None:
    person = api.world.provider.add_person()
    person.display_name = MARKUP
    person.add_calendar(f'"{MARKUP}')
    await api.put_expert(display_name=MARKUP)
    await api.connect(person)
    await visitor.be()
    seen = await visitor.see(page)
    assert MARKUP not in seen.html
    assert MARKUP in seen.text


@pytest.mark.parametrize(("nobody", "status"), [("expert-2", 200), ("no id", 400), ("", 400)])
async def test_nobody_is_who_is_not_known(visitor: Visitor, nobody: str, status: int) -> None:
    assert (await visitor.be(nobody)).status == status
    assert (await visitor.see("/accounts")).url == "/experts"


async def test_an_expert_who_was_erased_is_logged_out(api: Api, visitor: Visitor) -> None:
    await visitor.be()
    api.world.store.tables.experts.clear()
    seen = await visitor.see("/accounts")
    assert seen.url == "/experts"
    assert "doesn't know this expert" in seen.text


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/experts", 200),
        ("/accounts", 303),
        ("/nowhere", 404),
        ("/static/style.css?v=1", 200),
        ("/static/no.css?v=1", 404),
    ],
)
async def test_every_answer_has_the_headers(visitor: Visitor, address: str, status: int) -> None:
    seen = await visitor.see(address, allow_redirects=False)
    assert seen.status == status
    policy = seen.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert seen.headers["Referrer-Policy"] == "no-referrer"
    assert seen.headers["X-Content-Type-Options"] == "nosniff"
    assert "Server" not in seen.headers
    assert ("no-store" in seen.headers["Cache-Control"]) != (address == "/static/style.css?v=1")


async def test_cookies_are_out_of_reach_of_scripts_and_other_sites(visitor: Visitor) -> None:
    seen = await visitor.see("/experts")
    assert "HttpOnly; SameSite=Lax" in seen.headers["Set-Cookie"]


async def test_by_https_cookies_belong_to_this_host_alone(api: Api, listening: socket.socket) -> None:
    service = f"127.0.0.1:{api.server.port}"
    async with (
        serving_page(listening, service=service, public_url="https://calendars.example"),
        visiting(address_of(listening)) as visitor,
    ):
        seen = await visitor.see("/experts", headers={"Host": "calendars.example"})
    assert seen.headers["Set-Cookie"].startswith("__Host-visit=")
    assert "; Secure" in seen.headers["Set-Cookie"]
    assert "Strict-Transport-Security" in seen.headers


@pytest.mark.parametrize(
    ("told", "origin"),
    [
        ("https://Calendars.example:443/", "https://calendars.example"),
        ("http://calendars.example:80/a/path", "http://calendars.example"),
        ("http://127.0.0.1:8090", "http://127.0.0.1:8090"),
        ("http://calendars.example:443", "http://calendars.example:443"),
    ],
)
def test_knows_its_own_address_as_browsers_write_it(told: str, origin: str) -> None:
    assert origin_of(told) == origin


async def test_whoever_comes_by_another_name_is_sent_to_ours(visitor: Visitor) -> None:
    there = {"Host": "stranger.example"}
    seen = await visitor.see("/accounts", headers=there, allow_redirects=False)
    assert (seen.status, seen.headers["Location"]) == (307, visitor.base)
    async with visitor.session.post(f"{visitor.base}/login", headers=there) as answer:
        assert answer.status == 421


async def test_a_service_that_is_away_is_told_on_a_page(api: Api, visitor: Visitor) -> None:
    await visitor.be()
    await api.server.stop(0)
    seen = await visitor.see("/accounts")
    assert seen.status == 503
    assert "The calendar service can't be reached" in seen.text
    assert (await visitor.see("/experts")).status == 503


@pytest.mark.parametrize(
    ("address", "status", "words"),
    [
        ("/book", 400, "This address is incomplete"),
        ("/logout", 405, "There is nothing to see at this address"),
        ("/nowhere", 404, "There is no such page"),
    ],
)
async def test_an_address_that_leads_nowhere_is_told_in_words(
    visitor: Visitor, address: str, status: int, words: str
) -> None:
    await visitor.be()
    seen = await visitor.see(address)
    assert seen.status == status
    assert words in seen.text


async def test_no_address_writes_lines_of_its_own_into_the_log(
    visitor: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    await visitor.be()
    assert (await visitor.see("/accounts/x%0aERROR%20forged/disconnect?token=secret")).status == 400
    (line,) = [one.getMessage() for one in caplog.records if one.name == "connected_calendars"]
    assert line.startswith("GET /accounts/x%0aERROR%20forged/disconnect: ")


async def test_a_fault_of_ours_is_a_page_and_a_log_that_tell_nobodys_secrets(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await visitor.be()

    text = "about " + EXPERT

    def fail(*_: object) -> None:
        raise LookupError(text)

    monkeypatch.setattr(accounts, "waiting_sign_in", fail)
    seen = await visitor.see("/accounts", params={"token": "secret"})
    assert seen.status == 500
    assert "LookupError" in caplog.text
    assert text not in seen.html + caplog.text
    assert "secret" not in seen.html + caplog.text
