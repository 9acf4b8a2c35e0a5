"""The contract of everything held about an expert, in readable form."""

from collections.abc import Mapping

import pytest

from domain.export import ExportPosition, ExportPositionUnknown, ExportRecord, Shown
from domain.ids import ExpertId, HoldId
from tests.builders import (
    ACCOUNT,
    CALENDAR,
    EXPERT,
    NOW,
    SESSION,
    a_calendar,
    a_grant,
    a_hold,
    a_remote_calendar,
    a_session,
    an_account,
    an_expert,
    an_interval,
    some_details,
)
from tests.support.stores import Kept, put_expert

OTHER = ExpertId("expert-2")


async def _fill(kept: Kept, *, sessions: int = 1) -> None:
    """An expert of whom there is one of each, and somebody else of whom there is as much."""
    await put_expert(kept, an_expert(email="mia@experts.example"), an_expert(OTHER))
    for expert_id, suffix in ((EXPERT, ""), (OTHER, "-of-other")):
        account = an_account(f"{ACCOUNT}{suffix}", expert_id=expert_id, email=f"mia{suffix}@contoso.example")
        remote = a_remote_calendar(f"remote{suffix}", name="Private")
        async with kept.transaction() as tx:
            await tx.accounts.add(account, a_grant(b"refresh-token"))
            await tx.calendars.save(
                [a_calendar(f"{CALENDAR}{suffix}", account_id=account.account_id, remote=remote)]
            )
            for number in range(1, sessions + 1):
                title = some_details(f"Coaching {number}")
                await tx.sessions.add(
                    a_session(f"session-{number}{suffix}", expert_id=expert_id, details=title)
                )
            await tx.reserved.hold(a_hold(expert_id=expert_id), now=NOW)


async def _after(
    kept: Kept, position: ExportPosition | None, *, limit: int = 100, of: ExpertId = EXPERT
) -> tuple[ExportRecord, ...]:
    async with kept.transaction() as tx:
        return await tx.records.after(of, position, limit=limit)


def _contents(records: tuple[ExportRecord, ...], kind: str) -> list[Mapping[str, Shown]]:
    return [one.content for one in records if one.kind == kind]


async def test_what_is_held_is_shown_as_it_is_and_with_its_details(kept: Kept) -> None:
    await _fill(kept)
    records = await _after(kept, None)
    expected: dict[str, dict[str, Shown]] = {
        "profile": {"expert_id": EXPERT, "email": "mia@experts.example"},
        "account": {"account_id": ACCOUNT, "email": "mia@contoso.example"},
        "calendar": {"calendar_id": CALENDAR, "name": "Private"},
        "session": {
            "session_id": SESSION,
            "title": "Coaching 1",
            "start_time": an_interval().start.isoformat().replace("+00:00", "Z"),
        },
        "hold": {"hold_id": HoldId("hold-1")},
    }
    for kind, content in expected.items():
        (held,) = _contents(records, kind)
        assert content.items() <= held.items()


async def test_secrets_and_other_experts_are_not_among_it(kept: Kept) -> None:
    await _fill(kept)
    told = str([one.content for one in await _after(kept, None)])
    assert "refresh-token" not in told
    assert "other" not in told
    assert OTHER not in told


async def test_an_export_goes_on_where_it_was_and_ends(kept: Kept) -> None:
    await _fill(kept, sessions=5)
    whole = await _after(kept, None)
    parts: list[ExportRecord] = []
    while part := await _after(kept, parts[-1].position if parts else None, limit=2):
        parts += part
    assert parts == list(whole)
    assert len(_contents(whole, "session")) == 5


async def test_nothing_is_held_about_an_unknown_expert(kept: Kept) -> None:
    await _fill(kept)
    assert await _after(kept, None, of=ExpertId("nobody")) == ()


async def test_a_record_says_about_how_large_it_is(kept: Kept) -> None:
    await _fill(kept)
    for record in await _after(kept, None):
        assert record.size >= sum(len(value) for value in record.content.values() if isinstance(value, str))


@pytest.mark.parametrize(
    "position", [ExportPosition("nothing", ("x",)), ExportPosition("session", ("x", "y"))]
)
async def test_refuses_a_place_that_no_export_has(kept: Kept, position: ExportPosition) -> None:
    await _fill(kept)
    with pytest.raises(ExportPositionUnknown):
        await _after(kept, position)
