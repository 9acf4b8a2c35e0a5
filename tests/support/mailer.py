"""A notice to send, and a mailer that sends it to a test's server."""

import ssl
from datetime import UTC, date, datetime

from adapters.mailer import Catalogue, Signature, SmtpMailer, SmtpSettings, load_catalogue, parse_sender
from application.ports.mailer import Mailer, ReconnectNotice
from domain.access import LossCause

NOTICE = ReconnectNotice(
    to="ann@example.com",
    display_name="Ann Expert",
    account_email="ann@contoso.example",
    reconnect_url="https://calendar.example/reconnect/abc?x=1&y=2",
    message_id="incident-1-notice-1",
    provider_name="Microsoft Outlook",
    cause=LossCause.SIGN_IN_REQUIRED,
    lost_on=date(2027, 3, 1),
    sessions_at_risk=3,
)


async def nothing_first() -> None:
    """For a notice that is sent without anything being noted."""


async def hand_over(mailer: Mailer, notice: ReconnectNotice = NOTICE) -> None:
    await mailer.send_reconnect_notice(notice, before_handover=nothing_first)


NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)


class StillClock:
    def now(self) -> datetime:
        return NOW


SIGNATURE = Signature(name="Expert & Sons", url="https://experts.example/calendars")
CATALOGUE = load_catalogue()
USUAL_TLS = ssl.create_default_context()
"""Made once: reading all authorities takes longer than a mail."""


def smtp_mailer(
    url: str, *, tls: ssl.SSLContext | None = None, timeout: float = 5, catalogue: Catalogue = CATALOGUE
) -> SmtpMailer:
    return SmtpMailer(
        smtp=SmtpSettings.parse(url),
        sender=parse_sender("CalendarSync <no-reply@sync.example>"),
        signature=SIGNATURE,
        catalogue=catalogue,
        tls=tls or USUAL_TLS,
        clock=StillClock(),
        timeout=timeout,
    )
