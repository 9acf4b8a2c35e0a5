"""Writes the mails: text and HTML from templates, headers that nothing from outside can break."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from application.ports.mailer import MailRefused, ReconnectNotice
from domain.access import LossCause

TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("templates")),
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)

SUBJECTS: Mapping[LossCause, str] = {
    LossCause.SIGN_IN_REQUIRED: "reconnect your",
    LossCause.ORGANISATION_DISALLOWS: "your administrator must allow your",
    LossCause.ACCOUNT_CLOSED: "replace your",
    LossCause.MAILBOX_NOT_SERVED: "there is no mailbox behind your",
}
SUBJECTS_AT: Mapping[tuple[str, LossCause], str] = {
    ("Google", LossCause.MAILBOX_NOT_SERVED): "switch on your",
    ("Apple", LossCause.MAILBOX_NOT_SERVED): "switch on your",
}
"""Where a provider's people know the thing under another name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """Who signs a mail: the product, and its own page of connected calendars where it has one."""

    name: str
    url: str | None = None


class SenderInvalid(ValueError):
    """The sender is no mail address."""


def parse_sender(text: str) -> Address:
    """Reads `name@host` or `Name <name@host>`. Raises SenderInvalid."""
    name, address = parseaddr(text)
    try:
        return Address(display_name=name, addr_spec=address)
    except (ValueError, IndexError, MessageError):
        raise SenderInvalid("the sender is not written as name@host or Name <name@host>") from None


def reconnect_message(
    notice: ReconnectNotice, *, sender: Address, signature: Signature, sent_at: datetime
) -> EmailMessage:
    """The "Action required" mail. Raises MailRefused when `notice.to` is no address."""
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = _recipient(notice)
    begin = "Reminder, action required" if notice.reminder else "Action required"
    message["Subject"] = f"{begin}: {_asks(notice)} {one_line(notice.provider_name)} calendar"
    message["Date"] = sent_at
    message["Message-ID"] = f"<{re.sub(r'[^A-Za-z0-9._-]', '', notice.message_id)}@{sender.domain}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: answer with no absence notice
    message["X-Auto-Response-Suppress"] = "All"  # the same for Exchange
    words = {
        "name": one_line(notice.display_name),
        "account": one_line(notice.account_email),
        "provider": one_line(notice.provider_name),
        "url": notice.reconnect_url,
        "waiting": notice.sessions_at_risk,
        "product": signature.name,
        "product_url": signature.url,
        "cause": notice.cause.value,
        "reminder": notice.reminder,
    }
    message.set_content(TEMPLATES.get_template("reconnect.txt").render(words))
    message.add_alternative(TEMPLATES.get_template("reconnect.html").render(words), subtype="html")
    return message


def _asks(notice: ReconnectNotice) -> str:
    return SUBJECTS_AT.get((notice.provider_name, notice.cause)) or SUBJECTS[notice.cause]


def one_line(text: str) -> str:
    """Without line breaks and other control characters, which could forge headers or paragraphs."""
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())


def _recipient(notice: ReconnectNotice) -> Address:
    try:
        return Address(display_name=one_line(notice.display_name), addr_spec=notice.to)
    except (ValueError, IndexError, MessageError):
        raise MailRefused from None
