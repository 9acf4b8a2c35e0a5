"""What earlier calls were answered with: ids, etags, tokens, by which later ones reach deep."""

from collections import defaultdict, deque
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from google.protobuf.message import Message

MOST: Final = 40
"""Of each kind; older ones are forgotten."""
KINDS: Final = {
    "account_id": "account",
    "calendar_id": "calendar",
    "conflict_calendar_ids": "calendar",
    "effective_write_calendar_id": "calendar",
    "exclude_session_ids": "session",
    "expert_id": "expert",
    "expert_ids": "expert",
    "hold_id": "hold",
    "next_page_token": "page_token",
    "session_id": "session",
    "write_calendar_id": "calendar",
}
"""By the names of fields and parameters; others are kinds of their own."""
OWNED: Final = frozenset({"account_id", "session_id", "hold_id"})
"""What belongs to the expert that the same message names."""
FREE_TEXT: Final = frozenset(
    {
        "category",
        "display_name",
        "email",
        "join_url",
        "name",
        "owner_email",
        "owner_name",
        "place",
        "text",
        "title",
    }
)


def kind_of(name: str) -> str:
    return KINDS.get(name, name)


class Known:
    def __init__(self) -> None:
        self._values: dict[str, deque[str]] = defaultdict(lambda: deque(maxlen=MOST))
        self._owners: dict[tuple[str, str], str] = {}

    def add(self, kind: str, value: str) -> None:
        if value and value not in self._values[kind]:
            self._values[kind].append(value)

    def get(self, kind: str, index: int) -> str:
        """One of this kind, or an empty text while there is none."""
        values = self._values.get(kind)
        return values[index % len(values)] if values else ""

    def owner(self, kind: str, value: str) -> str:
        """The last expert who was seen with it, or an empty text."""
        return self._owners.get((kind, value), "")

    def learn_owners(self, message: Message) -> None:
        """Also from a request that was answered."""
        for one in _messages(message):
            texts = {field.name: value for field, value in one.ListFields() if isinstance(value, str)}
            for name in OWNED & texts.keys():
                if "expert_id" in texts:
                    self._owners[kind_of(name), texts[name]] = texts["expert_id"]

    def learn(self, message: Message) -> None:
        """From all texts of an answer, and from the queries of its URLs."""
        self.learn_owners(message)
        for name, value in _texts(message):
            if value.startswith("http"):
                self.learn_url(value)
            if name not in FREE_TEXT:
                self.add(kind_of(name), value)

    def learn_url(self, url: str) -> None:
        parts = urlsplit(url)
        for name, value in parse_qsl(parts.query):
            self.add(kind_of(name), value)
        if parts.path.startswith("/reconnect/"):
            self.add("reconnect_token", parts.path.removeprefix("/reconnect/"))


def _texts(message: Message) -> Iterable[tuple[str, str]]:
    for part in _messages(message):
        for field, value in part.ListFields():
            values: Iterable[Any] = value if field.is_repeated else [value]
            yield from ((field.name, one) for one in values if isinstance(one, str))


def _messages(message: Message) -> Iterable[Message]:
    """This one, and those inside."""
    yield message
    for field, value in message.ListFields():
        values: Iterable[Any] = value if field.is_repeated else [value]
        for one in values:
            if isinstance(one, Message):
                yield from _messages(one)
