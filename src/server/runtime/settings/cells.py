"""Settings of experts who move from one cell to another."""

from pydantic import BaseModel, Field, SecretStr, field_validator

from adapters.crypto import KeyRing
from adapters.postgres.dsn import checked_dsn


class CellsSettings(BaseModel):
    """Cells"""

    to_database_url: SecretStr | None = Field(
        default=None,
        description="for `move-expert` only: where the other cell is, if not in the database of `DATABASE_URL`",
    )
    to_encryption_keys: SecretStr | None = Field(
        default=None,
        description="for `move-expert` only: the other cell's keys, if they are not those of `ENCRYPTION_KEYS`",
    )
    moved_kept_days: int = Field(
        default=90,
        ge=1,
        le=3650,
        description="how long a cell tells callers and browsers where an expert went who has left it; until then every"
        " caller must have learned it",
    )

    @field_validator("to_database_url")
    @classmethod
    def _to_database(cls, value: SecretStr | None) -> SecretStr | None:
        return None if value is None else SecretStr(checked_dsn(value.get_secret_value()))

    @field_validator("to_encryption_keys")
    @classmethod
    def _to_keys(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            KeyRing.parse(value.get_secret_value())
        return value
