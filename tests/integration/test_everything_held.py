"""Everything held about an expert is exported and can be erased, whatever the schema has by now."""

from collections.abc import Mapping
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag

from adapters.crypto.cipher import KeyRing
from adapters.postgres.audit_log import hidden_ids
from adapters.postgres.data_kinds import Erasure, Kind
from adapters.postgres.data_map import DESERTED, EXPERTS, sealed_columns
from application.experts.delete_expert import DeleteExpert
from application.experts.export_expert import ExportExpert
from application.give_back_grants import GiveBackGrants
from application.notifications.end_subscriptions import EndSubscriptions
from domain.export import ExportPosition, ExportPositionUnknown, ExportRecord
from domain.ids import ExpertId
from tests.builders import an_expert
from tests.fakes.clock import MovableClock
from tests.support.filled import CLAIM, HELD, WITHHELD, store_everything
from tests.support.stores import KeptByPostgres, put_expert

LEAVER, STAYER = ExpertId("expert-leaver"), ExpertId("expert-stayer")
CIPHER = KeyRing({"test": bytes(range(32))})


async def _erase(kept: KeptByPostgres, expert_id: ExpertId) -> str:
    """The name under which the audit log keeps it."""
    clock = MovableClock()
    erase = DeleteExpert(
        store=kept.store,
        clock=clock,
        end_subscriptions=EndSubscriptions(providers={}),
        give_back=GiveBackGrants(
            store=kept.store, clock=clock, providers={}, report=lambda _provider, _failure: None
        ),
    )
    return (await erase(expert_id)).audit_subject


async def _export(kept: KeptByPostgres, expert_id: ExpertId) -> tuple[ExportRecord, ...]:
    export = ExportExpert(store=kept.store, clock=MovableClock())
    return (await export(expert_id, after=None, limit=1000)).records


async def _rows(kept: KeptByPostgres) -> dict[str, list[str]]:
    """All rows of all tables as text, with what is sealed opened."""
    tables = await kept.rows("SELECT tablename AS name FROM pg_tables WHERE schemaname = current_schema()")
    names = [str(one["name"]) for one in tables]
    return {name: sorted([_text(name, row) for row in await _all(kept, name)]) for name in names}


async def _all(kept: KeptByPostgres, table: str) -> list[dict[str, Any]]:
    return await kept.rows(f"SELECT * FROM {table}")


def _text(table: str, row: Mapping[str, Any]) -> str:
    sealed = {one.column: one for one in sealed_columns() if one.table == table}
    shown = {
        name: CIPHER.open(value, context=sealed[name].context(row)) if name in sealed and value else value
        for name, value in row.items()
    }
    return f"{shown}"


async def test_each_column_is_filled_so_that_no_test_here_overlooks_one(kept: KeptByPostgres) -> None:
    await store_everything(kept, LEAVER, "-leaver")
    empty = []
    for name, table in EXPERTS.items():
        rows = await kept.rows(f"SELECT * FROM {name} WHERE {table.rows}", expert_id=LEAVER)
        empty += [f"{name}.{one}" for one in table.columns if all(row[one] is None for row in rows)]
    assert empty == []


async def test_what_may_be_an_address_is_held_as_personal(kept: KeptByPostgres) -> None:
    """The id of a calendar is one where the provider names it by its owner's address."""
    await store_everything(kept, LEAVER, "-leaver")
    found = set()
    for name, table in EXPERTS.items():
        for row in await kept.rows(f"SELECT * FROM {name} WHERE {table.rows}", expert_id=LEAVER):
            found |= {(name, one) for one in table.columns if "remote-leaver" in str(row[one])}
    assert ("calendar", "remote_id") in found
    assert {one for one in found if EXPERTS[one[0]].columns[one[1]].kind is not Kind.PERSONAL} == set()


async def test_of_an_erased_expert_nothing_is_left_that_leads_to_them(kept: KeptByPostgres) -> None:
    await store_everything(kept, STAYER, "-stayer")
    before = await _rows(kept)
    await store_everything(kept, LEAVER, "-leaver")
    filled = await _rows(kept)
    keys = [row["key"] for row in await _all(kept, "audit_subject")]
    assert [name for name in EXPERTS if "leaver" not in str(filled[name])] == ["audit_entry"]

    subject = await _erase(kept, LEAVER)

    left = await _rows(kept)
    (told,) = set(left["change"]) - set(before["change"])
    assert "EXPERT_ERASED" in told
    entries = set(left["audit_entry"]) - set(before["audit_entry"])
    assert len(entries) == 2
    assert all(subject in one and "leaver" not in one for one in entries)
    changed = [name for name in left if left[name] != before[name]]
    assert sorted(changed) == ["audit_entry", "change"]
    assert [name for name in left if "leaver" in str(left[name])] == ["change"]
    assert subject not in str(left["audit_subject"])
    await _require_unreadable(kept, subject, keys)


async def _require_unreadable(kept: KeptByPostgres, subject: str, keys_before: list[bytes]) -> None:
    """What the log keeps of them was readable, and no key that is left opens it."""
    (hidden,) = [
        row
        for row in await _all(kept, "audit_entry")
        if str(row["subject"]) == subject and row["ids"] is not None
    ]
    opened = []
    for key in keys_before:
        try:
            opened.append(hidden_ids({**hidden, "key": key}))
        except InvalidTag:
            continue
    assert [one["session_id"] for one in opened] == ["session-leaver"]
    for row in await _all(kept, "audit_subject"):
        with pytest.raises(InvalidTag):
            hidden_ids({**hidden, "key": row["key"]})


async def test_the_map_says_what_erases_each_table(kept: KeptByPostgres) -> None:
    await store_everything(kept, LEAVER, "-leaver")
    await _erase(kept, LEAVER)
    left = {name for name in EXPERTS if await _all(kept, name)}
    kept_ones = {name for name, table in EXPERTS.items() if table.erased_by is Erasure.KEPT}
    assert left == {*kept_ones, "change"}


async def test_what_was_erased_is_made_anew_from_nothing(kept: KeptByPostgres) -> None:
    await store_everything(kept, LEAVER, "-leaver")
    await _erase(kept, LEAVER)
    await store_everything(kept, LEAVER, "-back")
    assert "leaver" not in str([one.content for one in await _export(kept, LEAVER)]).replace(LEAVER, "")


async def test_an_export_shows_every_column_that_the_map_says_it_shows(kept: KeptByPostgres) -> None:
    await store_everything(kept, LEAVER, "-leaver")
    records = await _export(kept, LEAVER)
    missing = [
        f"{table.record}.{field}"
        for table in EXPERTS.values()
        for column in table.columns.values()
        for field in column.exported_as
        if not any(one.kind == table.record and field in one.content for one in records)
    ]
    assert missing == []
    unnamed = [
        f"{one.kind}.{field}" for one in records for field in one.content if field not in _fields(one.kind)
    ]
    assert unnamed == []


def _fields(kind: str) -> set[str]:
    (table,) = [one for one in EXPERTS.values() if one.record == kind]
    return {field for column in table.columns.values() for field in column.exported_as}


async def test_an_export_tells_all_that_is_known_of_people_and_nothing_that_opens_something(
    kept: KeptByPostgres,
) -> None:
    await store_everything(kept, STAYER, "-stayer")
    await store_everything(kept, LEAVER, "-leaver")
    told = str([one.content for one in await _export(kept, LEAVER)])
    assert {one for one in HELD if one not in told} == set()
    assert {one for one in (*WITHHELD, CLAIM) if one in told} == set()
    assert "stayer" not in told


async def test_busy_times_and_what_differs_from_sessions_are_told_in_readable_times(
    kept: KeptByPostgres,
) -> None:
    await store_everything(kept, LEAVER, "-leaver")
    (reading,) = [one.content for one in await _export(kept, LEAVER) if one.kind == "reading"]
    assert reading["busy"] == [
        {"start_time": "2027-03-01T15:00:00Z", "end_time": "2027-03-01T16:00:00Z"},
        {"start_time": "2027-03-01T17:00:00Z", "end_time": "2027-03-01T18:00:00Z"},
    ]
    assert reading["deviations"] == [
        {
            "session_id": "session-leaver",
            "revision": 1,
            "kind": "MOVED",
            "at": ["2027-03-02T14:00:00Z", "2027-03-02T15:00:00Z"],
            "blocks": ["2027-03-02T14:00:00Z", "2027-03-02T15:00:00Z"],
            "tell": True,
        }
    ]


@pytest.mark.parametrize(
    "position",
    [
        ExportPosition("change", ("x", "1")),
        ExportPosition("audit_entry", ("2027-03-01T00:00:00Z", "9" * 30)),
        ExportPosition("connection_attempt", ("\\xzz",)),
    ],
)
async def test_refuses_a_place_whose_key_is_made_up(kept: KeptByPostgres, position: ExportPosition) -> None:
    export = ExportExpert(store=kept.store, clock=MovableClock())
    await put_expert(kept, an_expert(LEAVER))
    with pytest.raises(ExportPositionUnknown):
        await export(LEAVER, after=position, limit=10)


def test_whatever_is_secret_is_withheld() -> None:
    for table in EXPERTS.values():
        for column in table.columns.values():
            assert column.kind is not Kind.SECRET or column.withheld


async def test_deserted_tables_are_empty(kept: KeptByPostgres) -> None:
    await store_everything(kept, LEAVER, "-leaver")
    for table in DESERTED:
        assert await _all(kept, table) == []
