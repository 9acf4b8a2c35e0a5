"""A database without the service's tables is one that can be asked, and that nothing runs on."""

from adapters.postgres.census import PostgresCensus
from adapters.postgres.pool import open_pool


async def test_a_database_that_was_never_migrated_has_no_version(empty_dsn: str) -> None:
    async with open_pool(empty_dsn) as pool:
        assert await PostgresCensus(pool=pool).schema_version() == ""
