"""Which keys were never drawn at random, as far as a look at them can tell."""

from itertools import pairwise
from typing import Final

FEWEST_VALUES: Final = 16
"""Different bytes among 32: drawn at random they are 30 or so, and fewer than this once in 10^14 keys."""
LONGEST_PATTERN: Final = 16


def weakness_of(key: bytes) -> str | None:
    """What is wrong with a key, in words that repeat nothing of it; None where nothing is seen."""
    if not any(key):
        return "is all zeros"
    if len(set(key)) == 1:
        return "is one byte over and over"
    if any(key == (key[:length] * len(key))[: len(key)] for length in range(2, LONGEST_PATTERN + 1)):
        return "repeats a short pattern"
    if _counts(key):
        return "counts up or down"
    if all(32 <= byte < 127 for byte in key):
        return "is text: whoever can type it can guess it"
    if len(set(key)) < FEWEST_VALUES:
        return "has too few different bytes to be random"
    return None


def _counts(key: bytes) -> bool:
    """Whether each byte is as far from the one before as the next one is."""
    steps = {(after - before) % 256 for before, after in pairwise(key)}
    return len(steps) == 1
