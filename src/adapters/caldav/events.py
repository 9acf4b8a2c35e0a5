"""One VEVENT: from its kept lines to its times and its status."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from adapters.caldav.content_lines import Component, Line
from adapters.caldav.moments import Clock, Length, Moment, Odd, ZoneOf, length_from, moment_from
from adapters.caldav.rules import Rule, rule_from
from domain.blocking import ShowAs

_OUTLOOKS_WORDS: Final[Mapping[str, ShowAs]] = {
    "FREE": ShowAs.FREE,
    "TENTATIVE": ShowAs.TENTATIVE,
    "BUSY": ShowAs.BUSY,
    "OOF": ShowAs.OUT_OF_OFFICE,
    "WORKINGELSEWHERE": ShowAs.WORKING_ELSEWHERE,
}
_NOT_ACCEPTED: Final = frozenset({"NEEDS-ACTION", "TENTATIVE"})
_DECLINED: Final = "DECLINED"
_MOST_RULES: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """How an event blocks."""

    show_as: ShowAs = ShowAs.BUSY
    cancelled: bool = False
    declined: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """`end` is None where neither an end nor a length is given."""

    start: Moment
    end: Moment | Length | None
    status: Status
    replaces: Moment | None = None
    and_later: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """How an event repeats; `dates` with the end or length of those that have one of their own."""

    rules: tuple[Rule, ...] = ()
    dates: tuple[tuple[Moment, Moment | Length | None], ...] = ()
    without: frozenset[object] = field(default_factory=frozenset)

    def __bool__(self) -> bool:
        return bool(self.rules or self.dates)


def event_from(component: Component, zone_of: ZoneOf) -> Event:
    """Raises Odd for an event whose times can't be read."""
    lines = component.lines
    replaces = _only(lines, "RECURRENCE-ID")
    start = _only(lines, "DTSTART") or replaces
    if start is None:
        raise Odd
    return Event(
        start=moment_from(start.value, start, zone_of),
        end=_end(lines, zone_of),
        status=status_of(component),
        replaces=None if replaces is None else moment_from(replaces.value, replaces, zone_of),
        and_later=replaces is not None and replaces.parameters.get("RANGE", "").upper() == "THISANDFUTURE",
    )


def series_from(component: Component, zone_of: ZoneOf) -> Series:
    """Raises Odd for rules and dates that can't be read. A date to leave out that can't be read leaves nothing out."""
    lines = component.lines
    rules = lines.get("RRULE", ())
    if len(rules) > _MOST_RULES:
        raise Odd
    return Series(
        rules=tuple(rule_from(line.value) for line in rules),
        dates=tuple(_dates(lines.get("RDATE", ()), zone_of)),
        without=frozenset(_keys(lines.get("EXDATE", ()), zone_of)),
    )


def status_of(component: Component) -> Status:
    status, transparency = _word(component.lines, "STATUS"), _word(component.lines, "TRANSP")
    answer = _answer(component.answers)
    return Status(
        show_as=_show_as(component, status, transparency, answer),
        cancelled=status == "CANCELLED",
        declined=answer == _DECLINED,
    )


def _show_as(component: Component, status: str, transparency: str, answer: str | None) -> ShowAs:
    """Transparent is the protocol's word for free, whatever else is said. Unknown words say nothing, and block."""
    if transparency == "TRANSPARENT":
        return ShowAs.FREE
    if answer in _NOT_ACCEPTED or status == "TENTATIVE":
        return ShowAs.TENTATIVE
    if not component.lines.keys() & {"STATUS", "TRANSP"}:
        return _OUTLOOKS_WORDS.get(_word(component.lines, "X-MICROSOFT-CDO-BUSYSTATUS"), ShowAs.BUSY)
    return ShowAs.BUSY


def _answer(answers: list[str]) -> str | None:
    """Somebody invited under two addresses comes if either says so. An invitation without an answer says nothing."""
    if not answers:
        return None
    return min(answers, key=lambda one: (one == _DECLINED, one in _NOT_ACCEPTED))


def _word(lines: Mapping[str, list[Line]], name: str) -> str:
    """In capitals; empty where there is none, and where there are several that contradict each other."""
    words = {line.value.upper() for line in lines.get(name, ())}
    return words.pop() if len(words) == 1 else ""


def _only(lines: Mapping[str, list[Line]], name: str) -> Line | None:
    """Raises Odd where there are several that contradict each other."""
    found = lines.get(name)
    if found is None:
        return None
    if any(line != found[0] for line in found[1:]):
        raise Odd
    return found[0]


def _end(lines: Mapping[str, list[Line]], zone_of: ZoneOf) -> Moment | Length | None:
    """An end counts before a length, should there be both."""
    if (end := _only(lines, "DTEND")) is not None:
        return moment_from(end.value, end, zone_of)
    if (length := _only(lines, "DURATION")) is not None:
        return length_from(length.value)
    return None


def _dates(lines: list[Line] | tuple[()], zone_of: ZoneOf) -> Iterator[tuple[Moment, Moment | Length | None]]:
    for line in lines:
        for text in line.value.split(","):
            first, period, second = text.strip().partition("/")
            at = moment_from(first, line, zone_of)
            if not period:
                yield at, None
            elif second[:1].upper() in ("P", "+", "-"):
                yield at, length_from(second)
            else:
                yield at, moment_from(second, line, zone_of)


def _keys(lines: list[Line] | tuple[()], zone_of: ZoneOf) -> Iterator[tuple[Clock | None, object]]:
    for line in lines:
        for text in line.value.split(","):
            try:
                yield moment_from(text.strip(), line, zone_of).key
            except Odd:
                continue
