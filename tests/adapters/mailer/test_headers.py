"""What stands in a mail's head: all of what people are called and subjects say, and nothing that they could add."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.utils import parseaddr

import pytest
import pytest_asyncio

from adapters.mailer import Catalogue, parse_sender
from application.ports.mailer import ReconnectNotice
from tests.support.mailer import CATALOGUE, NOTICE, hand_over, smtp_mailer
from tests.support.smtp import MailServer, mail_server

NAME_IN_SUBJECT = Catalogue(
    sources={**CATALOGUE.sources, "en/reconnect.subject.txt": "{{ name }} / {{ account }}"}
)
"""As an operator may want it."""
HEADERS = [
    *("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "X-Auto-Response-Suppress"),
    *("MIME-Version", "Content-Type", "Content-Language"),
]
GERMAN = "Möbius & Söhne, von Ada Hans-Jürgen (Praxis) Müller und Schließen für Größe"


@pytest_asyncio.fixture
async def server() -> AsyncIterator[MailServer]:
    async with mail_server() as server:
        yield server


async def head(server: MailServer, notice: ReconnectNotice, *, of: str = "") -> Mapping[str, str]:
    """As it came, each header in one piece; from the sender `of`, if one is given."""
    mailer = smtp_mailer(f"smtp://127.0.0.1:{server.port}", catalogue=NAME_IN_SUBJECT)
    await hand_over(replace(mailer, sender=parse_sender(of)) if of else mailer, notice)
    mail = message_from_bytes(server.raw[-1], policy=policy.compat32)
    return {name: str(value).replace("\r\n", "") for name, value in mail.items()}


def read(header: str) -> str:
    """By RFC 2047, as mail programs do: encoded words that stand side by side are one."""
    return str(make_header(decode_header(header)))


@pytest.mark.parametrize(
    "name",
    [
        "=?utf-8?q?Ann=0D=0ABcc:_eve@example.com?=",
        "=?utf-8?b?QW5uDQpCY2M6IGV2ZUBleGFtcGxlLmNvbQ==?= Expert",
        "Åsa =?utf-8?q?=0D=0A=0D=0ABuy_now?=",
        "Ann =?utf-8?q?Bcc=3A?= " + "x" * 60,
    ],
)
async def test_what_looks_encoded_is_told_as_it_is(server: MailServer, name: str) -> None:
    """Taken for encoded, it would bring line ends into the head."""
    came = await head(server, replace(NOTICE, display_name=name, account_email=name))

    assert list(came) == HEADERS
    assert server.recipients == ["ann@example.com"]
    assert read(came["Subject"]) == f"{name} / {name}"
    assert read(came["To"]) == f"{name} <ann@example.com>"


@pytest.mark.parametrize(
    "name",
    [
        GERMAN,
        "Buchungen über und erneut: nicht und verbinden über verloren " * 3,
        "Reminder, action required: your administrator must allow your calendar " * 2,
        "ß" * 200,
        "🎻" * 100,
        "李雷, Praxis " + "x" * 100,
        "",
    ],
    ids=range(7),
)
async def test_nothing_of_a_long_header_is_lost(server: MailServer, name: str) -> None:
    came = await head(server, replace(NOTICE, display_name=name))

    assert read(came["Subject"]) == f"{name.strip()} / {NOTICE.account_email}".strip()
    called, address = parseaddr(came["To"])
    assert (read(called), address) == (name.strip(), "ann@example.com")
    lines = server.raw[-1].partition(b"\r\n\r\n")[0].split(b"\r\n")
    assert all(line.isascii() for line in lines)
    assert all(len(line) <= 76 for line in lines if b"=?" in line)


async def test_a_plain_name_is_put_in_quotes_where_it_must_be(server: MailServer) -> None:
    came = await head(server, replace(NOTICE, display_name='"Ann" Expert, M.D. \\ Co'))

    assert came["To"] == r'"\"Ann\" Expert, M.D. \\ Co" <ann@example.com>'


async def test_the_sender_is_named_as_the_operator_has_it(server: MailServer) -> None:
    came = await head(server, NOTICE, of=f'"{GERMAN}" <no-reply@sync.example>')

    assert read(came["From"]) == f"{GERMAN} <no-reply@sync.example>"
