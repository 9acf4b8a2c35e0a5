"""Sign-ins that a process of the version before began, which said where the browser goes and no more."""

import pytest

from domain.connection import Way
from tests.builders import EXPERT, an_attempt
from tests.support.stores import KeptByPostgres, put_expert


@pytest.mark.parametrize(
    ("return_url", "way"), [("https://app.example/calendars", Way.RETURN_URL), (None, None)]
)
async def test_only_a_url_to_return_to_says_how_it_was_begun(
    kept: KeptByPostgres, return_url: str | None, way: Way | None
) -> None:
    await put_expert(kept)
    async with kept.transaction() as tx:
        await tx.attempts.add(an_attempt(way=Way.NOWHERE, return_url=return_url))
    await kept.rows("UPDATE connection_attempt SET way = NULL RETURNING way")

    async with kept.transaction() as tx:
        attempt = await tx.attempts.take("state-1", of=EXPERT)

    assert attempt == an_attempt(way=way, return_url=return_url)
    if way is None:
        # Finished at either end, as that version did.
        attempt.require_way(by_caller=True)
        attempt.require_way(by_caller=False)
