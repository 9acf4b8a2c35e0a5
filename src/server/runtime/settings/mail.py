"""Settings of the mails to experts."""

from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, Field, SecretStr, field_validator

from adapters.mailer import ENGLISH, MailTemplatesInvalid, SmtpSettings, load_catalogue, parse_sender
from domain.language import nearest_language
from server.runtime.settings.kinds import AnyCase, ReadableFile
from server.runtime.settings.names import variable


class Mail(Enum):
    """Who mails an expert that an account needs a new sign-in."""

    ON = "on"
    OFF = "off"
    """The caller, who hears of it through the feed and gets the link from ListIncidents."""


class MailSettings(BaseModel):
    """Mail"""

    mail: Annotated[Mail, AnyCase] = Field(
        default=Mail.ON,
        description="who tells experts by mail that an account needs a new sign-in: `on`, the service; `off`, the"
        " caller, and the next three are not needed",
    )
    smtp_url: SecretStr | None = Field(
        default=None,
        description=r"`smtp://user:password@host:port` or `smtps://`; `?starttls=required\|auto\|never`",
    )
    smtp_ca_file: ReadableFile | None = Field(
        default=None, description="certificate authority to trust for it"
    )
    mail_from: str | None = Field(default=None, description="`name@host` or `Name <name@host>`")
    default_language: str = Field(
        default=ENGLISH,
        description="language of mails to experts whose `locale` is empty or not there, and of pages for browsers that"
        " ask for none of theirs: `en` or `de`; of mails also one of `MAIL_TEMPLATES`, and pages are English then",
    )
    mail_templates: Path | None = Field(
        default=None,
        description="folder with templates in the place of the built-in ones, or in further languages: see"
        " [Mails](mails.md)",
    )

    @field_validator("smtp_url")
    @classmethod
    def _mail_server(cls, value: SecretStr) -> SecretStr:
        SmtpSettings.parse(value.get_secret_value())
        return value

    @field_validator("mail_from")
    @classmethod
    def _sender(cls, value: str) -> str:
        parse_sender(value)
        return value


def contradictions(values: dict[str, Any]) -> list[str]:
    """Faults between fields that are right by themselves, and of the files that they name."""
    mail, missing = values.get("mail", Mail.ON), list[str]()
    if mail is not Mail.OFF and str(mail).lower() != Mail.OFF.value:
        missing = [
            f"{variable(name)}: is missing" for name in ("smtp_url", "mail_from") if name not in values
        ]
    return [*missing, *_faults_of_templates(values)]


def _faults_of_templates(values: dict[str, Any]) -> Iterator[str]:
    folder = values.get("mail_templates")
    try:
        catalogue = load_catalogue(None if folder is None else Path(folder))
    except MailTemplatesInvalid as invalid:
        yield from (f"{variable('mail_templates')}: {fault}" for fault in invalid.faults)
        return
    if nearest_language(str(values.get("default_language", ENGLISH)), catalogue.languages) is None:
        there = ", ".join(sorted(catalogue.languages))
        yield f"{variable('default_language')}: there are no mails in it, only in: {there}"
