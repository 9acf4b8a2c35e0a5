"""The pages in the language that a browser asks for."""

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from html import unescape

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.account import Provider
from domain.connection import Confirming
from server.http import failure_texts, pages, password_texts, texts
from server.http.languages import LANGUAGES, MOST_RANGES, Text, language_of
from tests.server.http.browser import Browser, an_account_is_lost
from tests.server.served import RETURN_URL, World, a_world
from tests.support.paths import CALLBACK_PATH

GERMAN = {"Accept-Language": "de-AT,de;q=0.9,en;q=0.8"}
ENGLISH_WORDS = re.compile(
    r"\b(the|your|you|calendar|account|again|page|please|with|password|this|is)\b", re.IGNORECASE
)


@pytest.fixture
def world() -> World:
    return a_world(Confirming.WITH_RETURN_URL, configured=(Provider.MICROSOFT, Provider.APPLE))


@pytest.mark.parametrize(
    ("accepted", "default", "language"),
    [
        ("", "en", "en"),
        ("", "de-AT", "de"),
        ("", "fr", "en"),
        ("de", "en", "de"),
        ("de-CH", "en", "de"),
        ("DE", "en", "de"),
        ("en-GB,en;q=0.9,de;q=0.8", "de", "en"),
        ("en;q=0.5, de;q=0.8", "en", "de"),
        ("fr-FR, fr;q=0.9, de;q=0.5", "en", "de"),
        ("fr", "de", "de"),
        ("*", "de", "de"),
        ("fr, *;q=0.1", "de", "de"),
        ("de;q=0, fr", "en", "en"),
        ("de ; q=0.7", "en", "de"),
        ("de;q=2, en", "de", "en"),
        ("de;level=1, en", "de", "en"),
        (",,;q=1,\x00, de", "en", "de"),
        ("fr," * MOST_RANGES + "de", "en", "en"),
    ],
)
def test_a_browser_gets_what_it_wants_most(accepted: str, default: str, language: str) -> None:
    assert language_of(accepted, default) == language


@given(st.text(max_size=200), st.text(max_size=20))
@example("de;q=1." + "0" * 1000, "")
def test_whatever_is_asked_for_there_is_a_page(accepted: str, default: str) -> None:
    assert language_of(accepted, default) in LANGUAGES


async def test_a_page_says_in_which_language_it_is(browser: Browser) -> None:
    german = await browser.get("/oauth/result/connected", headers=GERMAN)
    english = await browser.get("/oauth/result/connected")

    assert "<h1>Ihr Kalender ist verbunden</h1>" in german.text
    assert "<h1>Your calendar is connected</h1>" in english.text
    for answer, language in ((german, "de"), (english, "en")):
        assert f'<html lang="{language}">' in answer.text
        assert (answer.headers["Content-Language"], answer.headers["Vary"]) == (language, "Accept-Language")


async def test_german_pages_have_no_english_in_them(browser: Browser) -> None:
    token = await an_account_is_lost(browser)
    states = [
        await browser.start(provider=Provider.MICROSOFT),
        await browser.start(provider=Provider.APPLE, return_url=RETURN_URL),
    ]
    shown = [
        await browser.get(path, headers=GERMAN)
        for path in (
            f"{CALLBACK_PATH}?state={states[0]}&error=access_denied",
            f"/sign-in/apple?state={states[1]}",
            "/oauth/result/reconnected-and-writing",
            f"/reconnect/{'x' * 43}",
            f"/reconnect/{token}x",
            f"{CALLBACK_PATH}?state=unknown&code=c",
            f"{CALLBACK_PATH}?admin_consent=True",
        )
    ]
    shown.append(
        await browser.get(
            f"/sign-in/apple?state={states[1]}",
            "POST",
            headers=GERMAN,
            data={"form": _form(shown[1].text), "name": "", "password": ""},
        )
    )
    browser.world.store.away = True
    shown.append(await browser.get(f"{CALLBACK_PATH}?state=s&code=c", headers=GERMAN))

    for answer in shown:
        assert answer.headers["Content-Language"] == "de"
        assert _english_in(_read(answer.text)) == []
    assert "Geben Sie Ihre Apple-ID ein." in shown[-2].text


def test_every_text_is_in_every_language_and_leaves_the_same_places() -> None:
    found = [
        text for module in (texts, password_texts, failure_texts, pages) for text in _texts(vars(module))
    ]
    assert len(found) > 100
    for text in found:
        assert text.de
        assert text.en
        if text is not failure_texts.LEFT_OUT:
            assert set(re.findall(r"{\w+}", text.de)) == set(re.findall(r"{\w+}", text.en))
        assert not re.search(r"[\"'«»]", text.de), "German quotes are „ and “"
        assert _english_in(text.de) == []


def _english_in(german: str) -> list[str]:
    """But for addresses and the names of places for values."""
    return ENGLISH_WORDS.findall(re.sub(r"{\w+}|account\.apple\.com", "", german))


def _texts(value: object) -> Iterator[Text]:
    if isinstance(value, Text):
        yield value
    elif isinstance(value, dict):
        yield from (text for one in value.values() for text in _texts(one))
    elif isinstance(value, tuple | list):
        yield from (text for one in value for text in _texts(one))
    elif is_dataclass(value) and not isinstance(value, type):
        yield from (text for one in fields(value) for text in _texts(getattr(value, one.name)))


def _form(page: str) -> str:
    found = re.search(r'name="form" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def _read(page: str) -> str:
    """What a person reads of it, or hears."""
    page = re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)
    labels = re.findall(r'aria-label="([^"]*)"', page)
    return unescape(" ".join([re.sub(r"<[^>]*>", " ", page).replace("Expert &amp; Sons", ""), *labels]))
