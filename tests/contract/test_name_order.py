"""What every order of names keeps to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.collation.name_order import UnicodeNameOrder
from application.ports.name_order import NameOrder
from tests.fakes.name_order import FoldedNameOrder

REAL = UnicodeNameOrder()
ORDERS = {"fake": FoldedNameOrder(), "real": REAL}


def in_order(order: NameOrder, *names: str) -> list[str]:
    return sorted(names, key=order.key)


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS.keys())
@pytest.mark.parametrize(
    "names",
    [
        ("Äpfel", "apples", "Berlin", "Zoo"),
        ("alpha", "Beta", "gamma", "Ömer", "Zulu"),
        ("team", "Team", "Teams"),
        ("résumé", "Résumé", "retreat"),
        ("", "A"),
    ],
)
def test_letters_come_before_accents_and_these_before_case(order: NameOrder, names: tuple[str, ...]) -> None:
    assert in_order(order, *reversed(names)) == list(names)


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS.keys())
@given(text=st.text() | st.just("\ud83d half a pair \x00"))
def test_any_text_has_a_key(order: NameOrder, text: str) -> None:
    assert order.key(text) == order.key(text)


@pytest.mark.parametrize(
    "names",
    [
        ("lodz", "łódź", "mama", "Øl", "Om"),
        ("Икона", "Іван", "Йод", "Яблоко"),
        ("Άλφα", "Βήτα", "Ωμέγα"),
        ("Zebra", "Δέλτα", "Яблоко", "あさ", "日本"),
    ],
)
def test_each_alphabet_is_in_its_own_order(names: tuple[str, ...]) -> None:
    assert in_order(REAL, *reversed(names)) == list(names)


def test_a_name_without_end_costs_no_more_than_a_long_one() -> None:
    assert len(REAL.key("ä" * 100_000)) == len(REAL.key("ä" * 256))
