"""Sessions on a Tuesday of 2030, for tests of the page in front of fakes."""

from typing import Any, Final

from calendarsync.v1.session_pb2 import Session, SessionDetails
from calendarsync.v1.session_service_pb2 import ListSessionsRequest, PutSessionRequest
from tests.builders import EXPERT
from tests.examples.visitor import Seen
from tests.server.served import Api
from tests.support.calls import at, span

WEEK: Final = "/week?of=2030-05-14"
SESSION: Final = "session-1"


async def put(
    api: Api, session_id: str = SESSION, *, start: float = 7, hours: float = 1, **details: Any
) -> None:
    """From so many hours after midnight UTC on; the clock of Berlin is two hours ahead."""
    request = PutSessionRequest(
        expert_id=EXPERT,
        session_id=session_id,
        interval=span(at(start), at(start + hours)),
        details=SessionDetails(**{"title": "Coaching", **details}),
    )
    await api.sessions.PutSession(request)


async def all_sessions(api: Api) -> list[Session]:
    """Those that were cancelled, too."""
    request = ListSessionsRequest(expert_id=EXPERT, include_cancelled=True)
    return list((await api.sessions.ListSessions(request)).sessions)


def book_link(page: Seen, start: str) -> str:
    """To the form for a session on Tuesday from then on, by the clock of UTC."""
    found = [one for one in page.links.values() if one.startswith("/book?")]
    return next(one for one in found if f"2030-05-14T{start}" in one.replace("%3A", ":"))
