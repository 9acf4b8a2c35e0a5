"""Every place at which a process may be killed: before and after each call of a port, and each commit.

Nobody lists them by hand. The ports are those of the container, and the commits are wherever a use-case opens a
transaction, so a new port, method or use-case has its points as soon as it is there.
"""

import ast
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import NoneType
from typing import Any, Final, get_args, get_type_hints

import application
from application.ports.grant_vault import GrantVault
from application.ports.provider import CalendarProvider
from application.ports.store import Store
from server.runtime import container

BEFORE: Final = "before"
AFTER: Final = "after"
VAULT: Final = "vault"
"""The one port that the container does not know: the provider's adapter spends grants through it."""


@dataclass(frozen=True, slots=True)
class CommitPlace:
    """Where a use-case opens a transaction: by this its commits are told apart at run time."""

    module: str
    line: int


@cache
def port_methods() -> dict[str, frozenset[str]]:
    """The ports of the container, and of the providers it is given, by their names there, with the methods that go
    outside: those that are awaited."""
    found = {name: _awaited(port) for name, port in _ports() if port is not Store}
    return {name: methods for name, methods in found.items() if methods} | {VAULT: _awaited(GrantVault)}


@cache
def commit_places() -> dict[CommitPlace, str]:
    """Each place in the use-cases that opens a transaction, with its name, such as `WriteSession._record`."""
    root = Path(application.__path__[0])
    places: dict[CommitPlace, str] = {}
    for file in sorted(root.rglob("*.py")):
        module = ".".join(("application", *file.relative_to(root).with_suffix("").parts))
        for name, lines in _transactions(ast.parse(file.read_text(encoding="utf-8"))).items():
            for number, line in enumerate(lines, start=1):
                places[CommitPlace(module, line)] = name if len(lines) == 1 else f"{name}#{number}"
    return places


@cache
def every_point() -> tuple[str, ...]:
    """The names of all, in order."""
    calls = {f"{port}.{method}" for port, methods in port_methods().items() for method in methods}
    commits = {f"commit {name}" for name in commit_places().values()}
    return tuple(f"{name} {when}" for name in sorted(calls | commits) for when in (BEFORE, AFTER))


def _ports() -> Iterator[tuple[str, type[Any]]]:
    """What the container's Dependency providers stand for. Their types are in the source only: at run time
    `Dependency[Store]` is plain `Dependency`."""
    for node in ast.walk(ast.parse(inspect.getsource(container))):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            for part in ast.walk(node.annotation):
                port = getattr(container, part.id, None) if isinstance(part, ast.Name) else None
                if getattr(port, "_is_protocol", False):
                    assert isinstance(port, type)
                    yield node.target.id, port
    yield from _ports_of_a_provider()


def _ports_of_a_provider() -> Iterator[tuple[str, type[Any]]]:
    """The container is given these in bundles: they have the names that they have there, whichever provider it is."""
    for name, kind in get_type_hints(CalendarProvider).items():
        port = next(one for one in (*get_args(kind), kind) if one is not NoneType)
        assert isinstance(port, type)
        yield name, port


def _awaited(port: type[Any]) -> frozenset[str]:
    functions = inspect.getmembers(port, inspect.iscoroutinefunction)
    return frozenset(name for name, _ in functions if not name.startswith("_"))


def _transactions(tree: ast.AST, within: tuple[str, ...] = ()) -> dict[str, list[int]]:
    """The lines that call `transaction()`, by the name of the function they are in."""
    found: dict[str, list[int]] = {}
    for node in ast.iter_child_nodes(tree):
        inside = within
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            inside = (*within, node.name)
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "transaction":
            found.setdefault(".".join(inside), []).append(node.lineno)
        for name, lines in _transactions(node, inside).items():
            found.setdefault(name, []).extend(lines)
    return found
