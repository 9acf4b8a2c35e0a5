"""The control API: the same as the world's methods, for callers in other processes."""

from datetime import timedelta
from typing import Any

import pytest

from sandbox import Sandbox
from tests.sandbox.client import Control, Graph, Http, authorization_url, exchange, parameters_of


async def test_signs_in_as_a_person(control: Control, sandbox: Sandbox, http: Http) -> None:
    url = authorization_url(sandbox)
    order = {"authorization_url": url, "person": "carla", "grant": ["User.Read", "Calendars.Read"]}
    answer = await control("POST", "/authorize-as", **order)
    assert answer["form"] is None
    tokens = (await exchange(http, sandbox, answer["redirect_url"])).json
    assert tokens["scope"] == "User.Read openid profile"


async def test_signs_in_by_form_post(control: Control, sandbox: Sandbox) -> None:
    url = authorization_url(sandbox, response_mode="form_post")
    answer = await control("POST", "/authorize-as", authorization_url=url, person="anna")
    assert set(answer["form"]) == {"code", "state", "session_state"}


async def test_asks_an_administrator_only_where_there_is_one_to_ask(
    control: Control, sandbox: Sandbox
) -> None:
    order = {"authorization_url": authorization_url(sandbox), "person": "anna", "decision": "admin"}
    assert (await control.order("POST", "/authorize-as", **order)).status == 400


@pytest.mark.parametrize("decision", ["cancel", "admin", "accept"])
async def test_backs_out_of_the_approval_page(control: Control, sandbox: Sandbox, decision: str) -> None:
    order = {"authorization_url": authorization_url(sandbox), "person": "approval", "decision": decision}
    sent = parameters_of((await control("POST", "/authorize-as", **order))["redirect_url"])
    assert (sent["error"], sent["error_subcode"]) == ("access_denied", "cancel")
    assert len(await control("GET", "/approval-requests")) == (decision == "admin")


async def test_approves_an_app_for_an_organisation(control: Control, sandbox: Sandbox) -> None:
    await control("PATCH", "/tenants/strict.example.com", approved=True)
    order = {"authorization_url": authorization_url(sandbox), "person": "approval"}
    assert "code" in parameters_of((await control("POST", "/authorize-as", **order))["redirect_url"])
    assert [tenant["approved"] for tenant in await control("GET", "/tenants")].count(True) == 1


async def test_refuses_to_sign_in_where_no_redirect_is_safe(control: Control, sandbox: Sandbox) -> None:
    url = authorization_url(sandbox, client_id="another")
    reply = await control.order("POST", "/authorize-as", authorization_url=url, person="anna")
    assert (reply.status, reply.json["problem"].startswith("ValueError: AADSTS700016")) == (400, True)


async def test_adds_changes_moves_and_deletes_events(control: Control, anna: Graph) -> None:
    day = "startDateTime=2030-07-01&endDateTime=2030-07-02"
    added = await control(
        "POST",
        "/people/anna/calendars/primary/events",
        start="2030-07-01T09:00",
        end="2030-07-01T10:00",
        zone="Asia/Tokyo",
        subject="Control",
        show_as="oof",
    )
    (shown,) = (await anna.get(f"/me/calendarView?{day}")).json["value"]
    assert (shown["id"], shown["showAs"]) == (added["id"], "oof")
    assert shown["start"]["dateTime"] == "2030-07-01T00:00:00.0000000"
    changed = await control("PATCH", f"/people/anna/events/{added['uid']}", start="2030-07-01T12:00")
    assert (changed["start"], changed["end"]) == ("2030-07-01T12:00:00", "2030-07-01T13:00:00")
    moved = await control("POST", f"/people/anna/events/{added['id']}/move", calendar="team")
    assert (moved["calendar"], moved["id"] != added["id"]) == ("team", True)
    assert moved["immutable_id"] == added["immutable_id"]
    meeting = await control("POST", f"/people/anna/events/{added['uid']}/meeting")
    assert meeting["online_meeting"]
    assert added["uid"] in meeting["body"]
    await control("DELETE", f"/people/anna/events/{added['uid']}")
    assert (await anna.get(f"/me/calendarView?{day}")).json["value"] == []


async def test_copies_events_with_their_marks_and_brings_deleted_ones_back(
    control: Control, anna: Graph, sandbox: Sandbox
) -> None:
    path = "/people/anna/calendars/primary/events"
    first = await control(
        "POST", path, start="2030-07-01T09:00", end="2030-07-01T10:30", zone="UTC", transaction_id="mark"
    )
    event = f"/people/anna/events/{first['uid']}"
    await control("POST", event + "/copy", start="2030-07-08T09:00")
    await control("POST", event + "/copy", start="2030-07-01T12:00", end="2030-07-01T13:00", calendar="team")
    await control("DELETE", event)
    window = "startDateTime=2030-07-01&endDateTime=2030-07-09"

    async def shown(calendar: str) -> list[tuple[str, str, str]]:
        calendar_id = sandbox.world.calendars.get("anna", calendar).id
        answer = await anna.get(f"/me/calendars/{calendar_id}/calendarView?{window}")
        return [
            (one["start"]["dateTime"][:16], one["end"]["dateTime"][:16], one["transactionId"])
            for one in answer.json["value"]
            if "transactionId" in one
        ]

    copied = ("2030-07-08T09:00", "2030-07-08T10:30", "mark")
    assert await shown("primary") == [copied]
    assert await shown("team") == [("2030-07-01T12:00", "2030-07-01T13:00", "mark")]
    restored = await control("POST", event + "/restore")
    assert restored["immutable_id"] == first["immutable_id"]
    assert await shown("primary") == [("2030-07-01T09:00", "2030-07-01T10:30", "mark"), copied]
    assert (await control.order("POST", event + "/restore")).status == 404


async def test_adds_series_in_graphs_own_shape(control: Control, anna: Graph) -> None:
    recurrence = {"pattern": {"type": "daily", "interval": 1}, "range": {"type": "noEnd"}}
    path = "/people/anna/calendars/primary/events"
    series = await control("POST", path, start="2030-07-01", end="2030-07-02", recurrence=recurrence)
    assert (series["all_day"], series["recurrence"]["kind"]) == (True, "daily")
    occurrence = f"/people/anna/events/{series['uid']}/occurrences"
    await control("PATCH", f"{occurrence}/2030-07-02", show_as="free")
    await control("DELETE", f"{occurrence}/2030-07-03")
    window = "startDateTime=2030-07-01T12:00&endDateTime=2030-07-04T12:00"
    shown = (await anna.get(f"/me/calendarView?{window}")).json["value"]
    assert [(event["type"], event["showAs"]) for event in shown] == [
        ("occurrence", "busy"),
        ("exception", "free"),
        ("occurrence", "busy"),
    ]


async def test_manages_calendars(control: Control, anna: Graph) -> None:
    added = await control("POST", "/people/anna/calendars", key="new", name="New")
    shared = await control(
        "POST", "/people/anna/calendars", shared_from="ben", of="projects", key="bens", can_edit=True
    )
    assert (shared["owner_email"], shared["can_edit"]) == ("ben@contoso.example.com", True)
    await control("PATCH", "/people/anna/calendars/new", name="Newer", can_edit=False)
    renewed = await control("POST", "/people/anna/calendars/new/new-id")
    listed = {item["key"]: item for item in await control("GET", "/people/anna/calendars")}
    assert (listed["new"]["name"], listed["new"]["can_edit"]) == ("Newer", False)
    assert listed["new"]["id"] == renewed["id"] != added["id"]
    await control("DELETE", "/people/anna/calendars/new")
    assert (await anna.get(f"/me/calendars/{renewed['id']}")).status == 404


async def test_restores_events_and_moves_a_mailbox(control: Control, sandbox: Sandbox, anna: Graph) -> None:
    added = await control("POST", "/people/anna/calendars/primary/events", start="2030-07-01T09:00")
    await control("DELETE", f"/people/anna/events/{added['uid']}")
    restored = await control("POST", f"/people/anna/events/{added['uid']}/restore")
    assert (restored["immutable_id"], restored["id"] == added["id"]) == (added["immutable_id"], False)
    before = {item["id"] for item in await control("GET", "/people/anna/calendars")}
    after = {item["id"] for item in await control("POST", "/people/anna/move-mailbox")}
    assert not before & after
    assert (await anna.get(f"/me/events/{restored['immutable_id']}")).status == 404


async def test_takes_access_away(control: Control, sandbox: Sandbox, anna: Graph) -> None:
    await control("POST", "/people/anna/expire-access-tokens")
    assert (await anna.get("/me")).status == 401
    await control("POST", "/signing-keys/rotate")
    await control("POST", "/people/anna/revoke", access_tokens=True)
    assert all(token.revoked for token in sandbox.world.grants.refresh_tokens.values())
    await control("POST", "/people/anna/remove-consent")
    assert sandbox.world.grants.consented("anna") == frozenset()


async def test_switches_a_person(control: Control, anna: Graph) -> None:
    changed = await control("PATCH", "/people/anna", mailbox="on_premises", mail=None)
    assert (changed["mailbox"], changed["mail"]) == ("on_premises", None)
    assert (await anna.get("/me/calendars")).status == 404
    assert "anna" in [person["key"] for person in await control("GET", "/people")]


async def test_orders_and_clears_faults(control: Control, anna: Graph) -> None:
    await control("POST", "/faults", form="answer", status=429, code="TooManyRequests", retry_after_date=5)
    assert (await anna.get("/me")).headers["Retry-After"].endswith("GMT")
    await control("POST", "/faults", kind="without_value", path="/calendars$", times=None)
    assert "value" not in (await anna.get("/me/calendars")).json
    error = {"form": "token_error", "error": "invalid_grant", "codes": [50173], "suberror": "bad_token"}
    await control("POST", "/faults", **error)
    assert [fault["hits"] for fault in await control("GET", "/faults")] == [1, 1, 0]
    await control("DELETE", "/faults")
    assert await control("GET", "/faults") == []


async def test_reads_and_clears_the_records(control: Control, sandbox: Sandbox, anna: Graph) -> None:
    today = sandbox.world.clock.now().date()
    window = f"startDateTime={today}&endDateTime={today + timedelta(days=30)}"
    await anna.get(f"/me/calendarView?{window}&$select=showAs")
    ledger = await control("GET", "/ledger")
    assert {entry["property"] for entry in ledger["properties"]} == {"@odata.etag", "id", "showAs"}
    assert (await control("GET", "/requests"))[-1]["path"] == "/me/calendarView"
    assert (await control("GET", "/concurrency"))["anna"] == 1
    assert await control("GET", "/invitations") == []
    await control("DELETE", "/records")
    assert (await control("GET", "/ledger"))["properties"] == []


async def test_changes_settings_clock_secret_and_all_back_by_reset(
    control: Control, sandbox: Sandbox
) -> None:
    assert (await control("PATCH", "/settings", transaction_mode="conflict"))[
        "transaction_mode"
    ] == "conflict"
    before = sandbox.world.clock.now()
    await control("POST", "/clock", advance_seconds=3600)
    assert (sandbox.world.clock.now() - before).total_seconds() >= 3600
    rotated = await control("POST", "/client/rotate-secret")
    assert rotated["client_secret"] == sandbox.client_secret != "sandbox-secret"
    await control("POST", "/reset")
    assert (await control("GET", "/settings"))["transaction_mode"] == "returns_first"
    assert sandbox.client_secret == "sandbox-secret"


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/people/nobody/revoke", {}, 404),
        ("PATCH", "/people/anna", {"oid": "x"}, 400),
        ("PATCH", "/settings", {"speed": 1}, 400),
        ("PATCH", "/settings", {"transaction_mode": "sometimes"}, 400),
        ("PATCH", "/people/anna", {"mailbox": "onprem"}, 400),
        ("POST", "/faults", {"kind": "explode"}, 400),
        ("POST", "/people/anna/calendars/none/events", {"start": "2030-01-01"}, 404),
        ("POST", "/people/anna/calendars/primary/events", {"start": "soon"}, 400),
        ("POST", "/people/anna/calendars/primary/events", {"start": "2030-01-01", "colour": "red"}, 400),
        ("POST", "/people/anna/calendars/primary/events", {"start": "2030-01-01", "recurrence": {}}, 400),
        ("POST", "/people/anna/calendars", {"key": "team", "name": "Twice"}, 400),
        ("POST", "/faults", {"path": "("}, 400),
        ("POST", "/faults", {"form": "nonsense"}, 400),
        ("DELETE", "/people/anna/events/none", {}, 404),
        ("PATCH", "/mail-server", {"state": "sideways"}, 400),
        ("PATCH", "/mail-server", {"unknown": "anna@contoso.example.com"}, 400),
        ("PATCH", "/mail-server", {}, 400),
        ("POST", "/clock", {}, 400),
    ],
)
async def test_refuses_orders_it_cannot_carry_out(
    control: Control, method: str, path: str, body: dict[str, Any], status: int
) -> None:
    reply = await control.order(method, path, **body)
    assert reply.status == status
    assert reply.json["problem"]


async def test_takes_no_orders_from_web_pages(http: Http, sandbox: Sandbox) -> None:
    headers = {"Origin": "https://elsewhere.example.com"}
    reply = await http.request("POST", f"{sandbox.control_url}/reset", headers=headers)
    assert reply.status == 400
