"""Mail to experts over SMTP."""

from adapters.mailer.mailer import SmtpMailer
from adapters.mailer.message import SenderInvalid, Signature, parse_sender
from adapters.mailer.settings import SmtpSettings, SmtpUrlInvalid, trusting

__all__ = [
    "SenderInvalid",
    "Signature",
    "SmtpMailer",
    "SmtpSettings",
    "SmtpUrlInvalid",
    "parse_sender",
    "trusting",
]
