"""What people type, and what is sent for it."""

import pytest

from adapters.caldav.login import app_specific, login_from

SHOWN = "abcd-efgh-ijkl-mnop"


@pytest.mark.parametrize(
    "typed",
    [
        SHOWN,
        "abcdefghijklmnop",
        f"  {SHOWN}\n",
        "abcd efgh ijkl mnop",
        "abcd - efgh - ijkl - mnop",
        "Abcd-efgh-ijkl-mnop",
        "abcd\u2013efgh\u2011ijkl\u2014mnop",
        "abcd\u00a0efgh\u200bijkl\u00admnop",
    ],
)
def test_an_app_specific_password_is_sent_as_apple_shows_it(typed: str) -> None:
    assert app_specific(typed) == SHOWN
    assert login_from("anna@example.com", typed).password == SHOWN


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "hunter2",
        "abcd-efgh-ijkl-mno",
        "abcd-efgh-ijkl-mnop-q",
        "abcd-efgh-ijkl-mno1",
        " s3cret pass ",
        "ä" * 16,
    ],
)
def test_any_other_password_stays_as_it_is(typed: str) -> None:
    assert app_specific(typed) is None
    assert login_from("anna@example.com", typed).password == typed


def test_blanks_around_a_name_are_dropped() -> None:
    assert login_from(" anna@example.com\n", SHOWN).username == "anna@example.com"


def test_one_person_has_one_gate_however_the_name_is_written() -> None:
    assert login_from("Anna@Example.com", SHOWN).gate == login_from("anna@example.com ", SHOWN).gate
