"""The mail server that keeps what it gets."""

import asyncio
from email.message import EmailMessage
from email.utils import make_msgid
from urllib.parse import urlsplit

import aiosmtplib
import pytest

from sandbox import Sandbox
from tests.sandbox.client import Http


def mail() -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"] = "service@example.com", "Anna Berg <anna@contoso.example.com>"
    message["Subject"] = "Action required: Grüße"
    message["Message-ID"] = make_msgid(domain="example.com")
    message.set_content("Please reconnect")
    message.add_alternative("<p>Please reconnect</p>", subtype="html")
    return message


async def send(sandbox: Sandbox, message: EmailMessage) -> None:
    address = urlsplit(sandbox.smtp_url)
    await aiosmtplib.send(message, hostname=address.hostname, port=address.port, timeout=5)


async def test_keeps_a_mail_with_both_its_bodies(sandbox: Sandbox, http: Http) -> None:
    message = mail()
    await send(sandbox, message)
    (kept,) = sandbox.mails
    assert (kept.sender, kept.recipients) == ("service@example.com", ("anna@contoso.example.com",))
    assert (kept.subject, kept.message_id) == ("Action required: Grüße", message["Message-ID"])
    assert (kept.text.strip(), kept.html.strip()) == ("Please reconnect", "<p>Please reconnect</p>")
    (listed,) = (await http.request("GET", f"{sandbox.control_url}/mails")).json
    assert listed["recipients"] == ["anna@contoso.example.com"]


@pytest.mark.parametrize("state", ["refusing", "closed"])
async def test_can_be_down_and_up_again(sandbox: Sandbox, http: Http, state: str) -> None:
    order = f"{sandbox.control_url}/mail-server"
    await http.request("PATCH", order, json={"state": state})
    with pytest.raises(aiosmtplib.SMTPException) as refused:
        await send(sandbox, mail())
    if state == "refusing":
        assert "451" in str(refused.value)
    assert sandbox.mails == []
    await http.request("PATCH", order, json={"state": "up"})
    await send(sandbox, mail())
    assert len(sandbox.mails) == 1


async def test_a_mail_can_wait_for_its_answer_until_the_server_hangs_no_more(
    sandbox: Sandbox, http: Http
) -> None:
    order = f"{sandbox.control_url}/mail-server"
    await http.request("PATCH", order, json={"state": "hanging"})
    sending = asyncio.create_task(send(sandbox, mail()))
    async with asyncio.timeout(10):
        while not sandbox.mail_sink.waiting:
            await asyncio.wait([sending], timeout=0.01)
    assert (sending.done(), sandbox.mails) == (False, [])

    await http.request("PATCH", order, json={"state": "up"})
    await sending
    assert (len(sandbox.mails), sandbox.mail_sink.waiting) == (1, 0)


async def test_a_mail_can_be_taken_without_a_word_of_it(sandbox: Sandbox, http: Http) -> None:
    order = f"{sandbox.control_url}/mail-server"
    await http.request("PATCH", order, json={"state": "cut"})
    with pytest.raises(aiosmtplib.SMTPServerDisconnected):
        await send(sandbox, mail())
    assert len(sandbox.mails) == 1


async def test_a_reset_empties_it(sandbox: Sandbox) -> None:
    await send(sandbox, mail())
    await sandbox.reset()
    assert sandbox.mails == []


async def test_an_unknown_address_takes_no_mail_until_it_is_known(sandbox: Sandbox, http: Http) -> None:
    order = f"{sandbox.control_url}/mail-server"
    await http.request("PATCH", order, json={"unknown": ["anna@contoso.example.com"]})
    with pytest.raises(aiosmtplib.SMTPRecipientsRefused) as refused:
        await send(sandbox, mail())
    assert refused.value.recipients[0].code == 550
    assert sandbox.mails == []

    assert (await http.request("PATCH", order, json={"unknown": []})).json == {"state": "up", "unknown": []}
    await send(sandbox, mail())
    assert len(sandbox.mails) == 1
