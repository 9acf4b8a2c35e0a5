"""The nearest language that there is."""

import pytest

from domain.language import nearest_language


@pytest.mark.parametrize(
    ("wanted", "offered", "found"),
    [
        ("de", ["en", "de"], "de"),
        ("de-AT", ["en", "de"], "de"),
        ("de-AT", ["en", "de", "de-AT"], "de-AT"),
        ("DE-at", ["en", "de-AT"], "de-AT"),
        ("de-Latn-AT-1996", ["de", "de-Latn"], "de-Latn"),
        ("de-x-formal", ["de-x", "de"], "de"),
        ("de-u-co-phonebk", ["de-u", "de-u-co", "de"], "de-u-co"),
        ("de", ["de-AT"], None),
        ("den", ["de", "en"], None),
        ("fr-CH", ["en", "de"], None),
        ("", ["en", "de"], None),
        ("x-klingon", ["x", "en"], None),
    ],
)
def test_goes_from_the_narrowest_to_the_widest(wanted: str, offered: list[str], found: str | None) -> None:
    assert nearest_language(wanted, offered) == found
