"""PutSession on PostgreSQL, for tests of how new sessions are accepted there."""

from datetime import timedelta

import pytest

from adapters.postgres import new_sessions
from application.ports.new_sessions import NewSessions
from application.sessions.put_session import PutSession
from tests.fakes.clock import MovableClock
from tests.support.stores import KeptByPostgres

BUDGET = timedelta(seconds=5)


def put_session_on(
    kept: KeptByPostgres, new_sessions: NewSessions, clock: MovableClock | None = None
) -> PutSession:
    """Without checks of the calendars, which nothing here asks for."""
    return PutSession(
        store=kept.store,
        new_sessions=new_sessions,
        clock=clock or MovableClock(),
        look_up=None,  # type: ignore[arg-type]
        sessions_kept=timedelta(days=400),
    )


def refusals(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What was logged of statements that were refused."""
    return [one.getMessage() for one in caplog.records if one.name == new_sessions.__name__]
