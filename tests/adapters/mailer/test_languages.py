"""The mails in each language: whole, right for their readers, and as mail wants them."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from email.message import EmailMessage

import pytest
import pytest_asyncio

from adapters.mailer.catalogue import HTML, PARTS, SUBJECT, TEXT, Catalogue
from adapters.mailer.dates import long_date
from adapters.mailer.overrides import BUILT_IN
from adapters.mailer.samples import LINK, samples
from adapters.mailer.trials import faults_of
from application.ports.mailer import ReconnectNotice
from domain.access import LossCause
from domain.account import Provider
from tests.support.mailer import CATALOGUE, NOTICE, hand_over, smtp_mailer
from tests.support.smtp import MailServer, mail_server

LANGUAGES = ("de", "en")
ENGLISH_WORDS = re.compile(
    r"\b(the|your|calendars?|account|session|connect|reconnect|again|hello|please)\b", re.IGNORECASE
)


@pytest_asyncio.fixture
async def server() -> AsyncIterator[MailServer]:
    async with mail_server() as server:
        yield server


async def sent(server: MailServer, notice: ReconnectNotice, catalogue: Catalogue = CATALOGUE) -> EmailMessage:
    await hand_over(smtp_mailer(f"smtp://127.0.0.1:{server.port}", catalogue=catalogue), notice)
    return server.received[-1]


def body(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None
    assert part.get_content_charset() == "utf-8"
    content = part.get_content()
    assert isinstance(content, str)
    return content


def test_each_language_has_each_part_and_nothing_else() -> None:
    assert {path.name for path in BUILT_IN.iterdir()} == set(LANGUAGES) == CATALOGUE.languages
    for language in LANGUAGES:
        assert {path.name for path in (BUILT_IN / language).iterdir()} == set(PARTS)


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_each_part_can_be_written_for_every_kind_of_notice(language: str, part: str) -> None:
    assert list(faults_of(CATALOGUE, f"{language}/{part}")) == []


@pytest.mark.parametrize("part", PARTS)
def test_the_languages_tell_the_same_kinds_apart(part: str) -> None:
    """What one says differently for two notices, the other doesn't say in the same words."""
    said = {
        language: [CATALOGUE.part(f"{language}/{part}", words) for words in samples()]
        for language in LANGUAGES
    }
    alike = {language: [texts.index(text) for text in texts] for language, texts in said.items()}
    assert alike["de"] == alike["en"]


@pytest.mark.parametrize("part", PARTS)
def test_nothing_in_german_is_left_in_english(part: str) -> None:
    for words in samples():
        text = re.sub(r"<(?:style|[^>])*>", " ", CATALOGUE.part(f"de/{part}", words)).replace(LINK, "")
        text = re.sub(r"\S+@\S+|https?://\S+", "", text)
        assert ENGLISH_WORDS.findall(text) == []


@pytest.mark.parametrize("part", [TEXT, SUBJECT])
@pytest.mark.parametrize("language", LANGUAGES)
def test_plain_text_has_no_markup_and_lines_that_every_reader_shows_whole(language: str, part: str) -> None:
    for words in samples():
        text = CATALOGUE.part(f"{language}/{part}", words)
        assert not re.search(r"</?[a-z]|&[a-z]+;|&#", text)
        assert max(len(line) for line in text.splitlines()) <= 110
        assert "\n\n\n" not in text


@pytest.mark.parametrize(
    ("locale", "language"),
    [("de", "de"), ("de-AT", "de"), ("DE-ch", "de"), ("en-GB", "en"), ("fr-FR", "en"), ("", "en")],
)
async def test_writes_in_the_nearest_language(server: MailServer, locale: str, language: str) -> None:
    mail = await sent(server, replace(NOTICE, locale=locale))

    assert mail["Content-Language"] == language
    assert f'<html lang="{language}">' in body(mail, "html")
    greeting = {"de": "Guten Tag Ann Expert,", "en": "Hello Ann Expert,"}[language]
    assert body(mail, "plain").splitlines()[0] == greeting


@pytest.mark.parametrize(("locale", "language"), [("", "de"), ("fr", "de"), ("en-US", "en")])
async def test_writes_in_the_services_language_to_whom_it_has_no_other(
    server: MailServer, locale: str, language: str
) -> None:
    catalogue = replace(CATALOGUE, default_language="de-DE")
    mail = await sent(server, replace(NOTICE, locale=locale), catalogue)
    assert mail["Content-Language"] == language


GERMAN_SUBJECTS = {
    (Provider.MICROSOFT, LossCause.SIGN_IN_REQUIRED): "Bitte verbinden Sie Ihren Microsoft-Kalender erneut",
    (Provider.GOOGLE, LossCause.ACCOUNT_CLOSED): "Bitte ersetzen Sie Ihren Google-Kalender",
    (Provider.APPLE, LossCause.MAILBOX_NOT_SERVED): "Bitte schalten Sie Ihren Apple-Kalender wieder ein",
    (
        Provider.MICROSOFT,
        LossCause.MAILBOX_NOT_SERVED,
    ): "Zu Ihrem Microsoft-Kalender gibt es kein Postfach mehr",
    (
        Provider.GOOGLE,
        LossCause.ORGANISATION_DISALLOWS,
    ): "Ihre Administration muss Ihren Google-Kalender freigeben",
}


@pytest.mark.parametrize("reminder", [False, True])
@pytest.mark.parametrize(("kind", "says"), GERMAN_SUBJECTS.items())
async def test_a_german_subject_says_what_is_to_be_done(
    server: MailServer, kind: tuple[Provider, LossCause], says: str, *, reminder: bool
) -> None:
    provider, cause = kind
    notice = replace(
        NOTICE, locale="de", provider_name=provider.value.title(), cause=cause, reminder=reminder
    )
    mail = await sent(server, notice)
    # A header that is folded right behind its name is read with the space that the next line begins with.
    assert str(mail["Subject"]).strip() == f"{'Erinnerung' if reminder else 'Handlungsbedarf'}: {says}"


@pytest.mark.parametrize(
    ("waiting", "words"),
    [
        (3, "3 gebuchte Termine warten bereits darauf"),
        (1, "Ein gebuchter Termin wartet bereits darauf"),
        (0, "Gebuchte Termine für einen Kalender dieses Kontos gehen nicht verloren"),
    ],
)
@pytest.mark.parametrize("kind", ["plain", "html"])
async def test_german_counts_sessions_as_germans_do(
    server: MailServer, kind: str, waiting: int, words: str
) -> None:
    mail = await sent(server, replace(NOTICE, locale="de", sessions_at_risk=waiting))
    assert words in " ".join(body(mail, kind).split())


@pytest.mark.parametrize("kind", ["plain", "html"])
@pytest.mark.parametrize(("locale", "day"), [("de", "1.\xa0März 2027"), ("en", "1\xa0March 2027")])
async def test_says_since_when_as_people_write_dates(
    server: MailServer, kind: str, locale: str, day: str
) -> None:
    assert day in body(await sent(server, replace(NOTICE, locale=locale)), kind)


@pytest.mark.parametrize(
    ("language", "written"),
    [("de-CH", "1.\xa0März 2027"), ("en-US", "1\xa0March 2027"), ("fr", "2027-03-01"), ("", "2027-03-01")],
)
def test_a_date_in_a_language_without_names_of_months_is_that_of_iso(language: str, written: str) -> None:
    assert long_date(NOTICE.lost_on, language) == written


async def test_headers_are_ascii_and_each_form_names_its_charset(server: MailServer) -> None:
    """Subjects and names by RFC 2047."""
    notice = replace(
        NOTICE, locale="de", display_name="Jörg Groß", cause=LossCause.ORGANISATION_DISALLOWS, reminder=True
    )
    mail = await sent(server, replace(notice, provider_name="Größe"))

    raw = server.raw[-1]
    head = raw.partition(b"\r\n\r\n")[0]
    assert head.isascii()
    subject = re.search(rb"^Subject:.*\r\n(?: .*\r\n)*", head, re.MULTILINE)
    assert subject is not None
    assert b"=?utf-8?" in subject[0]
    assert str(mail["Subject"]).split()[-2:] == ["Größe-Kalender", "freigeben"]
    assert mail["To"].addresses[0].display_name == "Jörg Groß"
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert mail.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    assert "Jörg Groß" in body(mail, "plain")
    assert "Groß" in body(mail, "html")


@pytest.mark.parametrize("locale", LANGUAGES)
async def test_a_provider_or_account_can_add_no_header(server: MailServer, locale: str) -> None:
    ending = "\r\nBcc: eve@example.com\r\n\r\nBuy"
    mail = await sent(
        server,
        replace(
            NOTICE, locale=locale, provider_name=f"Microsoft{ending}", account_email=f"a@b.example{ending}"
        ),
    )
    assert mail["Bcc"] is None
    assert "Microsoft Bcc: eve@example.com Buy" in str(mail["Subject"])


@pytest.mark.parametrize("locale", LANGUAGES)
def test_html_loads_nothing_and_runs_nothing(locale: str) -> None:
    for words in samples():
        page = CATALOGUE.part(f"{locale}/{HTML}", words)
        assert not any(tag in page for tag in ("<img", "<script", "<link", "src=", "url("))
        assert page.count(LINK.replace("&", "&amp;")) == 3
