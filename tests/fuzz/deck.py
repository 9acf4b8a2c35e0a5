"""Which steps a run has: so many of each method in each manner, shuffled.

Left to itself hypothesis makes much of what it has just made again: of a thousand calls, one method got 7 and another
54. So it is asked for each kind by itself.
"""

from collections.abc import Sequence
from itertools import cycle, islice
from random import Random
from typing import Final, TypeAlias, TypeVar

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.fuzz.calls import Call, Manner, calls
from tests.fuzz.methods import METHODS, RARE, Method
from tests.fuzz.sign_ins import SignIn, sign_ins
from tests.fuzz.visits import Visit, visits

Step: TypeAlias = Call | Visit | SignIn
T = TypeVar("T")

MANNERS: Final = {Manner.MEANT: 10, Manner.ODD: 5, Manner.WILD: 2, Manner.DAMAGED: 2, Manner.HURRIED: 1}
"""How many calls of a method are made how, in each deck."""
RARELY: Final = {Manner.MEANT: 1, Manner.ODD: 1}
VISITS: Final = 230
SIGN_INS: Final = 110


def manners_of(method: Method) -> dict[Manner, int]:
    return RARELY if method.name in RARE else MANNERS


DECK: Final = VISITS + SIGN_INS + sum(sum(manners_of(one).values()) for one in METHODS)
"""So many steps have all of it."""


def steps(number: int, *, with_seed: int) -> list[Step]:
    """So many, the same for the same seed: whole decks, and at the end a part of one."""
    decks = -(-number // DECK)
    kinds: list[list[Sequence[Step]]] = [
        _dealt(visits(), VISITS, decks, with_seed),
        _dealt(sign_ins, SIGN_INS, decks, with_seed),
    ]
    for method in METHODS:
        for manner, count in manners_of(method).items():
            kinds.append(_dealt(calls(method, manner), count, decks, with_seed))
    shuffled: list[Step] = []
    for place in range(decks):
        deck = [step for kind in kinds for step in kind[place]]
        Random(f"{with_seed}/{place}").shuffle(deck)
        shuffled += deck
    return shuffled[:number]


def _dealt(strategy: st.SearchStrategy[T], count: int, decks: int, with_seed: int) -> list[Sequence[T]]:
    """`count` of them for each deck. There may be fewer different ones than that."""
    made: list[T] = []

    @seed(with_seed)
    @settings(
        max_examples=count * decks,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def make(one: T) -> None:
        made.append(one)

    make()
    enough = list(islice(cycle(made), count * decks))
    return [enough[first : first + count] for first in range(0, count * decks, count)]
