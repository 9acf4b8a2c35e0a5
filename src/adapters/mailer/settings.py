"""Where and how mail is handed over, read from one URL."""

import ssl
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Self
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit


class SmtpUrlInvalid(ValueError):
    """The URL of the mail server can't be understood; the text never repeats it, since it may hold a password."""


class Encryption(Enum):
    """When the connection is encrypted. OFFERED uses STARTTLS where the server has it, and goes on without."""

    FROM_THE_START = "smtps"
    REQUIRED = "required"
    OFFERED = "auto"
    NEVER = "never"


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpSettings:
    """A mail server. Without a user there is no login."""

    host: str
    port: int
    encryption: Encryption
    user: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)

    @classmethod
    def parse(cls, url: str) -> Self:
        """Reads `smtp://user:password@host:port?starttls=required|auto|never` or `smtps://user:password@host:port`.

        User and password are percent-encoded and optional; the port is 587, or 465 for smtps. Where `starttls`
        is not given it is `required` with a password, so that none is ever sent in clear by accident, and `auto`
        without. Raises SmtpUrlInvalid.
        """
        try:
            parts = urlsplit(url.strip())
        except ValueError:
            raise SmtpUrlInvalid("the mail server's URL is malformed") from None
        port = _port(parts)
        if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
            raise SmtpUrlInvalid("the mail server's URL is not smtp://host or smtps://host")
        if parts.path.strip("/") or parts.fragment:
            raise SmtpUrlInvalid("the mail server's URL has something after the host and port")
        if (parts.username is None) != (parts.password is None):
            raise SmtpUrlInvalid("the mail server's URL has a user or a password, but not both")
        return cls(
            host=parts.hostname,
            port=port or (465 if parts.scheme == "smtps" else 587),
            encryption=_encryption(parts),
            user=None if parts.username is None else unquote(parts.username),
            password=None if parts.password is None else unquote(parts.password),
        )


def _port(parts: SplitResult) -> int | None:
    try:
        return parts.port
    except ValueError:
        raise SmtpUrlInvalid(
            "the mail server's URL has a port that is none: they go from 1 to 65535"
        ) from None


def trusting(ca_file: Path | None) -> ssl.SSLContext:
    """TLS that trusts the authority in a PEM file, or the machine's own authorities."""
    return ssl.create_default_context(cafile=ca_file)


def _encryption(parts: SplitResult) -> Encryption:
    options = parse_qs(parts.query, keep_blank_values=True)
    asked = options.pop("starttls", [])
    if options or len(asked) > 1:
        raise SmtpUrlInvalid("the mail server's URL takes one option, starttls")
    if parts.scheme == "smtps":
        if asked:
            raise SmtpUrlInvalid("smtps:// is encrypted from the start and takes no starttls")
        return Encryption.FROM_THE_START
    if not asked:
        return Encryption.OFFERED if parts.password is None else Encryption.REQUIRED
    if asked[0] not in {"required", "auto", "never"}:
        raise SmtpUrlInvalid("starttls is one of required, auto, never")
    return Encryption(asked[0])
