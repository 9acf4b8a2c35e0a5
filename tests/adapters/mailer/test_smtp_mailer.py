"""The mails themselves, and what the mail server's answers lead to."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from email.message import EmailMessage

import pytest
import pytest_asyncio

from application.ports.mailer import MailDelayed, MailRefused, ReconnectNotice
from domain.access import LossCause
from tests.support.mailer import NOTICE, NOW, hand_over, smtp_mailer
from tests.support.smtp import MailServer, mail_server


@pytest_asyncio.fixture
async def server() -> AsyncIterator[MailServer]:
    async with mail_server() as server:
        yield server


async def sent(server: MailServer, notice: ReconnectNotice) -> EmailMessage:
    await hand_over(smtp_mailer(f"smtp://127.0.0.1:{server.port}"), notice)
    return server.received[-1]


async def test_its_headers_say_what_kind_of_mail_it_is(server: MailServer) -> None:
    mail = await sent(server, NOTICE)
    assert mail["Subject"] == "Action required: reconnect your Microsoft Outlook calendar"
    assert mail["From"] == "CalendarSync <no-reply@sync.example>"
    assert mail["To"] == "Ann Expert <ann@example.com>"
    assert mail["Message-ID"] == "<incident-1-notice-1@sync.example>"
    assert mail["Date"].datetime == NOW
    assert mail["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize("kind", ["plain", "html"])
async def test_both_forms_name_the_account_and_carry_the_link(server: MailServer, kind: str) -> None:
    text = body(await sent(server, NOTICE), kind)
    assert "Ann Expert" in text
    assert "ann@contoso.example" in text
    link = NOTICE.reconnect_url if kind == "plain" else NOTICE.reconnect_url.replace("&", "&amp;")
    # As HTML also in plain letters, for whom the button doesn't work.
    assert text.count(link) == (1 if kind == "plain" else 3)


@pytest.mark.parametrize("kind", ["plain", "html"])
async def test_a_reminder_says_that_it_is_one(server: MailServer, kind: str) -> None:
    first, reminder = [await sent(server, replace(NOTICE, reminder=reminds)) for reminds in (False, True)]
    assert str(reminder["Subject"]) == f"Reminder, a{str(first['Subject'])[1:]}"
    texts = [" ".join(body(message, kind).split()) for message in (first, reminder)]
    assert ["no longer connected" in text for text in texts] == [True, False]
    assert ["still not connected" in text for text in texts] == [False, True]
    assert ["written to you about this before" in text for text in texts] == [False, True]


@pytest.mark.parametrize("kind", ["plain", "html"])
@pytest.mark.parametrize(
    ("cause", "asks", "says", "not_google"),
    [
        (LossCause.SIGN_IN_REQUIRED, "reconnect your", "settings of your Google account", "password"),
        (LossCause.MAILBOX_NOT_SERVED, "switch on your", "no Google Calendar any more", "mailbox"),
        (
            LossCause.ORGANISATION_DISALLOWS,
            "your administrator must allow your",
            "keeps this app out",
            "assigned",
        ),
    ],
)
async def test_googles_people_are_told_what_happens_at_google(
    server: MailServer, kind: str, cause: LossCause, asks: str, says: str, not_google: str
) -> None:
    mail = await sent(server, replace(NOTICE, provider_name="Google", cause=cause))

    assert mail["Subject"] == f"Action required: {asks} Google calendar"
    text = " ".join(body(mail, kind).split())
    assert says in text
    assert not_google not in text


@pytest.mark.parametrize("kind", ["plain", "html"])
@pytest.mark.parametrize("reminder", [False, True])
async def test_apples_people_are_told_which_password_to_make_and_where_it_goes(
    server: MailServer, kind: str, *, reminder: bool
) -> None:
    mail = await sent(server, replace(NOTICE, provider_name="Apple", reminder=reminder))

    assert str(mail["Subject"]).endswith("ction required: reconnect your Apple calendar")
    text = " ".join(body(mail, kind).split())
    for words in (
        "make a new app-specific password",
        "leads to our page",
        "Usually it was removed, or the password of your Apple ID was changed",
        "never ask for a password by mail",
    ):
        assert words in text
    assert "sign in once more" not in text


@pytest.mark.parametrize("kind", ["plain", "html"])
async def test_apples_people_are_told_where_calendars_are_switched_on(server: MailServer, kind: str) -> None:
    notice = replace(NOTICE, provider_name="Apple", cause=LossCause.MAILBOX_NOT_SERVED)
    mail = await sent(server, notice)

    assert mail["Subject"] == "Action required: switch on your Apple calendar"
    text = " ".join(body(mail, kind).split())
    assert "no calendars any more" in text
    assert "mailbox" not in text


@pytest.mark.parametrize("kind", ["plain", "html"])
async def test_both_forms_are_signed_and_lead_to_the_products_page(server: MailServer, kind: str) -> None:
    text = body(await sent(server, NOTICE), kind)
    assert ("Expert & Sons" if kind == "plain" else "Expert &amp; Sons") in text
    assert text.count("https://experts.example/calendars") == 1


@pytest.mark.parametrize("kind", ["plain", "html"])
@pytest.mark.parametrize(
    ("waiting", "words"),
    [(3, "3 sessions already wait"), (1, "1 session already waits"), (0, "Sessions meant for a calendar")],
)
async def test_both_forms_say_how_many_sessions_wait(
    server: MailServer, kind: str, waiting: int, words: str
) -> None:
    text = body(await sent(server, replace(NOTICE, sessions_at_risk=waiting)), kind)
    assert words in " ".join(text.split())
    assert str(waiting) in text or waiting == 0


async def test_loads_nothing_and_runs_nothing(server: MailServer) -> None:
    page = body(await sent(server, NOTICE), "html")
    assert not any(tag in page for tag in ("<img", "<script", "<link", "src=", "url("))


async def test_escapes_what_people_are_called(server: MailServer) -> None:
    mail = await sent(server, replace(NOTICE, display_name="<b>Ann</b> & Co"))
    assert "&lt;b&gt;Ann&lt;/b&gt; &amp; Co" in body(mail, "html")
    assert "<b>Ann</b> & Co" in body(mail, "plain")


async def test_writes_names_in_any_script(server: MailServer) -> None:
    mail = await sent(server, replace(NOTICE, display_name="Åsa 李 🎻"))
    assert mail["To"].addresses[0].display_name == "Åsa 李 🎻"
    assert "Åsa 李 🎻" in body(mail, "plain")


@pytest.mark.parametrize("ending", ["\r\n", "\n", "\r", "\x00", "\u2028", "\x85"])
async def test_a_name_can_add_no_header_and_no_line(server: MailServer, ending: str) -> None:
    name = f"Ann{ending}Bcc: eve@example.com{ending}{ending}Buy now"
    mail = await sent(server, replace(NOTICE, display_name=name))
    assert mail["Bcc"] is None
    assert server.recipients == ["ann@example.com"]
    assert "Hello Ann Bcc: eve@example.com Buy now," in body(mail, "plain").splitlines()


@pytest.mark.parametrize(
    "address",
    ["", "ann", "ann@example.com, eve@example.com", "ann@example.com\r\nBcc: eve@example.com", "<>"],
)
async def test_refuses_what_is_not_exactly_one_address(server: MailServer, address: str) -> None:
    with pytest.raises(MailRefused):
        await sent(server, replace(NOTICE, to=address))
    assert server.received == []


async def test_refuses_an_address_in_letters_the_server_can_not_carry(server: MailServer) -> None:
    with pytest.raises(MailRefused):
        await sent(server, replace(NOTICE, to="åsa@example.com"))


@pytest.mark.parametrize("code", [421, 450, 451, 452])
async def test_tries_an_address_later_that_is_refused_for_now(server: MailServer, code: int) -> None:
    server.refused["ann@example.com"] = f"{code} 4.2.1 later"
    with pytest.raises(MailDelayed) as delayed:
        await sent(server, NOTICE)
    assert (delayed.value.code, delayed.value.ours) == (code, False)


@pytest.mark.parametrize("reply", ["550 5.7.1 relaying denied", "554 5.7.26 sender not authenticated"])
async def test_blames_no_address_for_a_policy_against_us(server: MailServer, reply: str) -> None:
    server.refused["ann@example.com"] = reply
    with pytest.raises(MailDelayed) as delayed:
        await sent(server, NOTICE)
    assert (delayed.value.reason, delayed.value.ours) == ("refused by policy", True)


async def test_tries_later_when_the_content_is_refused_for_now(server: MailServer) -> None:
    server.data_reply = "452 4.3.1 out of room"
    with pytest.raises(MailDelayed):
        await sent(server, NOTICE)


async def test_gives_up_when_the_content_is_refused_for_good(server: MailServer) -> None:
    server.data_reply = "552 5.2.2 mailbox full"
    with pytest.raises(MailRefused) as refused:
        await sent(server, NOTICE)
    assert refused.value.code == 552


async def test_blames_no_address_when_the_sender_is_refused(server: MailServer) -> None:
    server.sender_reply = "550 5.1.8 unknown sender"
    with pytest.raises(MailDelayed) as delayed:
        await sent(server, NOTICE)
    assert (delayed.value.reason, delayed.value.ours) == ("sender refused", True)


async def test_a_sender_that_is_refused_for_now_is_nobodys_fault(server: MailServer) -> None:
    server.sender_reply = "451 4.7.1 come back later"
    with pytest.raises(MailDelayed) as delayed:
        await sent(server, NOTICE)
    assert (delayed.value.reason, delayed.value.ours) == ("sender refused", False)


async def test_a_bad_goodbye_after_the_mail_was_taken_is_no_failure(server: MailServer) -> None:
    server.hang_up_after_data = True
    await sent(server, NOTICE)
    assert server.recipients == ["ann@example.com"]


async def test_tries_later_when_nobody_listens() -> None:
    async with mail_server() as server:
        url = f"smtp://127.0.0.1:{server.port}"
    with pytest.raises(MailDelayed) as delayed:
        await hand_over(smtp_mailer(url), NOTICE)
    assert delayed.value.reason == "not reachable"


async def test_tries_later_when_the_server_never_answers() -> None:
    async with silent_server() as url:
        with pytest.raises(MailDelayed) as delayed:
            await hand_over(smtp_mailer(url, timeout=0.05), NOTICE)
    assert delayed.value.reason == "timed out"


@asynccontextmanager
async def silent_server() -> AsyncIterator[str]:
    """Takes connections and says nothing until the other side is gone."""

    async def wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        await writer.wait_closed()
        gone.set()

    gone = asyncio.Event()
    server = await asyncio.start_server(wait, "127.0.0.1", 0)
    async with server:
        yield f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        await gone.wait()


def body(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None
    content = part.get_content()
    assert isinstance(content, str)
    return content
