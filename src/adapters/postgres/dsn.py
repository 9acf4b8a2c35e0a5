"""Where the database is: checked before it is used, and what it means when it can't be reached.

libpq's own texts repeat what they were given, the password included, so none of them leaves this module.
"""

import re
from collections.abc import Mapping
from enum import Enum
from typing import Final

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

SCHEMES: Final = {"postgresql", "postgres"}
WITH_SCHEME: Final = re.compile(r"\s*([^\s:/=]+)://")
SSL_MODES: Final = {"disable", "allow", "prefer", "require", "verify-ca", "verify-full"}
HIGHEST_PORT: Final = 65_535


class DsnInvalid(ValueError):
    """The address can't be used; the text never repeats any of it."""


class Refusal(Enum):
    """Why there is no connection. The value says it to an operator."""

    NO_SUCH_HOST = "no host has its name"
    NOT_LISTENING = "nobody listens at its host and port"
    TIMED_OUT = "its host doesn't answer"
    AUTHENTICATION = "it refuses the user or the password"
    NO_SUCH_DATABASE = "the server has no database of its name"
    NOT_PERMITTED = "the user may not connect to the database"
    FULL = "the server takes no more connections"
    STARTING = "the server is starting or stopping"
    ENCRYPTION = "there is no encryption that both sides accept"
    STANDBY = "it is a standby, and only the primary is asked: it may be behind"
    NO_SUCH_CELL = "the database has no schema of the cell's name, or the user may not use it"
    OTHER = "the connection fails, and the server's log may say why"

    @property
    def passes(self) -> bool:
        """Whether waiting alone may help."""
        return self not in {
            Refusal.AUTHENTICATION,
            Refusal.NO_SUCH_DATABASE,
            Refusal.NOT_PERMITTED,
            Refusal.ENCRYPTION,
            Refusal.NO_SUCH_CELL,
        }


SIGNS: Final[Mapping[Refusal, str]] = {
    Refusal.NO_SUCH_HOST: r"failed to resolve host|could not translate host name",
    Refusal.AUTHENTICATION: r"authentication failed|no password supplied|role \".*\" does not exist|pg_hba\.conf",
    Refusal.NO_SUCH_DATABASE: r"database \".*\" does not exist",
    Refusal.NOT_PERMITTED: r"permission denied for database|is not permitted to log in|not currently accepting",
    Refusal.FULL: r"too many (clients|connections)|connection slots are reserved",
    Refusal.STARTING: r"is starting up|is shutting down|in recovery mode|not yet accepting connections",
    Refusal.ENCRYPTION: r"\bSSL\b|certificate",
    Refusal.STANDBY: r"is a standby|session is read-only|in hot standby mode",
    Refusal.NO_SUCH_CELL: r"no schema of the cell",
    Refusal.NOT_LISTENING: r"refused|No such file or directory",
    Refusal.TIMED_OUT: r"timeout expired|timed out|No route to host|unreachable",
}
"""In what libpq and psycopg (3.3) say; the first that fits counts. A failed connection brings no SQLSTATE, and a server
that speaks another language is understood by nobody here: OTHER."""


def checked_dsn(text: str) -> str:
    """The address without white space around it; of several hosts the one is meant that can be written to.

    Raises DsnInvalid.
    """
    dsn = text.strip()
    scheme = WITH_SCHEME.match(dsn)
    if scheme and scheme[1] not in SCHEMES:
        raise DsnInvalid("must be a URL that begins with postgresql://, or a DSN such as host=db dbname=app")
    try:
        parts = {name: str(value) for name, value in conninfo_to_dict(dsn).items()}
    except (psycopg.Error, UnicodeError, ValueError):
        raise DsnInvalid(
            "is no URL of a PostgreSQL and no DSN, or has an option nobody knows; in a URL, what is not a letter or a "
            "digit in the user or the password must be percent-encoded"
        ) from None
    _require_sound(parts)
    if "," in parts.get("host", "") and "target_session_attrs" not in parts:
        return make_conninfo(dsn, target_session_attrs="read-write")
    return dsn


def refusal_in(error: BaseException) -> Refusal:
    """What an error of psycopg's means that came instead of a connection."""
    said = str(error)
    return next((one for one, sign in SIGNS.items() if re.search(sign, said)), Refusal.OTHER)


def _require_sound(parts: Mapping[str, str]) -> None:
    hosts = parts.get("host", "").split(",")
    ports = parts.get("port", "").split(",")
    if any(one and not (one.isdecimal() and 1 <= int(one) <= HIGHEST_PORT) for one in ports):
        raise DsnInvalid(f"must have a port from 1 to {HIGHEST_PORT}")
    if len(ports) not in {1, len(hosts)}:
        raise DsnInvalid("must have one port, or as many as hosts")
    if any("@" in one and not one.startswith("@") for one in hosts):
        raise DsnInvalid(
            "has an @ in its host: in the user or the password it must be percent-encoded, as %40"
        )
    if parts.get("sslmode", "prefer") not in SSL_MODES:
        raise DsnInvalid(f"must have an sslmode of {', '.join(sorted(SSL_MODES))}")
    if not parts.get("connect_timeout", "0").isdecimal():
        raise DsnInvalid("must have a connect_timeout in whole seconds")
