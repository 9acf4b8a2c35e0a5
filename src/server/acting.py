"""Who does what is being done, as the audit log names them: by the call under way, else by what the task is for."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from domain.audit import Actor, ActorKind
from server.current_call import present_caller

_acting: ContextVar[ActorKind] = ContextVar("_acting", default=ActorKind.WORKER)


def who_acts() -> Actor:
    """The caller during a call, whoever `acting_as` names, or the service by itself."""
    caller = present_caller()
    return Actor(_acting.get()) if caller is None else Actor(ActorKind.CALLER, caller.name)


@contextmanager
def acting_as(kind: ActorKind) -> Iterator[None]:
    """For what is neither a call nor the service's own work."""
    token = _acting.set(kind)
    try:
        yield
    finally:
        _acting.reset(token)
