"""A caller that keeps answers for as long as the feed tells nothing about them, by the contract's own words."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from calendarsync.v1.change_service_pb2 import Change, ChangeType
from server.rpc.mapping.times import instant

CONTRACT = Path(__file__).parents[2] / "proto/calendarsync/v1/change_service.proto"
EVERY_ANSWER = frozenset(
    {
        "GetExpert",
        "ListAccounts",
        "GetAccount",
        "ListCalendars",
        "GetCalendarSettings",
        "ListBusyTimes",
        "CheckTimes",
        "ListHolds",
        "GetSession",
        "ListSessions",
        "ListIncidents",
    }
)
OF_THE_CLOCK = frozenset({"ListBusyTimes", "CheckTimes", "ListHolds"})
"""Those that a hold's end changes without a commit."""


@dataclass(frozen=True, slots=True)
class Question:
    """A method of the contract, whose answer, and `about` which of theirs, where there are several."""

    method: str
    expert_id: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    answer: object
    asked_at: datetime


def concerned() -> dict[int, frozenset[str]]:
    """Which answers each type of change makes others, as the contract has it in brackets behind each comment."""
    return dict(_concerned())


def _concerned() -> Iterator[tuple[int, frozenset[str]]]:
    text = CONTRACT.read_text(encoding="utf-8")
    for comment, name in re.findall(r"((?:^ *//.*\n)+) *(CHANGE_TYPE_\w+) = \d+;", text, re.MULTILINE):
        words = " ".join(line.strip(" /") for line in comment.splitlines())
        found = re.search(r"\[([^\]]*)\]$", words)
        assert found, f"the contract doesn't say which answers {name} concerns"
        named = {"all answers": EVERY_ANSWER, "no answer": frozenset[str]()}.get(
            found[1], frozenset(found[1].split(", "))
        )
        assert named <= EVERY_ANSWER, (name, named - EVERY_ANSWER)
        yield ChangeType.Value(name), named


@dataclass(slots=True)
class Following:
    """`take` every change in the feed's order; what is left then is what would be answered."""

    concerned: dict[int, frozenset[str]] = field(default_factory=concerned)
    kept: dict[Question, Kept] = field(default_factory=dict)
    ends: dict[str, set[datetime]] = field(default_factory=dict)

    def take(self, change: Change) -> None:
        named = self.concerned[change.type]
        for question in [one for one in self.kept if one.expert_id == change.expert_id]:
            another = question.method == "GetSession" and change.session_id not in {"", question.about}
            if question.method in named and not another:
                del self.kept[question]
        if change.HasField("expire_time"):
            self.ends.setdefault(change.expert_id, set()).add(instant(change.expire_time))

    def keep(self, question: Question, answer: object, *, asked_at: datetime) -> None:
        self.kept[question] = Kept(answer, asked_at)

    def answer_to(self, question: Question, *, now: datetime) -> Kept | None:
        """What is kept, unless a hold has run out since it was asked for."""
        kept = self.kept.get(question)
        if kept is None or question.method not in OF_THE_CLOCK:
            return kept
        ends = self.ends.get(question.expert_id, set())
        return None if any(kept.asked_at < end <= now for end in ends) else kept
