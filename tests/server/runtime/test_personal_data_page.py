"""docs/personal-data.md is made from the data map."""

from tools.personal_data_page import PAGE, page


def test_the_page_is_as_the_map_says() -> None:
    assert PAGE.read_text() == page(), "make docs"
