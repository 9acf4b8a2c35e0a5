"""Settings of the database, and of what is kept there."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from pydantic import BaseModel, Field, SecretStr, field_validator

from adapters.crypto import KeyRing
from adapters.postgres.cells import DEFAULT_CELL, checked_cell
from adapters.postgres.dsn import checked_dsn

_weak_ones_open: ContextVar[bool] = ContextVar("weak_ones_open", default=False)


@contextmanager
def weak_keys_may_open() -> Iterator[None]:
    """While the block runs, settings may have weak keys behind the first: for whoever seals anew what those sealed."""
    token = _weak_ones_open.set(True)
    try:
        yield
    finally:
        _weak_ones_open.reset(token)


class DatabaseSettings(BaseModel):
    """Database"""

    database_url: SecretStr = Field(
        description="PostgreSQL, as `postgresql://user:password@host:port/database` or a DSN; in a URL, everything but"
        " letters and digits in user and password is percent-encoded. It must lead to the primary; of several hosts the"
        " one is taken that can be written to"
    )
    cell: str = Field(
        default=DEFAULT_CELL,
        description="the schema with everything of this cell in it, of which a database may have several"
        " (docs/cells.md): a lower-case letter, then up to 39 letters, digits or underscores",
    )
    database_pool_size: int = Field(
        default=10,
        ge=4,
        le=200,
        description="maximum of connections per process; four more are kept for answers (two), for new sessions and for"
        " the feed of changes, and in workers one for wake-ups",
    )
    encryption_keys: SecretStr = Field(
        description="`id:base64,id2:base64`, 32 random bytes each; the first seals, all open. `rotate-keys` helps to"
        " exchange one"
    )
    changes_kept_days: int = Field(
        default=7, ge=1, le=365, description="how long the feed of changes can be resumed"
    )
    audit_kept_days: int = Field(
        default=400,
        ge=31,  # the database itself refuses to lose what is younger than 30 days
        le=3660,
        description="how long entries of the audit log are kept",
    )

    sessions_kept_days: int = Field(
        default=400,
        ge=31,
        le=36_500,
        description="how long sessions are kept after they ended, and incidents after they were closed; nothing is"
        " forgotten that is still to be written, waits, or has an event that is still to be removed",
    )

    @field_validator("database_url")
    @classmethod
    def _database(cls, value: SecretStr) -> SecretStr:
        return SecretStr(checked_dsn(value.get_secret_value()))

    @field_validator("cell")
    @classmethod
    def _cell(cls, value: str) -> str:
        return checked_cell(value)

    @field_validator("encryption_keys")
    @classmethod
    def _keys(cls, value: SecretStr) -> SecretStr:
        KeyRing.parse(value.get_secret_value(), weak_ones_open=_weak_ones_open.get())
        return value
