"""Puts the mails together: what was written, under headers that nothing from outside can break."""

import re
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr

from adapters.mailer.catalogue import Written
from adapters.mailer.headers import MailboxHeader, TextHeader
from adapters.mailer.words import one_line
from application.ports.mailer import MailRefused, ReconnectNotice


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
    notice: ReconnectNotice, written: Written, *, sender: Address, sent_at: datetime
) -> EmailMessage:
    """The "Action required" mail. Raises MailRefused when `notice.to` is no address."""
    message = EmailMessage(policy=SMTP)
    message["From"] = MailboxHeader("From", sender.display_name, sender.addr_spec)
    message["To"] = MailboxHeader("To", one_line(notice.display_name), _address(notice.to))
    message["Subject"] = TextHeader("Subject", written.subject)
    message["Date"] = sent_at
    message["Message-ID"] = f"<{re.sub(r'[^A-Za-z0-9._-]', '', notice.message_id)}@{sender.domain}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: answer with no absence notice
    message["X-Auto-Response-Suppress"] = "All"  # the same for Exchange
    message.set_content(written.text)
    message.add_alternative(written.html, subtype="html")
    message["Content-Language"] = written.language  # not before: it would become the first form's alone
    return message


def _address(to: str) -> str:
    try:
        return Address(addr_spec=to).addr_spec
    except (ValueError, IndexError, MessageError):
        raise MailRefused from None
