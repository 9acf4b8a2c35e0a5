"""What a run has to say: figures, and where something does not hold, all that is needed to see it again."""

import sys
from collections.abc import Iterable, Mapping


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def counted(title: str, counts: Mapping[str, int], *, most: int = 40) -> str:
    """As one line of a table's rows, the most frequent first."""
    ordered = sorted(counts.items(), key=lambda one: (-one[1], one[0]))[:most]
    return f"{title}: " + (", ".join(f"{name} {number}" for name, number in ordered) or "none")


def failure(seed: int, phase: int, told: Iterable[str], facts: Iterable[str]) -> str:
    return "\n".join(
        [
            f"FAILED with seed {seed} in phase {phase}. The faults of the phase:",
            *(f"  {one}" for one in told),
            "What does not hold:",
            *(f"  {one}" for one in facts),
        ]
    )
