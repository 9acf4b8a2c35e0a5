"""Who calls the service, and what they may do."""

from dataclasses import dataclass
from enum import Enum
from typing import Final


class Scope(Enum):
    """What a caller may do. None of them includes another."""

    READ = "read"
    """Ask about experts whose ids the caller knows."""
    WRITE = "write"
    """Change something: experts, connections, settings, holds, sessions."""
    ADMIN = "admin"
    """What belongs to running the service, or reveals all that is held about an expert."""
    ERASE_EXPERTS = "erase-experts"
    """Delete experts with everything that belongs to them."""
    WATCH_ALL = "watch-all"
    """Follow the changes of all experts, beside READ; without it those of one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A calling service, or whoever calls where nobody has to say who they are."""

    name: str
    scopes: frozenset[Scope]


LOCAL: Final = Caller(name="local", scopes=frozenset(Scope))
"""Whoever calls on this machine while callers are not identified."""
