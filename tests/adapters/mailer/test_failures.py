"""The table of failures is complete for what the mail client can raise."""

import aiosmtplib
import pytest

from adapters.mailer.failures import translate
from application.ports.mailer import MailDelayed, MailRefused

RAISED: dict[str, Exception] = {
    "SMTPException": aiosmtplib.SMTPException("secret"),
    "SMTPNotSupported": aiosmtplib.SMTPNotSupported("secret"),
    "SMTPConnectError": aiosmtplib.SMTPConnectError("secret"),
    "SMTPConnectTimeoutError": aiosmtplib.SMTPConnectTimeoutError("secret"),
    "SMTPConnectResponseError": aiosmtplib.SMTPConnectResponseError(554, "secret"),
    "SMTPServerDisconnected": aiosmtplib.SMTPServerDisconnected("secret"),
    "SMTPTimeoutError": aiosmtplib.SMTPTimeoutError("secret"),
    "SMTPReadTimeoutError": aiosmtplib.SMTPReadTimeoutError("secret"),
    "SMTPResponseException": aiosmtplib.SMTPResponseException(500, "secret"),
    "SMTPHeloError": aiosmtplib.SMTPHeloError(501, "secret"),
    "SMTPDataError": aiosmtplib.SMTPDataError(554, "secret"),
    "SMTPAuthenticationError": aiosmtplib.SMTPAuthenticationError(535, "secret"),
    "SMTPSenderRefused": aiosmtplib.SMTPSenderRefused(550, "secret", "secret"),
    "SMTPRecipientRefused": aiosmtplib.SMTPRecipientRefused(550, "secret", "secret"),
    "SMTPRecipientsRefused": aiosmtplib.SMTPRecipientsRefused(
        [aiosmtplib.SMTPRecipientRefused(550, "secret", "secret")]
    ),
}
FOR_GOOD = {"SMTPNotSupported", "SMTPDataError", "SMTPRecipientRefused", "SMTPRecipientsRefused"}


def test_knows_every_error_of_the_mail_client() -> None:
    assert set(RAISED) == set(aiosmtplib.errors.__all__)


@pytest.mark.parametrize("name", RAISED)
def test_gives_up_only_on_what_is_said_of_the_address(name: str) -> None:
    translated = translate(RAISED[name])
    assert isinstance(translated, MailRefused if name in FOR_GOOD else MailDelayed)


@pytest.mark.parametrize("name", RAISED)
def test_repeats_nothing_the_server_said(name: str) -> None:
    assert "secret" not in repr(translate(RAISED[name])) + str(translate(RAISED[name]))
