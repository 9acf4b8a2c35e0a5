"""What the tests of the real adapters share."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.support.stores import KeptByPostgres, kept_by_postgres


@pytest_asyncio.fixture
async def kept(dsn: str) -> AsyncIterator[KeptByPostgres]:
    """A store in a database of the test's own."""
    async with kept_by_postgres(dsn) as kept:
        yield kept
