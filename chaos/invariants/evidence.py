"""What the invariants look at."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from chaos.asking import Asking
from chaos.connecting import ConnectingDeeds
from chaos.model import Known
from chaos.scene import Scene
from chaos.settling import Look
from chaos.watching import Watcher

Facts: TypeAlias = list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    here: Scene
    known: Known
    look: Look
    ask: Asking
    connecting: ConnectingDeeds
    watchers: Sequence[Watcher]
    wrong: Sequence[str]
    """Answers that can't be."""
    left_behind: set[str] = field(default_factory=set)
    """Subscriptions that the provider kept after an account was disconnected."""
    looked_at: dict[Path, int] = field(default_factory=dict)
    """How far each log was looked through."""
