"""Everything held about an expert, page by page, and that it was asked for."""

from datetime import timedelta

import pytest

from application.experts.export_expert import LARGEST_PAGE_BYTES
from domain.audit import Actor, ActorKind, AuditAction
from domain.expert import ExpertNotFound
from domain.export import ExportPosition, ExportRecord
from domain.ids import ExpertId
from tests.builders import EXPERT, an_interval, some_details
from tests.fakes.provider import Person
from tests.support.application import Application


async def _export(app: Application, *, limit: int) -> list[list[ExportRecord]]:
    """The pages."""
    pages: list[list[ExportRecord]] = []
    position: ExportPosition | None = None
    while True:
        page = await app.export_expert(EXPERT, after=position, limit=limit)
        pages.append(list(page.records))
        if not page.more:
            return pages
        position = page.records[-1].position


def _exports(app: Application) -> list[Actor]:
    return [one.actor for one in app.store.tables.audit if one.act.action is AuditAction.EXPERT_EXPORTED]


async def test_pages_hold_everything_once(app: Application, maria: Person) -> None:
    await app.connect(maria)
    for number in range(120):
        await app.book(f"session-{number:03}", interval=an_interval(starts=number))
    pages = await _export(app, limit=55)
    assert [len(one) for one in pages[:-1]] == [55, 55]
    sessions = [one.content["session_id"] for page in pages for one in page if one.kind == "session"]
    assert sessions == [f"session-{number:03}" for number in range(120)]


async def test_a_page_of_large_records_ends_early(app: Application) -> None:
    for number in range(150):
        long = some_details("x" * (LARGEST_PAGE_BYTES // 60))
        await app.book(f"session-{number:03}", interval=an_interval(starts=number), details=long)
    pages = await _export(app, limit=1000)
    assert [len(page) for page in pages] == [61, 60, 30]
    largest = max(one.size for page in pages for one in page)
    assert max(sum(one.size for one in page) for page in pages) < LARGEST_PAGE_BYTES + largest
    assert sum(len(page) for page in pages) == 151


async def test_an_unknown_expert_is_not_found(app: Application) -> None:
    with pytest.raises(ExpertNotFound):
        await app.export_expert(ExpertId("nobody"), after=None, limit=10)
    assert _exports(app) == []


async def test_an_export_is_recorded_once_and_each_new_one_again(app: Application, maria: Person) -> None:
    await app.connect(maria)
    app.store.who_acts.actor = Actor(ActorKind.CALLER, "privacy-desk")
    await _export(app, limit=1)
    assert _exports(app) == [Actor(ActorKind.CALLER, "privacy-desk")]
    await _export(app, limit=1)
    assert len(_exports(app)) == 2


async def test_who_goes_on_with_what_they_never_began_is_recorded_too(
    app: Application, maria: Person
) -> None:
    """Page tokens hold no secret, so anybody can make one."""
    await app.connect(maria)
    await _export(app, limit=10)
    app.store.who_acts.actor = Actor(ActorKind.CALLER, "thief")
    behind = ExportPosition("profile", (EXPERT,))
    await app.export_expert(EXPERT, after=behind, limit=10)
    await app.export_expert(EXPERT, after=behind, limit=10)
    assert [one.name for one in _exports(app)] == ["", "thief"]
    app.clock.advance(timedelta(hours=1))
    await app.export_expert(EXPERT, after=behind, limit=10)
    assert [one.name for one in _exports(app)] == ["", "thief", "thief"]
