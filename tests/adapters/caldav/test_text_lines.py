"""Lines as they are sent: any text fits into one, and comes out of it as it went in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.caldav.text_lines import escaped, folded, joined, plain
from sandbox.icloud.calendar_text import unescape

ANY = st.text(alphabet=st.characters(), max_size=400)
"""Control characters, half surrogate pairs and what is no character included."""


@given(ANY)
def test_any_text_comes_out_of_a_line_as_it_went_in(text: str) -> None:
    line = folded(f"SUMMARY:{escaped(plain(text))}")
    assert unescape(line.replace("\r\n ", "").removeprefix("SUMMARY:")) == plain(text)


@given(ANY)
def test_no_line_is_longer_than_75_bytes_and_no_character_is_split(text: str) -> None:
    pieces = folded(f"SUMMARY:{escaped(plain(text))}").split("\r\n")
    assert all(len(piece.encode()) <= 75 for piece in pieces)
    assert all(piece.startswith(" ") for piece in pieces[1:])


@given(ANY)
def test_a_line_has_nothing_in_it_that_ends_one(text: str) -> None:
    line = folded(f"SUMMARY:{escaped(plain(text))}").replace("\r\n ", "")
    assert line.splitlines() == [line]
    assert not any(one < " " for one in line if one != "\t")


@given(ANY)
def test_a_text_of_letters_stays_as_it_is(text: str) -> None:
    if text.isprintable():
        assert plain(text) == text


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("one\r\ntwo\rthree\nfour", r"one\ntwo\nthree\nfour"),
        ("one\x0btwo\x0cthree\x85four\u2028five\u2029six", r"one\ntwo\nthree\nfour\nfive\nsix"),
        (r"a\b; c, d: e", r"a\\b\; c\, d: e"),
        (r"\n is no line end", r"\\n is no line end"),
        ("bell\x07 null\0 delete\x7f", "bell null delete"),
        ("half \ud83d pair", "half \ufffd pair"),
        ("no\ufffe character\uffff", "no character"),
        ("tab\tstays", "tab\tstays"),
    ],
)
def test_text_is_put_right(text: str, says: str) -> None:
    assert escaped(plain(text)) == says


def test_a_line_of_75_bytes_is_not_folded() -> None:
    assert folded("x" * 75) == "x" * 75
    assert folded("x" * 76) == f"{'x' * 75}\r\n x"
    assert folded("x" * 74 + "é") == f"{'x' * 74}\r\n é"


def test_bytes_that_are_no_text_go_through() -> None:
    assert joined([b"X-ODD:\xff\xfe".decode(errors="surrogateescape")]) == b"X-ODD:\xff\xfe\r\n"
