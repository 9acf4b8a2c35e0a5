"""What every list of open incidents keeps to: which there are, in one order, and what waits because of each."""

import pytest

from application.ports.incidents import IncidentPosition, OpenIncident
from domain.account import AccountStatus, Provider
from domain.ids import ExpertId
from domain.session import EventCopy, Hindrance, Session, WriteStatus
from tests.builders import (
    EXPERT,
    NOW,
    a_calendar,
    a_grant,
    a_session,
    after,
    an_account,
    an_event_copy,
    an_expert,
    an_incident,
    an_interval,
    some_settings,
)
from tests.support.stores import Kept, put_expert

OTHER = ExpertId("other")


async def _lost(kept: Kept) -> None:
    """Accounts account-1 and account-2 of one expert and account-3 of another, all lost, the last one first."""
    await put_expert(kept, an_expert(), an_expert(OTHER))
    async with kept.transaction() as tx:
        for number, owner in ((1, EXPERT), (2, EXPERT), (3, OTHER)):
            lost = an_account(f"account-{number}", expert_id=owner, status=AccountStatus.RECONNECT_REQUIRED)
            await tx.accounts.add(lost, a_grant())
            incident = an_incident(
                f"incident-{number}",
                account_id=f"account-{number}",
                expert_id=owner,
                opened_at=after(hours=-number),
            )
            assert await tx.incidents.add(incident)


async def _open(
    kept: Kept, of: ExpertId | None = None, *, after: IncidentPosition | None = None, limit: int = 10
) -> tuple[OpenIncident, ...]:
    async with kept.transaction() as tx:
        return await tx.incidents.open(of, after=after, now=NOW, limit=limit)


def _names(found: tuple[OpenIncident, ...]) -> list[str]:
    return [one.incident.incident_id for one in found]


async def test_open_incidents_come_by_value_the_longest_open_first(kept: Kept) -> None:
    await _lost(kept)
    found = await _open(kept)
    assert _names(found) == ["incident-3", "incident-2", "incident-1"]
    assert found[-1] == OpenIncident(
        incident=an_incident(opened_at=after(hours=-1)), provider=Provider.MICROSOFT, sessions_at_risk=0
    )


async def test_one_experts_incidents_can_be_had_alone(kept: Kept) -> None:
    await _lost(kept)
    assert _names(await _open(kept, EXPERT)) == ["incident-2", "incident-1"]
    assert _names(await _open(kept, OTHER)) == ["incident-3"]
    assert _names(await _open(kept, ExpertId("nobody"))) == []


async def test_closed_incidents_are_left_out(kept: Kept) -> None:
    await _lost(kept)
    async with kept.transaction() as tx:
        closed = await tx.incidents.open_of(an_account("account-2").account_id)
        assert closed is not None
        await tx.incidents.save(closed.closed(NOW))
    assert _names(await _open(kept)) == ["incident-3", "incident-1"]


@pytest.mark.parametrize("of", [None, EXPERT])
async def test_pages_neither_miss_nor_repeat(kept: Kept, of: ExpertId | None) -> None:
    await _lost(kept)
    whole = await _open(kept, of)
    place: IncidentPosition | None = None
    pages: list[OpenIncident] = []
    while page := await _open(kept, of, after=place, limit=1):
        pages += page
        place = IncidentPosition(page[-1].incident.opened_at, page[-1].incident.incident_id)
    assert tuple(pages) == whole


async def test_incidents_opened_at_once_are_told_apart_by_id(kept: Kept) -> None:
    await _lost(kept)
    async with kept.transaction() as tx:
        for number in (1, 2):
            known = await tx.incidents.open_of(an_account(f"account-{number}").account_id)
            assert known is not None
            await tx.incidents.save(
                an_incident(known.incident_id, account_id=known.account_id, opened_at=after(hours=-1))
            )
    place = IncidentPosition(after(hours=-1), an_incident("incident-1").incident_id)
    assert _names(await _open(kept, EXPERT, after=place)) == ["incident-2"]


def _waiting(session_id: str, *, copy: EventCopy | None = None, starts: float = 24) -> Session:
    return a_session(
        session_id,
        interval=an_interval(starts=starts),
        status=WriteStatus.WAITING,
        hindrance=Hindrance.RECONNECT_REQUIRED,
        copy=copy,
    )


async def _at_risk(kept: Kept, *sessions: Session, chosen: str | None = None) -> dict[str, int]:
    """How many wait because of each of the expert's incidents."""
    await _lost(kept)
    async with kept.transaction() as tx:
        await tx.calendars.save([a_calendar("of-2", account_id="account-2")])
        await tx.calendars.save_settings(some_settings(chosen=chosen))
        for session in sessions:
            await tx.sessions.add(session)
    return {one.incident.account_id: one.sessions_at_risk for one in await _open(kept, EXPERT)}


async def test_a_session_waits_for_the_account_that_its_event_is_in(kept: Kept) -> None:
    there = _waiting("there", copy=an_event_copy(account_id="account-1"))
    assert await _at_risk(kept, there, chosen="of-2") == {"account-1": 1, "account-2": 0}


async def test_a_session_without_an_event_waits_for_the_account_of_the_write_calendar(kept: Kept) -> None:
    gone = an_event_copy(account_id="disconnected")
    sessions = (_waiting("new"), _waiting("left behind", copy=gone))
    assert await _at_risk(kept, *sessions, chosen="of-2") == {"account-1": 0, "account-2": 2}


async def test_where_the_write_calendar_is_automatic_it_waits_for_any_account(kept: Kept) -> None:
    assert await _at_risk(kept, _waiting("new")) == {"account-1": 1, "account-2": 1}


async def test_sessions_that_wait_for_nothing_or_something_else_or_are_over_are_not_at_risk(
    kept: Kept,
) -> None:
    copy = an_event_copy(account_id="account-1")
    sessions = (
        a_session("written", copy=copy, status=WriteStatus.WRITTEN),
        a_session("else", copy=copy, status=WriteStatus.WAITING, hindrance=Hindrance.PROVIDER_UNAVAILABLE),
        a_session(
            "cancelled",
            copy=copy,
            status=WriteStatus.WAITING,
            hindrance=Hindrance.RECONNECT_REQUIRED,
            cancelled=True,
        ),
        _waiting("over", copy=copy, starts=-1),
        _waiting("under way", copy=copy, starts=-0.5),
    )
    assert await _at_risk(kept, *sessions) == {"account-1": 1, "account-2": 0}
