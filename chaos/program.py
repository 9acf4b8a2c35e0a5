"""One process of the service, as `calendarsync serve` is, but with failpoints and with less patience for the dead.

It is forked from a process that has everything imported, since a run starts hundreds.
"""

import os
import sys
from collections.abc import Mapping
from datetime import timedelta
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

from chaos.failpoints import Orders, watched
from chaos.points import VAULT, commit_places, port_methods
from server.runtime.settings import PREFIX

LIFE_SHOWN_EVERY: Final = timedelta(seconds=1)
DEAD_AFTER: Final = timedelta(seconds=12)
CALL_LIMIT: Final = timedelta(seconds=8)
"""Of one write. Like the product's own: shorter than the silence after which others take over."""


def run(role: str, environment: Mapping[str, str], log: Path, line: Connection) -> None:
    """Serves until it is told to stop, or dies."""
    _write_to(log)
    for name in [name for name in os.environ if name.upper().startswith(PREFIX)]:
        del os.environ[name]
    os.environ.update(environment)
    orders = Orders(line)
    orders.listen()
    _compress_time()
    _set_failpoints(orders)
    from server.__main__ import run as serve

    sys.argv = ["calendarsync", "serve", "--role", role]
    serve()


def _write_to(log: Path) -> None:
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for stream in (1, 2):
        os.dup2(file, stream)
    os.close(file)


def _compress_time() -> None:
    """A minute of a run is to hold what takes many: the dead are noticed sooner."""
    _replace("server.runtime.worker.SHOWN_EVERY", LIFE_SHOWN_EVERY)
    _replace("application.upkeep.show_life.DEAD_AFTER", DEAD_AFTER)
    _replace("application.sessions.write_session.CALL_LIMIT", CALL_LIMIT)


def _set_failpoints(orders: Orders) -> None:
    """Between the process and whatever it opens, and nowhere else."""
    container = _replace("server.runtime.resources.Container", None)
    vault = _replace("server.runtime.resources.PostgresGrantVault", None)

    def with_points(**dependencies: Any) -> Any:
        given = {name: watched(name, one, orders.passed) for name, one in dependencies.items()}
        return container(**given)

    def vault_with_points(**parts: Any) -> Any:
        return watched(VAULT, vault(**parts), orders.passed)

    _replace("server.runtime.resources.Container", with_points)
    _replace("server.runtime.resources.PostgresGrantVault", vault_with_points)


def _replace(name: str, by: Any) -> Any:
    """What a module knows under this name; the former one. It must be there: a new name is to be noticed."""
    module_name, _, attribute = name.rpartition(".")
    module = import_module(module_name)
    before = getattr(module, attribute)
    setattr(module, attribute, by)
    return before


port_methods()
commit_places()
