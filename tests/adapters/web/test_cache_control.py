"""How long an answer may be kept."""

from datetime import timedelta

import pytest
from multidict import CIMultiDict

from adapters.web.cache_control import lifetime_of


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Cache-Control": "public, max-age=23000, must-revalidate, no-transform"}, 23_000),
        ({"cache-control": "Max-Age=60"}, 60),
        ({"Cache-Control": 'max-age="60"'}, 60),
        ({"Cache-Control": "max-age=23000", "Age": "3000"}, 20_000),
        ({"Cache-Control": "max-age=60", "Age": "61"}, 0),
        ({"Cache-Control": "max-age=60", "Age": "a while"}, 60),
        ({"Cache-Control": "no-cache, max-age=60"}, 0),
        ({"Cache-Control": "no-store"}, 0),
        ({"Cache-Control": "s-maxage=60"}, None),
        ({"Cache-Control": "max-age=-1"}, None),
        ({"Cache-Control": "max-age=" + "9" * 40}, None),
        ({"Cache-Control": "max-age=soon"}, None),
        ({"Age": "60"}, None),
        ({}, None),
    ],
)
def test_the_life_that_headers_name(headers: dict[str, str], seconds: int | None) -> None:
    assert lifetime_of(CIMultiDict(headers)) == (None if seconds is None else timedelta(seconds=seconds))
