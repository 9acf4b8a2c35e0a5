"""Mail to experts over SMTP."""

from adapters.mailer.catalogue import ENGLISH, Catalogue
from adapters.mailer.mailer import SmtpMailer
from adapters.mailer.message import SenderInvalid, parse_sender
from adapters.mailer.overrides import MailTemplatesInvalid, load_catalogue
from adapters.mailer.settings import SmtpSettings, SmtpUrlInvalid, trusting
from adapters.mailer.words import Signature

__all__ = [
    "ENGLISH",
    "Catalogue",
    "MailTemplatesInvalid",
    "SenderInvalid",
    "Signature",
    "SmtpMailer",
    "SmtpSettings",
    "SmtpUrlInvalid",
    "load_catalogue",
    "parse_sender",
    "trusting",
]
