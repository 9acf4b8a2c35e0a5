"""Hands mail to an SMTP server."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage

import aiosmtplib

from adapters.mailer.catalogue import Catalogue, Written
from adapters.mailer.client import Client
from adapters.mailer.failures import translated
from adapters.mailer.message import reconnect_message
from adapters.mailer.settings import Encryption, SmtpSettings
from adapters.mailer.words import Signature, words_of
from application.ports.clock import Clock
from application.ports.mailer import MailDelayed, ReconnectNotice

START_TLS = {
    Encryption.FROM_THE_START: False,
    Encryption.REQUIRED: True,
    Encryption.OFFERED: None,
    Encryption.NEVER: False,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpMailer:
    """A Mailer that opens a connection for each mail.

    `timeout` is how many seconds the server has for one reply; a whole mail gets four times as long.
    """

    smtp: SmtpSettings
    sender: Address
    signature: Signature
    catalogue: Catalogue
    tls: ssl.SSLContext
    clock: Clock
    timeout: float = 15.0

    async def send_reconnect_notice(
        self, notice: ReconnectNotice, *, before_handover: Callable[[], Awaitable[None]]
    ) -> None:
        """See the port."""
        message = reconnect_message(
            notice, self._written(notice), sender=self.sender, sent_at=self.clock.now()
        )
        await self._send(message, notice.to, before_handover)

    def _written(self, notice: ReconnectNotice) -> Written:
        try:
            return self.catalogue.write(notice.locale, words_of(notice, self.signature))
        except Exception:  # noqa: BLE001 - an operator's template, which may raise anything; its text may name people
            raise MailDelayed(reason="template failed", ours=True) from None

    async def _send(
        self, message: EmailMessage, to: str, before_handover: Callable[[], Awaitable[None]]
    ) -> None:
        client = Client(
            before_data=before_handover,
            hostname=self.smtp.host,
            port=self.smtp.port,
            username=self.smtp.user,
            password=self.smtp.password,
            use_tls=self.smtp.encryption is Encryption.FROM_THE_START,
            start_tls=START_TLS[self.smtp.encryption],
            tls_context=self.tls,
            timeout=self.timeout,
        )
        try:
            with translated(lambda: client.unanswered):
                async with asyncio.timeout(4 * self.timeout):
                    await client.connect()
                    await client.send_message(message, sender=self.sender.addr_spec, recipients=[to])
            with suppress(
                aiosmtplib.SMTPException, OSError
            ):  # the mail is taken: a bad goodbye changes nothing
                await client.quit()
        finally:
            client.close()
