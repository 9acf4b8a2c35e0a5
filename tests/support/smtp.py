"""A mail server for tests, in the test's own event loop: it takes, refuses, or is down, as it is told."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

USER, PASSWORD = "mail-user", "mail-password"


@dataclass(slots=True, kw_only=True)
class MailServer:
    """What arrived, and what the server answers. `data_reply` and `sender_reply` stand for any refusal."""

    port: int = 0
    received: list[EmailMessage] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    users: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    sender_reply: str = "250 OK"
    data_reply: str = "250 2.0.0 taken"
    hang_up_after_data: bool = False
    silent_after_data: bool = False

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.sender_reply.startswith("250"):
            envelope.mail_from = address
        return self.sender_reply

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if not self.data_reply.startswith("250"):
            return self.data_reply
        assert isinstance(envelope.content, bytes)
        self.raw.append(envelope.content)
        self.received.append(message_from_bytes(envelope.content, policy=policy.default))
        self.recipients += envelope.rcpt_tos
        self.encrypted.append(session.ssl is not None)
        user: bytes | None = session.auth_data
        self.users += [user.decode()] if user else []
        if self.silent_after_data and server.transport is not None:
            server.transport.close()
        if self.hang_up_after_data and server.transport is not None:
            asyncio.get_running_loop().call_soon(server.transport.close)
        return self.data_reply


def _authenticate(
    server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object
) -> AuthResult:
    assert isinstance(data, LoginPassword)
    good = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=good, handled=False, auth_data=data.login if good else None)


@asynccontextmanager
async def mail_server(
    *, tls: ssl.SSLContext | None = None, from_the_start: bool = False, login: bool = False
) -> AsyncIterator[MailServer]:
    """Serves on a free port. With `tls` it offers STARTTLS, or speaks TLS `from_the_start`."""
    state = MailServer()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(
            state,
            hostname="localhost",
            tls_context=None if from_the_start else tls,
            require_starttls=bool(tls) and login and not from_the_start,
            auth_required=login and not from_the_start,
            auth_require_tls=not from_the_start,  # to aiosmtpd, TLS is what STARTTLS began
            authenticator=_authenticate,
        ),
        "127.0.0.1",
        0,
        ssl=tls if from_the_start else None,
    )
    state.port = server.sockets[0].getsockname()[1]
    try:
        yield state
    finally:
        server.close()
        await server.wait_closed()
