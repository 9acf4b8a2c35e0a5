"""Answers against their contract, and lists without an end."""

import pytest

from adapters.web.json_object import json_object
from adapters.web.page_turns import MOST_PAGES, PageTurns
from domain.access import InvalidAnswer


@pytest.mark.parametrize("text", [b"", b"<html></html>", b"[]", b"null", b'{"cut', b"\xff{}", b"[" * 100_000])
def test_what_is_no_json_object_is_believed_in_nothing(text: bytes) -> None:
    with pytest.raises(InvalidAnswer):
        json_object(text)


def test_an_object_is_what_it_is() -> None:
    assert json_object('{"name": "Jürgen"}'.encode()) == {"name": "Jürgen"}


def test_no_page_is_turned_to_twice() -> None:
    turns = PageTurns()
    for token in (None, "a", "b"):
        turns.turn_to(token)
    with pytest.raises(InvalidAnswer):
        turns.turn_to("a")


def test_a_list_that_goes_on_and_on_is_left() -> None:
    turns = PageTurns()
    for number in range(MOST_PAGES):
        turns.turn_to(number)
    with pytest.raises(InvalidAnswer):
        turns.turn_to("one more")
