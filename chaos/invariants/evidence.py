"""What the invariants look at."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TypeAlias

from chaos.asking import Asking
from chaos.connecting import ConnectingDeeds
from chaos.model import Known
from chaos.scene import Scene
from chaos.settling import Look
from chaos.watching import Watcher
from sandbox.world.model import NEVER

Facts: TypeAlias = list[str]


@dataclass(slots=True, kw_only=True)
class Evidence:
    """`settled_at` is when nothing was left to do for the first time after the last faults, by the sandbox's clock."""

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
    settled_at: datetime = NEVER
    deadlocks: int = 0
    """Transactions that PostgreSQL ended so that others could go on. What they were to do is tried again."""
    looked_at: dict[Path, int] = field(default_factory=dict)
    """How far each log was looked through."""
