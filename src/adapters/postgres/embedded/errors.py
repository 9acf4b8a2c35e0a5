"""Why no server of our own can run; the texts are for the person who started the service."""


class PostgresUnavailable(RuntimeError):
    """No PostgreSQL server can be run here; the text says why and what to do."""


class DataInUse(PostgresUnavailable):
    """Another process runs a server on this data folder."""
