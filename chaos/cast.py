"""Who takes part: experts, the people behind their accounts, and the words that must be found nowhere."""

from dataclasses import dataclass
from typing import Final

from sandbox.world.world import World

CANARY: Final = "Kanarienvogel"
"""Part of every title, name and address of a run: a log that contains it has said too much."""
EXPERTS: Final = 6
SPARE_CALENDAR: Final = "spare"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expert:
    """`people` are the keys of those whose accounts the expert connects, each with two calendars."""

    expert_id: str
    people: tuple[str, ...]

    @property
    def email(self) -> str:
        return f"{self.expert_id}@{CANARY.lower()}.example"

    @property
    def name(self) -> str:
        return f"{CANARY} {self.expert_id}"


def invite(world: World, *, experts: int = EXPERTS) -> tuple[Expert, ...]:
    """Experts with two people each, every person in an organisation of their own."""
    cast = []
    for number in range(1, experts + 1):
        people = tuple(f"person-{number}-{letter}" for letter in "ab")
        for key in people:
            domain = f"{key}.{CANARY.lower()}.example"
            tenant = world.people.add_tenant(domain, f"{CANARY} {key}")
            world.people.add(key, f"{CANARY} {key}", f"{key}@{domain}", tenant)
            world.calendars.add(key, "primary", f"{CANARY} calendar", is_default=True)
            world.calendars.add(key, SPARE_CALENDAR, f"{CANARY} spare")
        cast.append(Expert(expert_id=f"expert-{number}", people=people))
    return tuple(cast)
