"""A fake of the meter of answers."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from domain.availability import Availability


@dataclass(slots=True)
class RecordingAnswerMeter:
    """`ages` are those of the oldest reading of each answer that has any, and whether all calendars were read;
    `looks` what was spent of which budget."""

    ages: list[tuple[timedelta, bool]] = field(default_factory=list)
    looks: list[tuple[timedelta, timedelta]] = field(default_factory=list)

    def answered(self, answer: Availability, now: datetime) -> None:
        if answer.readings:
            self.ages.append((now - min(one.read_at for one in answer.readings), answer.complete))

    def looked(self, spent: timedelta, *, budget: timedelta) -> None:
        self.looks.append((spent, budget))
