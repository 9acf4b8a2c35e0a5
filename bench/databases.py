"""Databases of a run beside the first, and who is connected to them."""

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo


def new_database(dsn: str, name: str) -> str:
    """The DSN of an empty database in the same server."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return make_conninfo(dsn, dbname=name)


def connections_to(dsn: str) -> int:
    """How many clients are connected to this database, without the one that asks."""
    with psycopg.connect(dsn) as connection:
        asked = """
            SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
            """
        row = connection.execute(asked).fetchone()
    assert row is not None
    return int(row[0])
