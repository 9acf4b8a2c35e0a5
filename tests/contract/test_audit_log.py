"""The contract of the audit log."""

from datetime import datetime, timedelta

import pytest

from domain.audit import MOST_CALENDARS, Act, Actor, ActorKind, AuditAction, AuditEntry, AuditPosition
from domain.expert import ExpertNotFound
from domain.ids import CalendarId, ExpertId
from tests.builders import ACCOUNT, CALENDAR, EXPERT, NOW, SESSION, a_grant, after, an_account, an_expert
from tests.support.stores import Kept, put_expert

OTHER = ExpertId("expert-2")
LONG_AGO = NOW - timedelta(days=900)


def an_act(
    action: AuditAction = AuditAction.EVENT_WRITTEN,
    *,
    at: datetime = NOW,
    expert_id: ExpertId | None = EXPERT,
    about: str | None = None,
) -> Act:
    return Act(action=action, at=at, expert_id=expert_id, about=about)


async def _add(kept: Kept, *acts: Act) -> None:
    async with kept.transaction() as tx:
        for act in acts:
            await tx.audit.add(act)


async def _page(
    kept: Kept,
    *,
    of: ExpertId | None = None,
    subject: str | None = None,
    after: AuditPosition | None = None,
    until: datetime | None = None,
    limit: int = 10,
) -> tuple[AuditEntry, ...]:
    async with kept.transaction() as tx:
        return await tx.audit.page(of=of, subject=subject, after=after, until=until, limit=limit)


async def _acts(kept: Kept, *, of: ExpertId | None = None) -> list[Act]:
    return [one.act for one in await _page(kept, of=of, limit=50)]


async def _subject(kept: Kept, expert_id: ExpertId = EXPERT) -> str:
    async with kept.transaction() as tx:
        return await tx.audit.subject_of(expert_id)


async def test_an_act_is_recorded_with_all_that_it_names_and_with_who_acted(kept: Kept) -> None:
    await put_expert(kept)
    full = Act(
        action=AuditAction.CALENDARS_SELECTED,
        at=NOW,
        expert_id=EXPERT,
        account_id=ACCOUNT,
        session_id=SESSION,
        calendar_ids=(CALENDAR, CalendarId("calendar-2")),
    )
    kept.who_acts.actor = Actor(ActorKind.CALLER, "scheduling")
    await _add(kept, full)
    kept.who_acts.actor = Actor(ActorKind.OPERATOR)
    await _add(kept, an_act(AuditAction.KEYS_ROTATED, expert_id=None, about="key-2"))
    kept.who_acts.actor = Actor(ActorKind.WORKER)
    first, second = await _page(kept)
    assert (first.act, first.actor) == (full, Actor(ActorKind.CALLER, "scheduling"))
    assert first.subject == await _subject(kept)
    assert second.act == an_act(AuditAction.KEYS_ROTATED, expert_id=None, about="key-2")
    assert (second.actor, second.subject) == (Actor(ActorKind.OPERATOR), None)


@pytest.mark.parametrize("action", list(AuditAction))
async def test_each_action_is_kept_as_it_is(kept: Kept, action: AuditAction) -> None:
    await put_expert(kept)
    await _add(kept, an_act(action))
    assert [one.action for one in await _acts(kept)] == [action]


async def test_an_act_is_recorded_only_if_it_happens(kept: Kept) -> None:
    await put_expert(kept)
    with pytest.raises(ZeroDivisionError):
        async with kept.transaction() as tx:
            await tx.audit.add(an_act())
            raise ZeroDivisionError
    assert await _acts(kept) == []


async def test_nothing_is_recorded_about_an_expert_who_is_not_there(kept: Kept) -> None:
    await _add(kept, an_act())
    assert await _page(kept) == ()
    with pytest.raises(ExpertNotFound):
        await _subject(kept)


async def test_pages_go_on_where_the_last_one_ended_also_within_one_instant(kept: Kept) -> None:
    await put_expert(kept, an_expert(), an_expert(OTHER))
    acts = [an_act(at=after(seconds=n // 2), expert_id=(EXPERT, OTHER)[n % 2]) for n in range(6)]
    await _add(kept, *reversed(acts))
    seen: list[AuditEntry] = []
    while page := await _page(kept, after=seen[-1].position if seen else None, limit=4):
        seen += page
    assert [one.act.at for one in seen] == [one.at for one in acts]
    assert len({one.position for one in seen}) == 6


async def test_one_experts_entries_can_be_had_alone_and_up_to_a_time(kept: Kept) -> None:
    await put_expert(kept, an_expert(), an_expert(OTHER))
    mine = [an_act(at=after(seconds=n)) for n in range(3)]
    await _add(kept, mine[0], an_act(expert_id=OTHER), mine[1], mine[2])
    assert await _acts(kept, of=EXPERT) == mine
    assert await _acts(kept, of=ExpertId("nobody")) == []
    assert [one.act for one in await _page(kept, subject=await _subject(kept))] == mine
    assert [one.act for one in await _page(kept, of=EXPERT, until=after(seconds=2))] == mine[:2]
    assert await _page(kept, of=EXPERT, subject=await _subject(kept, OTHER)) == ()


async def test_whether_something_was_done_lately_depends_on_who_did_it(kept: Kept) -> None:
    await put_expert(kept, an_expert(), an_expert(OTHER))
    await _add(kept, an_act(AuditAction.EXPERT_EXPORTED))
    exported = an_act(AuditAction.EXPERT_EXPORTED)
    async with kept.transaction() as tx:
        assert await tx.audit.has_since(after(seconds=-1), exported)
        assert not await tx.audit.has_since(NOW, exported)
        assert not await tx.audit.has_since(after(seconds=-1), an_act(AuditAction.EVENT_WRITTEN))
        assert not await tx.audit.has_since(
            after(seconds=-1), an_act(AuditAction.EXPERT_EXPORTED, expert_id=OTHER)
        )
        kept.who_acts.actor = Actor(ActorKind.CALLER, "else")
        assert not await tx.audit.has_since(after(seconds=-1), exported)
        kept.who_acts.actor = Actor(ActorKind.WORKER)


async def test_what_is_left_of_an_erased_expert_names_nobody(kept: Kept) -> None:
    await put_expert(kept)
    subject = await _subject(kept)
    act = Act(
        action=AuditAction.EVENT_WRITTEN,
        at=NOW,
        expert_id=EXPERT,
        account_id=ACCOUNT,
        session_id=SESSION,
        calendar_ids=(CALENDAR,),
    )
    await _add(kept, act)
    async with kept.transaction() as tx:
        await tx.experts.remove(EXPERT)
    (left,) = await _page(kept)
    assert left.act == Act(action=AuditAction.EVENT_WRITTEN, at=NOW)
    assert left.subject == subject
    assert await _page(kept, subject=subject) == (left,)
    assert await _page(kept, of=EXPERT) == ()


async def test_an_expert_who_comes_back_is_somebody_else_to_the_log(kept: Kept) -> None:
    await put_expert(kept)
    before = await _subject(kept)
    await put_expert(kept, an_expert(display_name="Renamed"))
    assert await _subject(kept) == before
    async with kept.transaction() as tx:
        await tx.audit.add(an_act())
        await tx.experts.remove(EXPERT)
    await put_expert(kept)
    assert await _subject(kept) != before
    assert await _page(kept, of=EXPERT) == ()


async def test_an_entry_names_so_many_calendars_at_most(kept: Kept) -> None:
    await put_expert(kept)
    many = tuple(CalendarId(f"calendar-{n:03}") for n in range(MOST_CALENDARS + 1))
    await _add(kept, Act(action=AuditAction.CALENDARS_SELECTED, at=NOW, expert_id=EXPERT, calendar_ids=many))
    assert [one.calendar_ids for one in await _acts(kept)] == [many[:-1]]


async def test_the_oldest_entries_are_forgotten_so_many_at_a_time(kept: Kept) -> None:
    await put_expert(kept)
    acts = [an_act(at=LONG_AGO + timedelta(days=n)) for n in range(4)]
    await _add(kept, acts[2], acts[0], acts[3], acts[1])
    async with kept.transaction() as tx:
        assert await tx.audit.forget_before(acts[3].at, 2) == 2
        assert await tx.audit.forget_before(acts[3].at, 2) == 1
        assert await tx.audit.forget_before(acts[3].at, 2) == 0
    assert await _acts(kept) == [acts[3]]


async def test_the_use_of_a_grant_is_recorded_once_a_day(kept: Kept) -> None:
    await put_expert(kept)
    async with kept.transaction() as tx:
        await tx.accounts.add(an_account(), a_grant())
    over = await kept.vault.load(ACCOUNT)
    for at in (NOW, after(hours=1), after(hours=11), after(hours=12), after(days=2)):
        over = await kept.vault.load(ACCOUNT)
        assert await kept.vault.save_renewed(ACCOUNT, a_grant(), over=over, now=at)
    assert not await kept.vault.save_renewed(ACCOUNT, a_grant(), over=over, now=after(days=5))
    used = [one for one in await _acts(kept) if one.action is AuditAction.GRANT_USED]
    assert [(one.at, one.account_id) for one in used] == [
        (NOW, ACCOUNT),
        (after(hours=12), ACCOUNT),
        (after(days=2), ACCOUNT),
    ]
