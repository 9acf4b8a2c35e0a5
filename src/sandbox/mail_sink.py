"""A mail server that accepts everything and keeps it, for reading what a service sent."""

import asyncio
import email
import email.policy
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Literal

from aiosmtpd.smtp import SMTP, Envelope, Session

MailState = Literal["up", "refusing", "closed", "hanging", "cut"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One mail as it arrived; `text` and `html` are its two bodies, empty where it has none."""

    sender: str
    recipients: tuple[str, ...]
    to: str
    subject: str
    text: str
    html: str
    message_id: str


class _Protocol(SMTP):
    """SMTP that can be out of order from the first byte."""

    def __init__(self, sink: "MailSink") -> None:
        super().__init__(sink, hostname="localhost")
        self._sink = sink

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if self._sink.state == "closed" and isinstance(transport, asyncio.Transport):
            transport.abort()


class MailSink:
    """Keeps the mails of an SMTP server.

    `state` "refusing" answers every mail with 451, "closed" drops every connection, "hanging" gives no answer to any
    mail until the state changes (`waiting` counts them), "cut" takes a mail and drops the connection instead of saying
    so, "up" accepts everything but mail to an address in `unknown`, which is answered with 550.
    """

    def __init__(self) -> None:
        self.mails: list[Mail] = []
        self.waiting = 0
        self._state: MailState = "up"
        self._answers = asyncio.Event()
        self.unknown: set[str] = set()
        self._server: asyncio.Server | None = None

    @property
    def state(self) -> MailState:
        return self._state

    @state.setter
    def state(self, state: MailState) -> None:
        self._state = state
        self._answers.set()
        self._answers = asyncio.Event()

    def reset(self) -> None:
        """Forget the mails, know every address, and be up."""
        self.mails.clear()
        self.unknown.clear()
        self.state = "up"

    async def start(self, host: str, port: int) -> int:
        """Listen; returns the port."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Protocol(self), host, port)
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Stop listening; whoever waits gets an answer."""
        self.state = "up"
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Accept a sender, unless the server is refusing, and not while it is hanging."""
        await self._while_hanging()
        if self.state not in {"up", "cut"}:
            return "451 4.3.0 Temporarily unavailable"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def _while_hanging(self) -> None:
        self.waiting += 1
        try:
            while self._state == "hanging":
                await self._answers.wait()
        finally:
            self.waiting -= 1

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Accept a recipient who is not unknown."""
        if address in self.unknown:
            return "550 5.1.1 No such mailbox here"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Keep a mail, unless the server is refusing."""
        if self.state not in {"up", "cut"}:
            return "451 4.3.0 Temporarily unavailable"
        content = (
            envelope.content if isinstance(envelope.content, bytes) else (envelope.content or "").encode()
        )
        self.mails.append(_parse(envelope, content))
        if self.state == "cut" and isinstance(server.transport, asyncio.Transport):
            server.transport.abort()
        return "250 2.0.0 OK"


def _parse(envelope: Envelope, content: bytes) -> Mail:
    message = email.message_from_bytes(content, policy=email.policy.default)
    return Mail(
        sender=envelope.mail_from or "",
        recipients=tuple(envelope.rcpt_tos),
        to=str(message["To"] or ""),
        subject=str(message["Subject"] or ""),
        text=_body(message, "plain"),
        html=_body(message, "html"),
        message_id=str(message["Message-ID"] or "").strip(),
    )


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return part.get_content() if part is not None else ""
