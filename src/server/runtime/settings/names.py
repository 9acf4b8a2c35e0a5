"""The names of the variables."""

from typing import Final

PREFIX: Final = "CALENDARSYNC_"
FOR_TESTS: Final = "CALENDARSYNC_TEST_"
"""Read by the project's own tests, and no setting of the service."""


def variable(field: str) -> str:
    """The environment variable of a field: `database_url` is CALENDARSYNC_DATABASE_URL."""
    return PREFIX + field.upper()
