"""What passed through the sandbox: requests, the ledger of event properties, invitations, concurrency."""

import re
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

_KEPT_REQUESTS = 20_000
_COMPARED = re.compile(r"value\s+eq\s+'(?:[^']|'')*'", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestEntry:
    """One request: who (a person's key), what (path with ids as {placeholders}), and the status answered.

    Those of the surface "notification" the sandbox made itself; 0 stands for no answer.
    """

    at: datetime
    surface: str
    method: str
    path: str
    person: str | None
    status: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """How often one property of events left the sandbox by one way. Names only, never values."""

    person: str
    method: str
    path: str
    property: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """How often something was asked for about events: `$select=NAME`, or `$select=*` for want of any, other options,
    and `Prefer: NAME=VALUE`; at Google `fields=NAME`. Names only: of windows, pages and what is looked for no values.
    """

    method: str
    path: str
    asked: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """Something about a request to Google that its description doesn't know or allow. Names only, never values."""

    person: str
    method: str
    path: str
    mistake: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """A mail that Outlook would have sent, because an event with attendees was created, changed or deleted."""

    person: str
    action: str
    attendees: int


class Traffic:
    """Records of everything that left, bounded in size however long the sandbox runs."""

    def __init__(self) -> None:
        self.requests: deque[RequestEntry] = deque(maxlen=_KEPT_REQUESTS)
        self.invitations: list[Invitation] = []
        self.marks: set[str] = set()
        self.mistakes: deque[Mistake] = deque(maxlen=_KEPT_REQUESTS)
        self._properties: Counter[tuple[str, str, str, str]] = Counter()
        self._asked: Counter[tuple[str, str, str]] = Counter()
        self._running: Counter[str] = Counter()
        self._peaks: Counter[str] = Counter()

    def record_event(self, person: str, method: str, path: str, printed: dict[str, Any]) -> None:
        """Enter one event that leaves: the dotted name of each property, and the app's own marks."""
        self._properties.update((person, method, path, name) for name in set(_dotted(printed)))
        if isinstance(mark := printed.get("transactionId"), str):
            self.marks.add(mark)

    def record_question(
        self, method: str, path: str, query: Mapping[str, str], prefer: Mapping[str, str]
    ) -> None:
        """Enter what a request asks for, whatever becomes of it."""
        self.record_asked(method, path, {*_asked(method, query), *_preferred(prefer)})

    def record_asked(self, method: str, path: str, names: set[str]) -> None:
        """Enter the names of what a request asks for."""
        self._asked.update((method, path, one) for one in names)

    def questions(self) -> list[Question]:
        """Everything that was asked for about events, by method and path."""
        return [
            Question(method=method, path=path, asked=asked, count=count)
            for (method, path, asked), count in sorted(self._asked.items())
        ]

    def ledger(self) -> list[LedgerEntry]:
        """Every property of every event that left, by person, method and path."""
        return [
            LedgerEntry(person=person, method=method, path=path, property=name, count=count)
            for (person, method, path, name), count in sorted(self._properties.items())
        ]

    def properties(self, *, method: str | None = None, path: str | None = None) -> set[str]:
        """The dotted names that left, over all people; of one method or path template if given."""
        return {
            entry.property
            for entry in self.ledger()
            if (method is None or entry.method == method) and (path is None or entry.path == path)
        }

    def enter(self, person: str) -> int:
        """A request for a mailbox begins; returns how many are now under way in it."""
        self._running[person] += 1
        self._peaks[person] = max(self._peaks[person], self._running[person])
        return self._running[person]

    def leave(self, person: str) -> None:
        """A request for a mailbox has ended."""
        self._running[person] -= 1

    def peak(self, person: str) -> int:
        """The most requests that were ever under way at once in a mailbox."""
        return self._peaks[person]

    def clear(self) -> None:
        """Forget all records; requests under way still count."""
        self.requests.clear()
        self.invitations.clear()
        self.marks.clear()
        self.mistakes.clear()
        self._properties.clear()
        self._asked.clear()
        self._peaks.clear()


def _asked(method: str, query: Mapping[str, str]) -> Iterator[str]:
    if method == "GET" and not query.get("$select", "").strip():
        yield "$select=*"
    for name, value in query.items():
        match name:
            case "$select":
                yield from (f"$select={one.strip()}" for one in value.split(",") if one.strip())
            case "$expand" | "$filter" | "$orderby":
                yield f"{name}={_COMPARED.sub(r'value eq', value)}"
            case _:
                yield name


def _preferred(prefer: Mapping[str, str]) -> Iterator[str]:
    return (f"Prefer: {name}={value}" for name, value in prefer.items())


def _dotted(value: Any, prefix: str = "") -> Iterator[str]:
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from _dotted(inner, f"{prefix}.{name}" if prefix else name)
    elif isinstance(value, list) and any(isinstance(item, dict) for item in value):
        for item in value:
            yield from _dotted(item, prefix)
    else:
        yield prefix
