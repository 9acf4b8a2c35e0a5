"""Settings of the mails to experts."""

from enum import Enum
from typing import Annotated, Any

from pydantic import BaseModel, Field, SecretStr, field_validator

from adapters.mailer import SmtpSettings, parse_sender
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
    """Faults between fields that are right by themselves."""
    mail = values.get("mail", Mail.ON)
    if mail is Mail.OFF or str(mail).lower() == Mail.OFF.value:
        return []
    return [f"{variable(name)}: is missing" for name in ("smtp_url", "mail_from") if name not in values]
