"""What use-cases leave in the audit log: each act once, with ids, and in the transaction that does it."""

from datetime import timedelta

import pytest

from domain.access import AccessLost, ProviderUnavailable
from domain.account import AccountNotFound
from domain.audit import Act, Actor, ActorKind, AuditAction
from domain.ids import CalendarId
from tests.builders import EXPERT, an_interval
from tests.fakes.provider import Person
from tests.support.application import AUDIT_KEPT, Application

SELECTIONS = (
    AuditAction.CALENDARS_SELECTED,
    AuditAction.CALENDARS_DESELECTED,
    AuditAction.WRITE_CALENDAR_SELECTED,
    AuditAction.TENTATIVE_SET_TO_BLOCK,
    AuditAction.TENTATIVE_SET_TO_LEAVE_FREE,
)


def _selections(app: Application) -> list[tuple[AuditAction, tuple[CalendarId, ...]]]:
    acts = [one.act for one in app.store.tables.audit]
    return [(one.action, one.calendar_ids) for one in acts if one.action in SELECTIONS]


async def test_consent_is_recorded_when_given_renewed_lost_and_withdrawn(
    app: Application, maria: Person
) -> None:
    account = await app.connect(maria)
    await app.connect(maria)
    await app.report_lost_access(AccessLost(account_id=account.account_id, grant_version=2))
    await app.report_lost_access(AccessLost(account_id=account.account_id, grant_version=2))
    await app.connect(maria, reconnects=account.account_id)
    await app.disconnect_account(EXPERT, account.account_id)
    with pytest.raises(AccountNotFound):
        await app.disconnect_account(EXPERT, account.account_id)
    assert app.audited(*SELECTIONS) == [
        (AuditAction.CONSENT_GIVEN, account.account_id),
        (AuditAction.CONSENT_RENEWED, account.account_id),
        (AuditAction.CONSENT_LOST, account.account_id),
        (AuditAction.CONSENT_RENEWED, account.account_id),
        (AuditAction.CONSENT_WITHDRAWN, account.account_id),
    ]


async def test_a_sign_in_that_fails_gave_no_consent(app: Application, maria: Person) -> None:
    state = await app.start()
    app.provider.outage = True
    assert (await app.finish(state, maria)).failure is not None
    assert app.audited() == []


async def test_a_selection_is_recorded_as_what_it_changes(app: Application, maria: Person) -> None:
    team = maria.add_calendar("Team")
    account = await app.connect(maria)
    (primary,) = [one.calendar_id for one in app.store.tables.calendars.values() if one.primary]
    other = (await app.calendar(team)).calendar_id
    assert _selections(app) == [(AuditAction.CALENDARS_SELECTED, (primary,))]
    app.store.tables.audit.clear()

    await app.update_calendar_settings(EXPERT, conflict=[other], write=other)
    await app.update_calendar_settings(EXPERT, conflict=[other], write=other)
    await app.update_calendar_settings(EXPERT, write=None)

    assert _selections(app) == [
        (AuditAction.CALENDARS_SELECTED, (other,)),
        (AuditAction.CALENDARS_DESELECTED, (primary,)),
        (AuditAction.WRITE_CALENDAR_SELECTED, (other,)),
        (AuditAction.WRITE_CALENDAR_SELECTED, ()),
    ]
    await app.disconnect_account(EXPERT, account.account_id)
    assert _selections(app)[4:] == []


async def test_whether_tentative_events_block_is_recorded_when_it_changes(app: Application) -> None:
    for wanted in (False, True, True, False):
        await app.update_calendar_settings(EXPERT, tentative_blocks=wanted)

    assert _selections(app) == [
        (AuditAction.TENTATIVE_SET_TO_BLOCK, ()),
        (AuditAction.TENTATIVE_SET_TO_LEAVE_FREE, ()),
    ]


async def test_writes_are_recorded_by_session_and_account_when_the_event_is_written(
    app: Application, maria: Person
) -> None:
    account = await app.connect(maria)
    app.store.tables.audit.clear()
    await app.book()
    assert app.audited() == []
    await app.run_jobs()
    await app.book(interval=an_interval(starts=30))
    await app.run_jobs()
    await app.cancel_session(EXPERT, (await app.session()).session_id)
    await app.run_jobs()
    await app.run_jobs()
    assert [one.act.action for one in app.store.tables.audit] == [
        AuditAction.EVENT_WRITTEN,
        AuditAction.EVENT_CHANGED,
        AuditAction.EVENT_REMOVED,
    ]
    assert {(one.act.session_id, one.act.account_id) for one in app.store.tables.audit} == {
        ((await app.session()).session_id, account.account_id)
    }


async def test_a_write_whose_outcome_was_unknown_is_recorded_once_it_is_known(
    app: Application, maria: Person
) -> None:
    await app.connect(maria)
    app.store.tables.audit.clear()
    app.provider.fail("create", ProviderUnavailable(outcome_unknown=True), after_doing=True)
    await app.book()
    await app.run_jobs()
    assert app.audited() == []
    await app.pass_time(timedelta(minutes=1))
    assert app.audited() == [(AuditAction.EVENT_WRITTEN, "session-1")]


async def test_a_write_that_was_refused_is_not_recorded(app: Application, maria: Person) -> None:
    await app.connect(maria)
    app.store.tables.audit.clear()
    app.provider.outage = True
    await app.book()
    await app.run_jobs()
    assert app.audited() == []


async def test_what_is_removed_after_the_account_came_back_is_recorded(
    app: Application, maria: Person
) -> None:
    first = await app.connect(maria)
    await app.connect(app.provider.add_person("second"))
    await app.book()
    await app.run_jobs()
    await app.disconnect_account(EXPERT, first.account_id)
    await app.book(interval=an_interval(starts=30))
    await app.run_jobs()
    app.store.tables.audit.clear()
    back = await app.connect(maria)
    await app.pass_time(timedelta(minutes=10))
    writes = [one.act for one in app.store.tables.audit if one.act.session_id]
    assert [(one.action, one.account_id) for one in writes] == [(AuditAction.EVENT_REMOVED, back.account_id)]


async def test_an_erasure_is_kept_under_a_name_that_leads_to_nobody(app: Application, maria: Person) -> None:
    await app.connect(maria)
    app.store.who_acts.actor = Actor(ActorKind.CALLER, "privacy-desk")
    erased = await app.delete_expert(EXPERT)
    async with app.store.transaction() as tx:
        left = await tx.audit.page(subject=erased.audit_subject, limit=50)
        assert await tx.audit.page(of=EXPERT, limit=50) == ()
    assert [one.act.action for one in left][-1] is AuditAction.EXPERT_ERASED
    assert left[-1].actor == Actor(ActorKind.CALLER, "privacy-desk")
    assert {(one.act.expert_id, one.act.account_id, one.act.calendar_ids) for one in left} == {
        (None, None, ())
    }


async def test_old_entries_are_forgotten_by_the_sweep(app: Application) -> None:
    old, kept = (
        Act(action=AuditAction.GRANT_USED, at=app.clock.now() - AUDIT_KEPT + by, expert_id=EXPERT)
        for by in (-timedelta(seconds=1), timedelta(seconds=1))
    )
    async with app.store.transaction() as tx:
        await tx.audit.add(old)
        await tx.audit.add(kept)
    await app.forget_ended()
    assert [one.act for one in app.store.tables.audit] == [kept]
