"""Which build of the service this is."""

from importlib.metadata import version
from typing import Final

DISTRIBUTION: Final = "calendarsync-service"
"""Under this name it is installed; pyproject.toml says the version, and nothing else does."""


def build_version() -> str:
    return version(DISTRIBUTION)
