"""A week of 2030 for tests of the page: far from everything that the sandbox begins with."""

from typing import Final
from urllib.parse import parse_qs, urlsplit

from calendarsync.v1.expert_service_pb2 import ListExpertsRequest
from calendarsync.v1.session_pb2 import Session
from calendarsync.v1.session_service_pb2 import ListSessionsRequest
from sandbox import Sandbox
from tests.examples.visitor import Seen
from tests.support.service import Service

TUESDAY: Final = "2030-05-14"
WEEK: Final = f"/week?of={TUESDAY}"


def enter(sandbox: Sandbox, start: str, end: str, *, person: str = "anna") -> None:
    """Into the person's own calendar, by the clock of Berlin on Tuesday."""
    sandbox.world.events.add(
        person, f"{TUESDAY}T{start}", f"{TUESDAY}T{end}", zone="Europe/Berlin", subject="Layoff planning"
    )


def fail(sandbox: Sandbox) -> None:
    """Microsoft's calendars, from now on."""
    sandbox.world.faults.answer(503, surface="graph", times=None)


def starts(page: Seen) -> list[str]:
    """What can be booked on Tuesday, by the clock of UTC."""
    told = [
        parse_qs(urlsplit(one).query)["start"][0] for one in page.links.values() if one.startswith("/book?")
    ]
    return [one.partition("T")[2].removesuffix(":00Z") for one in told if one.startswith(TUESDAY)]


def book_link(page: Seen, start: str) -> str:
    """To the form for a session on Tuesday from then on, by the clock of UTC."""
    return next(
        one
        for one in page.links.values()
        if one.startswith("/book?") and f"{TUESDAY}T{start}" in one.replace("%3A", ":")
    )


def session_link(page: Seen) -> str:
    """To the first session of a page."""
    return next(one for one in page.links.values() if one.startswith("/session?"))


async def only_expert(service: Service) -> str:
    """The id of the one that there is."""
    (expert,) = (await service.experts.ListExperts(ListExpertsRequest())).experts
    return expert.expert_id


async def connect(service: Service, person: str) -> None:
    """An account of this person's for the only expert."""
    await service.connect(person, expert_id=await only_expert(service))


async def all_sessions(service: Service) -> list[Session]:
    """Of the only expert, those that were cancelled included."""
    request = ListSessionsRequest(expert_id=await only_expert(service), include_cancelled=True)
    return list((await service.sessions.ListSessions(request)).sessions)
