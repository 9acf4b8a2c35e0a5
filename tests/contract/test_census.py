"""What the database says of the service itself."""

from adapters.postgres.migrate import needed_version
from tests.support.stores import Kept


async def test_tells_the_version_of_its_schema(kept: Kept) -> None:
    assert await kept.census.schema_version() == needed_version()
