"""docs/settings.md is made from the code."""

from server.runtime.settings import Settings
from tools.settings_page import PAGE, page


def test_the_page_is_as_the_code_says() -> None:
    assert PAGE.read_text() == page(), "make docs"


def test_every_setting_is_on_it() -> None:
    rows = [line.split("`")[1] for line in page().splitlines() if line.startswith("| `")]

    assert sorted(rows) == sorted(name.upper() for name in Settings.model_fields)
