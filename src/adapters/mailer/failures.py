"""What a failed hand-over means: no use in trying this address again, or try later."""

import re
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import aiosmtplib

from application.ports.mailer import MailDelayed, MailRefused, MailUncertain

# In this order: the first class that fits counts. All of these are the way's fault or ours, not the address's.
DELAYS: tuple[tuple[type[Exception], str], ...] = (
    (aiosmtplib.SMTPAuthenticationError, "login refused"),
    (aiosmtplib.SMTPSenderRefused, "sender refused"),
    (aiosmtplib.SMTPHeloError, "greeting refused"),
    (aiosmtplib.SMTPResponseException, "not now"),
    (ssl.SSLError, "no trusted encryption"),
    (TimeoutError, "timed out"),
    (OSError, "not reachable"),
    (aiosmtplib.SMTPException, "not usable as set up"),
)
OURS = {
    "login refused",
    "sender refused",
    "refused by policy",
    "no trusted encryption",
    "not usable as set up",
}
"""What only our operator can mend, unless the server says that it is for now."""
# RFC 3463: x.7.y is about security and policy, such as relaying or a sender's reputation: ours to mend.
POLICY = re.compile(r"\b[245]\.7\.\d")
LASTING = 500
"""Replies below are for now (RFC 5321, 4.2.1)."""
LOGIN_NEEDED = {530, 534, 535, 538}  # RFC 4954


@contextmanager
def translated(unanswered: Callable[[], bool]) -> Iterator[None]:
    """Turns what aiosmtplib, TLS and the network raise into the port's errors.

    `unanswered` says whether the server was given the mail and has not answered.
    """
    try:
        yield
    except (aiosmtplib.SMTPException, OSError) as exc:
        raise (MailUncertain() if unanswered() else translate(exc)) from exc


def translate(exc: Exception) -> MailRefused | MailDelayed:
    """The port's error for one of the mail client's."""
    match exc:
        case aiosmtplib.SMTPRecipientsRefused():
            return translate(exc.recipients[0])
        case aiosmtplib.SMTPRecipientRefused() | aiosmtplib.SMTPDataError():
            return _by_code(exc.code, exc.message)
        case aiosmtplib.SMTPNotSupported():  # an address in letters the server can't carry (SMTPUTF8)
            return MailRefused()
    if isinstance(exc.__cause__, ssl.SSLError):  # met while connecting, and wrapped
        return translate(exc.__cause__)
    reason = next((reason for kind, reason in DELAYS if isinstance(exc, kind)), "failed")
    code = exc.code if isinstance(exc, aiosmtplib.SMTPResponseException) else None
    return _delayed(reason, code)


def _by_code(code: int, message: str) -> MailRefused | MailDelayed:
    if code in LOGIN_NEEDED:
        return _delayed("login refused", code)
    if POLICY.search(message):
        return _delayed("refused by policy", code)
    return MailRefused(code=code) if code >= LASTING else _delayed("not now", code)


def _delayed(reason: str, code: int | None) -> MailDelayed:
    return MailDelayed(reason=reason, code=code, ours=reason in OURS and (code or LASTING) >= LASTING)
