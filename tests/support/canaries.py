"""Values that can be recognised wherever they turn up, and places to look for them."""

import base64
import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote


def canary(name: str) -> str:
    """A value like no other, in letters and digits that nothing has to escape."""
    return f"canary{name}{secrets.token_hex(8)}"


@dataclass(slots=True)
class Places:
    """What was found where; the name says where to mend it."""

    texts: dict[str, list[str]] = field(default_factory=dict)

    def add(self, where: str, what: object) -> None:
        text = what.decode("latin-1") if isinstance(what, bytes) else str(what)
        self.texts.setdefault(where, []).append(text)

    def add_files(self, where: str, folder: Path) -> None:
        """All regular files below it, and their names."""
        for file in folder.rglob("*"):
            self.add(where, file.name)
            if file.is_file() and not file.is_symlink():
                self.add_file(where, file)

    def add_file(self, where: str, file: Path) -> None:
        self.add(where, file.read_bytes())

    def with_any_of(self, values: Mapping[str, str]) -> list[tuple[str, str]]:
        """Where each is, by the names of both, in whatever way it is written there."""
        return sorted(
            (where, name)
            for where, texts in self.texts.items()
            for name, value in values.items()
            if any(form in text for form in _forms(value) for text in texts)
        )


def _forms(value: str) -> Iterable[str]:
    """Base64 of it at each of the three offsets, without the ends that its neighbours change."""
    raw = value.encode()
    encoded = {base64.b64encode(b"\0" * offset + raw).decode().rstrip("=")[4:-2] for offset in (0, 1, 2)}
    return {value, quote(value, safe=""), json.dumps(value)[1:-1], raw.hex(), *encoded}
