"""ExpertService over a real channel."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from google.api import field_behavior_pb2
from google.protobuf.field_mask_pb2 import FieldMask

from calendarsync.v1 import expert_pb2
from calendarsync.v1.expert_service_pb2 import (
    DeleteExpertRequest,
    ExportExpertRequest,
    ExportRecord,
    GetExpertRequest,
    ListExpertsRequest,
    PutExpertRequest,
)
from domain.account import AccountKind
from domain.audit import Actor, ActorKind, AuditAction
from domain.expert import CHANGEABLE
from server.rpc.mapping.times import instant
from server.rpc.paging import page_token
from tests.builders import EXPERT
from tests.server.served import Api, expert_message, failure_of, session_request


async def test_gives_back_what_was_put(api: Api) -> None:
    put = await api.put_expert()

    got = await api.experts.GetExpert(GetExpertRequest(expert_id=EXPERT))

    assert put == got.expert
    assert instant(put.create_time) == instant(put.update_time) == api.world.clock.now()
    for time in ("create_time", "update_time"):
        put.ClearField(time)
    assert put == expert_message()


async def test_replaces_an_expert(api: Api) -> None:
    first = await api.put_expert()
    api.world.clock.advance(timedelta(minutes=1))
    put = await api.put_expert(plan=expert_pb2.PLAN_FREE, time_zone="Pacific/Auckland")
    api.world.clock.advance(timedelta(minutes=1))
    again = await api.put_expert(plan=expert_pb2.PLAN_FREE, time_zone="Pacific/Auckland")

    got = await api.experts.GetExpert(GetExpertRequest(expert_id=EXPERT))

    assert got.expert == put == again
    assert (put.plan, put.time_zone) == (expert_pb2.PLAN_FREE, "Pacific/Auckland")
    assert put.create_time == first.create_time
    assert instant(put.update_time) - instant(first.update_time) == timedelta(minutes=1)


@pytest.mark.parametrize("locale", ["de", "de-AT", "zh-Hant-TW", "sl-rozaj-biske-1994", ""])
async def test_keeps_the_language_as_it_was_given(api: Api, locale: str) -> None:
    put = await api.put_expert(locale=locale)

    got = await api.experts.GetExpert(GetExpertRequest(expert_id=EXPERT))

    assert put.locale == got.expert.locale == locale


ALL = ["display_name", "email", "locale", "plan", "time_zone"]
OTHERS: Mapping[str, Any] = {
    "plan": expert_pb2.PLAN_FREE,
    "email": "other@experts.example",
    "display_name": "Another Name",
    "time_zone": "Asia/Tokyo",
    "locale": "fr",
}


async def _put_masked(api: Api, *paths: str, **changes: Any) -> expert_pb2.Expert:
    request = PutExpertRequest(expert=expert_message(**changes), update_mask=FieldMask(paths=paths))
    return (await api.experts.PutExpert(request)).expert


async def test_who_does_not_know_the_language_leaves_it_as_it_is(api: Api) -> None:
    first = await api.put_expert(locale="de-AT")
    api.world.clock.advance(timedelta(minutes=1))
    again = await api.put_expert()
    renamed = await api.put_expert(display_name="Another Name")

    assert again == first
    assert (renamed.display_name, renamed.locale) == ("Another Name", "de-AT")
    assert renamed.update_time != first.update_time


@pytest.mark.parametrize("paths", [["*"], ["locale"], ["plan", "locale"]])
async def test_a_mask_empties_what_it_names(api: Api, paths: list[str]) -> None:
    await api.put_expert(locale="de-AT")
    assert (await _put_masked(api, *paths)).locale == ""


@pytest.mark.parametrize("paths", [[one] for one in ALL] + [["plan", "email"], ALL])
async def test_a_mask_takes_what_it_names_and_nothing_else(api: Api, paths: list[str]) -> None:
    before = await api.put_expert(locale="de")
    after = await _put_masked(api, *paths, **OTHERS)

    for name in ALL:
        assert getattr(after, name) == (OTHERS[name] if name in paths else getattr(before, name)), name
    got = (await api.experts.GetExpert(GetExpertRequest(expert_id=EXPERT))).expert
    assert got == after


async def test_of_a_new_expert_all_is_taken_whatever_the_mask(api: Api) -> None:
    put = await _put_masked(api, "plan", **OTHERS)
    assert {name: getattr(put, name) for name in ALL} == OTHERS


@pytest.mark.parametrize(
    "paths", [["expert_id"], ["create_time"], ["plan", "*"], ["Plan"], ["expert.plan"], [""]]
)
async def test_a_mask_names_fields_that_can_change(api: Api, paths: list[str]) -> None:
    await api.put_expert()
    failure = await failure_of(_put_masked(api, *paths))
    assert (failure.reason, set(failure.fields)) == ("INVALID_REQUEST", {"update_mask"})


def test_whatever_can_be_set_of_an_expert_can_be_masked() -> None:
    extension: Any = field_behavior_pb2.field_behavior
    fixed = {field_behavior_pb2.OUTPUT_ONLY, field_behavior_pb2.IMMUTABLE}
    fields = expert_pb2.Expert.DESCRIPTOR.fields
    assert {
        one.name for one in fields if not fixed & set(one.GetOptions().Extensions[extension])
    } == CHANGEABLE


async def test_lists_all_experts_page_by_page_in_the_order_of_their_ids(api: Api) -> None:
    put = [await api.put_expert(one) for one in ("c", "B", "a", "d", "aa")]
    request, found = ListExpertsRequest(page_size=2), []
    while True:
        page = await api.experts.ListExperts(request)
        found.append(list(page.experts))
        request.page_token = page.next_page_token
        if not page.next_page_token:
            break

    assert [len(one) for one in found] == [2, 2, 1]
    assert [one for page in found for one in page] == sorted(put, key=lambda one: one.expert_id)
    for position in ([1], ["a", "b"], []):
        request.page_token = page_token(request, position)
        assert (await failure_of(api.experts.ListExperts(request))).reason == "PAGE_TOKEN_INVALID"


async def test_names_the_field_of_an_unknown_time_zone(api: Api) -> None:
    failure = await failure_of(api.put_expert(time_zone="Europe/Atlantis"))

    assert failure.reason == "TIME_ZONE_UNKNOWN"
    assert failure.fields == {"expert.time_zone": "TIME_ZONE_UNKNOWN"}


async def test_does_not_find_an_unknown_expert(api: Api) -> None:
    got = await failure_of(api.experts.GetExpert(GetExpertRequest(expert_id="nobody")))
    deleted = await failure_of(api.experts.DeleteExpert(DeleteExpertRequest(expert_id="nobody")))

    assert got.reason == deleted.reason == "EXPERT_NOT_FOUND"


async def test_deleting_names_one_page_for_each_kind_of_account(api: Api) -> None:
    await api.put_expert()
    for name, kind in (
        ("ann", AccountKind.WORK),
        ("bob", AccountKind.WORK),
        ("cy", AccountKind.PERSONAL),
    ):
        await api.connect(api.world.provider.add_person(name, kind=kind))

    deleted = await api.experts.DeleteExpert(DeleteExpertRequest(expert_id=EXPERT))

    assert deleted.audit_subject == "subject-1"
    assert list(deleted.access_removal_urls) == [
        "https://account.live.com/consent/Manage",
        "https://myapps.microsoft.com",
    ]
    assert (
        await failure_of(api.experts.GetExpert(GetExpertRequest(expert_id=EXPERT)))
    ).code.name == "NOT_FOUND"


async def test_an_export_holds_everything_and_goes_on_where_it_was(api: Api) -> None:
    await api.put_expert()
    await api.connect(api.world.provider.add_person("ann"))
    await api.put_session()
    whole = await api.experts.ExportExpert(ExportExpertRequest(expert_id=EXPERT))
    assert [one.kind for one in whole.records] == ["profile", "account", "calendar", "session"]
    assert whole.records[-1].content["title"] == session_request().details.title
    assert whole.next_page_token == ""

    records: list[ExportRecord] = []
    request = ExportExpertRequest(expert_id=EXPERT, page_size=3)
    while True:
        page = await api.experts.ExportExpert(request)
        records += page.records
        request.page_token = page.next_page_token
        if not page.next_page_token:
            break
    assert records == list(whole.records)
    audited = [one for one in api.world.store.tables.audit if one.act.action is AuditAction.EXPERT_EXPORTED]
    assert {one.actor for one in audited} == {Actor(ActorKind.CALLER, "local")}
    assert len(audited) == 2


async def test_an_export_is_refused_for_who_is_unknown_and_for_places_that_are_made_up(api: Api) -> None:
    await api.put_expert()
    request = ExportExpertRequest(expert_id=EXPERT)
    asked = [
        ExportExpertRequest(expert_id="nobody"),
        ExportExpertRequest(expert_id=EXPERT, page_token="x"),
        ExportExpertRequest(expert_id=EXPERT, page_token=page_token(request, ["nothing", "x"])),
        ExportExpertRequest(expert_id=EXPERT, page_token=page_token(request, ["session", 1])),
        ExportExpertRequest(expert_id=EXPERT, page_token=page_token(request, [])),
        ExportExpertRequest(expert_id=EXPERT, page_size=-1),
    ]
    reasons = [(await failure_of(api.experts.ExportExpert(one))).reason for one in asked]
    assert reasons == ["EXPERT_NOT_FOUND", *["PAGE_TOKEN_INVALID"] * 4, "INVALID_REQUEST"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"expert_id": ""}, "expert.expert_id"),
        ({"expert_id": "with space"}, "expert.expert_id"),
        ({"expert_id": "x" * 129}, "expert.expert_id"),
        ({"plan": expert_pb2.PLAN_UNSPECIFIED}, "expert.plan"),
        ({"plan": 77}, "expert.plan"),
        ({"email": "no address"}, "expert.email"),
        ({"email": "a..b@example.com"}, "expert.email"),
        ({"email": ".a@example.com"}, "expert.email"),
        ({"email": "a.@example.com"}, "expert.email"),
        ({"email": "x" * 65 + "@example.com"}, "expert.email"),
        ({"email": "zoë@example.com"}, "expert.email"),
        ({"display_name": "odd\ufffe"}, "expert.display_name"),
        ({"display_name": ""}, "expert.display_name"),
        ({"display_name": "two\nlines"}, "expert.display_name"),
        ({"time_zone": ""}, "expert.time_zone"),
        ({"locale": "de_AT"}, "expert.locale"),
        ({"locale": "d"}, "expert.locale"),
        ({"locale": "de-"}, "expert.locale"),
        ({"locale": "de\n"}, "expert.locale"),
        ({"locale": "de-" + "-".join(["x"] * 32)}, "expert.locale"),
    ],
)
async def test_names_each_field_that_breaks_a_rule(api: Api, changes: dict[str, Any], field: str) -> None:
    failure = await failure_of(api.put_expert(**changes))

    assert failure.code.name == "INVALID_ARGUMENT"
    assert failure.reason == "INVALID_REQUEST"
    assert set(failure.fields) == {field}


async def test_names_all_fields_at_once(api: Api) -> None:
    failure = await failure_of(api.experts.PutExpert(PutExpertRequest(expert=expert_pb2.Expert())))

    assert set(failure.fields) == {
        f"expert.{name}" for name in ("expert_id", "plan", "email", "display_name", "time_zone")
    }
