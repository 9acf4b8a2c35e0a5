"""A PostgreSQL server of our own, for machines that have none."""

from adapters.postgres.embedded.account import reachable_data_folder
from adapters.postgres.embedded.errors import DataInUse, PostgresUnavailable
from adapters.postgres.embedded.server import EmbeddedPostgres, embedded_postgres

__all__ = [
    "DataInUse",
    "EmbeddedPostgres",
    "PostgresUnavailable",
    "embedded_postgres",
    "reachable_data_folder",
]
