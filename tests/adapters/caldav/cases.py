"""The cases of the corpus, as its README describes them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from domain.interval import Interval

CORPUS = Path(__file__).parent / "corpus"
_CLOCK = r"\d{4}-\d\d-\d\d \d\d:\d\d"
_BUSY = re.compile(rf"([=?])> ({_CLOCK})(?:-(\d\d:\d\d)| - ({_CLOCK}))")
_SETTINGS = re.compile(r"(window|zone|me) (.+)|odd")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """`busy` is always taken, `busy_if_tentative` besides where tentative entries block."""

    name: str
    text: str
    window: Interval
    zone: str
    own_addresses: frozenset[str]
    busy: tuple[Interval, ...]
    busy_if_tentative: tuple[Interval, ...]
    odd: bool


def cases() -> Iterator[Case]:
    for path in sorted(CORPUS.glob("*.txt")):
        for block in path.read_text().split("### ")[1:]:
            yield _case(block)


def _case(block: str) -> Case:
    name, *lines = block.strip().split("\n")
    settings = {"window": "2026-11-30 .. 2026-12-14", "zone": "Europe/Berlin", "me": "expert@example.org"}
    event: list[str] = []
    busy: dict[str, list[Interval]] = {"=": [], "?": []}
    odd = False
    for line in lines:
        if found := _BUSY.fullmatch(line):
            busy[found[1]].append(_interval(found))
        elif setting := _SETTINGS.fullmatch(line):
            odd |= line == "odd"
            settings |= {setting[1]: setting[2]} if setting[1] else {}
        elif not line.startswith("#"):
            event.append(line)
    start, end = (datetime.fromisoformat(day).replace(tzinfo=UTC) for day in settings["window"].split(" .. "))
    return Case(
        name=name,
        text=_calendar(event),
        window=Interval(start, end),
        zone=settings["zone"],
        own_addresses=frozenset(settings["me"].split()),
        busy=tuple(busy["="]),
        busy_if_tentative=tuple(sorted(busy["="] + busy["?"])),
        odd=odd,
    )


def _interval(found: re.Match[str]) -> Interval:
    start = datetime.fromisoformat(found[2])
    end = datetime.fromisoformat(found[4] or f"{found[2][:10]} {found[3]}")
    return Interval(start.replace(tzinfo=UTC), end.replace(tzinfo=UTC))


def _calendar(lines: list[str]) -> str:
    while lines and not lines[-1]:
        lines = lines[:-1]
    if not lines[0].upper().startswith("BEGIN:VCALENDAR"):
        events = "\n".join(lines).split("\n---\n")
        wrapped = (f"BEGIN:VEVENT\nUID:case\n{event}\nSUMMARY:Secret\nEND:VEVENT" for event in events)
        lines = ["BEGIN:VCALENDAR", "VERSION:2.0", *wrapped, "END:VCALENDAR"]
    return "\r\n".join("\n".join(lines).split("\n")) + "\r\n"
