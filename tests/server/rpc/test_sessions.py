"""SessionService over a real channel."""

from typing import Any

import grpc
import pytest
from google.rpc.error_details_pb2 import PreconditionFailure

from calendarsync.v1 import session_pb2
from calendarsync.v1 import session_service_pb2 as pb
from domain.ids import ExpertId, SessionId
from server.rpc.calls.validation import require_valid
from server.rpc.faults import RequestInvalid
from server.rpc.mapping.times import instant, put_interval
from server.rpc.paging import page_token
from tests.builders import EXPERT, SESSION, after, an_interval
from tests.server.served import Api, failure_of, session_request


async def test_accepts_a_session_and_tells_that_it_waits_to_be_written(api: Api) -> None:
    await api.put_expert()

    put = await api.put_session(
        text="Bring the plan.", place="Room 4", join_url="https://meet.example/a", reminder_minutes=0
    )

    session = put.session
    assert (session.expert_id, session.session_id, session.revision) == (EXPERT, SESSION, 1)
    assert (
        session.details
        == session_request(
            text="Bring the plan.", place="Room 4", join_url="https://meet.example/a", reminder_minutes=0
        ).details
    )
    assert session.details.HasField("reminder_minutes")
    assert session.event.status == session_pb2.WRITE_STATUS_PENDING
    assert instant(session.interval.start_time) == after(hours=24)
    got = await api.sessions.GetSession(pb.GetSessionRequest(expert_id=EXPERT, session_id=SESSION))
    assert got.session == session


async def test_a_session_may_be_private_and_have_a_category_and_a_colour(api: Api) -> None:
    await api.put_expert()
    looks: dict[str, Any] = {
        "visibility": session_pb2.VISIBILITY_PRIVATE,
        "category": "Erstgespräch: 1",
        "color": session_pb2.EVENT_COLOR_MAUVE,
    }

    put = (await api.put_session(**looks)).session

    assert put.details == session_request(**looks).details
    got = await api.sessions.GetSession(pb.GetSessionRequest(expert_id=EXPERT, session_id=SESSION))
    listed = await api.sessions.ListSessions(pb.ListSessionsRequest(expert_id=EXPERT))
    assert got.session == put
    assert list(listed.sessions) == [put]


@pytest.mark.parametrize(
    ("name", "given", "none"),
    [
        ("visibility", session_pb2.VISIBILITY_PRIVATE, session_pb2.VISIBILITY_UNSPECIFIED),
        ("category", "Coaching", ""),
        ("color", session_pb2.EVENT_COLOR_RED, session_pb2.EVENT_COLOR_UNSPECIFIED),
    ],
)
async def test_who_does_not_know_how_events_look_leaves_it_as_it_is(
    api: Api, name: str, given: Any, none: Any
) -> None:
    await api.put_expert()
    first = (await api.put_session(**{name: given})).session
    again = (await api.put_session()).session
    moved = (await api.put_session(title="Another")).session

    assert again == first
    assert (moved.revision, moved.details) == (2, session_request(title="Another", **{name: given}).details)
    plain = (await api.put_session(title="Another", **{name: none})).session
    assert (plain.revision, plain.details) == (3, session_request(title="Another").details)


async def test_a_checked_repeat_of_who_does_not_know_how_events_look_is_a_repeat(api: Api) -> None:
    await api.put_expert()
    checked = {"conflict_check": pb.CONFLICT_CHECK_REJECT_KNOWN}
    first = await api.sessions.PutSession(_checked(session_request(category="Coaching"), **checked))
    again = await api.sessions.PutSession(_checked(session_request(), **checked))

    assert again.session == first.session
    assert not again.HasField("conflict_evidence")


def _checked(request: pb.PutSessionRequest, **checks: Any) -> pb.PutSessionRequest:
    request.MergeFrom(pb.PutSessionRequest(**checks))
    return request


async def test_a_cancelled_session_comes_back_as_it_looked(api: Api) -> None:
    await api.put_expert()
    await api.put_session(category="Coaching")
    await api.sessions.CancelSession(pb.CancelSessionRequest(expert_id=EXPERT, session_id=SESSION))
    assert (await api.put_session()).session.details.category == "Coaching"


async def test_a_session_without_a_reminder_has_none(api: Api) -> None:
    await api.put_expert()

    assert not (await api.put_session()).session.details.HasField("reminder_minutes")


async def test_a_new_session_of_long_ago_may_be_one_that_was_forgotten(api: Api) -> None:
    await api.put_expert()
    await api.put_session(starts=-24 * 399)
    request = session_request(session_id="another", starts=-24 * 401)

    failure = await failure_of(api.sessions.PutSession(request))

    assert (failure.code, failure.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "SESSION_TOO_OLD")
    assert [(one.type, one.subject) for one in failure.detail(PreconditionFailure).violations] == [
        ("SESSION_TOO_OLD", "interval")
    ]


async def test_tells_where_the_event_is_once_it_is_written(api: Api) -> None:
    await api.put_expert()
    await api.connect(api.world.provider.add_person())
    await api.put_session()
    await api.world.container.write_session()(ExpertId(EXPERT), SessionId(SESSION))

    got = await api.sessions.GetSession(pb.GetSessionRequest(expert_id=EXPERT, session_id=SESSION))

    event = got.session.event
    assert event.status == session_pb2.WRITE_STATUS_WRITTEN
    assert (event.account_id, event.calendar_id, event.written_revision) == ("account-1", "calendar-1", 1)
    assert instant(event.write_time) == api.world.clock.now()
    assert not event.HasField("next_attempt_time")


async def test_tells_what_a_waiting_session_waits_for(api: Api) -> None:
    await api.put_expert()
    await api.put_session()
    await api.world.container.write_session()(ExpertId(EXPERT), SessionId(SESSION))

    got = await api.sessions.GetSession(pb.GetSessionRequest(expert_id=EXPERT, session_id=SESSION))

    event = got.session.event
    assert event.status == session_pb2.WRITE_STATUS_WAITING
    assert event.hindrance == session_pb2.WRITE_HINDRANCE_NO_WRITABLE_CALENDAR
    assert event.HasField("next_attempt_time")
    assert event.account_id == ""


async def test_a_repeat_changes_nothing_and_a_change_counts(api: Api) -> None:
    await api.put_expert()
    first = await api.put_session()

    assert await api.put_session() == first
    assert (await api.put_session(starts=30)).session.revision == 2


async def test_cancels_a_session(api: Api) -> None:
    await api.put_expert()
    await api.put_session()
    request = pb.CancelSessionRequest(expert_id=EXPERT, session_id=SESSION)

    cancelled = await api.sessions.CancelSession(request)

    assert cancelled.session.cancelled
    assert await api.sessions.CancelSession(request) == cancelled
    assert not (await api.put_session()).session.cancelled


async def test_what_is_missing_is_said_to_be_required(api: Api) -> None:
    failure = await failure_of(api.sessions.PutSession(pb.PutSessionRequest(expert_id=EXPERT)))

    assert failure.fields == dict.fromkeys(("session_id", "interval", "details"), "REQUIRED")
    assert "session_id: is required; interval: is required; details: is required" in failure.message


async def test_an_etag_of_a_session_that_is_not_there_finds_none(api: Api) -> None:
    await api.put_expert()

    failure = await failure_of(api.put_session(etag="r1"))

    assert (failure.code, failure.reason) == (grpc.StatusCode.NOT_FOUND, "SESSION_NOT_FOUND")


async def test_refuses_a_stale_etag(api: Api) -> None:
    await api.put_expert()
    etag = (await api.put_session()).session.etag
    await api.put_session(starts=30, etag=etag)

    put = await failure_of(api.put_session(starts=40, etag=etag))
    cancel = pb.CancelSessionRequest(expert_id=EXPERT, session_id=SESSION, etag=etag)
    cancelled = await failure_of(api.sessions.CancelSession(cancel))

    assert put.reason == cancelled.reason == "ETAG_MISMATCH"


async def test_does_not_find_what_is_not_there(api: Api) -> None:
    no_expert = await failure_of(api.put_session())
    no_list = await failure_of(api.sessions.ListSessions(pb.ListSessionsRequest(expert_id=EXPERT)))
    await api.put_expert()
    await api.put_expert("expert-2")
    await api.put_session()
    theirs = {"expert_id": "expert-2", "session_id": SESSION}
    got = await failure_of(api.sessions.GetSession(pb.GetSessionRequest(**theirs)))
    cancelled = await failure_of(api.sessions.CancelSession(pb.CancelSessionRequest(**theirs)))

    assert no_expert.reason == no_list.reason == "EXPERT_NOT_FOUND"
    assert got.reason == cancelled.reason == "SESSION_NOT_FOUND"


async def test_pages_hold_every_session_once_in_the_order_of_starts(api: Api) -> None:
    await api.put_expert()
    for number in range(7):
        await api.put_session(f"s{number}", starts=10 - number // 2)
    request = pb.ListSessionsRequest(expert_id=EXPERT, page_size=3)
    pages = []
    while True:
        page = await api.sessions.ListSessions(request)
        pages.append([one.session_id for one in page.sessions])
        if not page.next_page_token:
            break
        request.page_token = page.next_page_token

    assert pages == [["s6", "s4", "s5"], ["s2", "s3", "s0"], ["s1"]]


async def test_a_last_page_that_is_full_has_no_next(api: Api) -> None:
    await api.put_expert()
    await api.put_session()

    page = await api.sessions.ListSessions(pb.ListSessionsRequest(expert_id=EXPERT, page_size=1))

    assert not page.next_page_token


async def test_lists_what_overlaps_a_window_and_cancelled_ones_on_request(api: Api) -> None:
    await api.put_expert()
    await api.put_session("early", starts=1)
    await api.put_session("late", starts=10)
    await api.sessions.CancelSession(pb.CancelSessionRequest(expert_id=EXPERT, session_id="late"))
    request = pb.ListSessionsRequest(expert_id=EXPERT)
    put_interval(request.window, an_interval(starts=9, hours=5))

    assert not (await api.sessions.ListSessions(request)).sessions
    request.include_cancelled = True
    assert [one.session_id for one in (await api.sessions.ListSessions(request)).sessions] == ["late"]


async def test_refuses_the_page_token_of_another_window(api: Api) -> None:
    await api.put_expert()
    for number in range(3):
        await api.put_session(f"s{number}", starts=number + 1)
    first = await api.sessions.ListSessions(pb.ListSessionsRequest(expert_id=EXPERT, page_size=1))
    request = pb.ListSessionsRequest(expert_id=EXPERT, page_token=first.next_page_token)
    put_interval(request.window, an_interval(starts=0, hours=50))

    assert (await failure_of(api.sessions.ListSessions(request))).reason == "PAGE_TOKEN_INVALID"


@pytest.mark.parametrize(
    "position",
    [
        ["2026-11-01T10:00:00+00:00"],
        ["s", "2026-11-01T10:00:00+00:00"],
        [1, "s"],
        ["yesterday", "s"],
        ["2026-11-01T10:00:00", "s"],
        ["2026-11-01T10:00:00+01:00", "s"],
        ["0001-01-01T00:00:00+14:00", "s"],
    ],
)
async def test_refuses_a_page_token_that_holds_no_place_in_the_list(
    api: Api, position: list[str | int]
) -> None:
    await api.put_expert()
    request = pb.ListSessionsRequest(expert_id=EXPERT)
    request.page_token = page_token(request, position)

    assert (await failure_of(api.sessions.ListSessions(request))).reason == "PAGE_TOKEN_INVALID"


@pytest.mark.parametrize(
    ("details", "field"),
    [
        ({"title": ""}, "details.title"),
        ({"title": "x" * 256}, "details.title"),
        ({"title": "bell\x07"}, "details.title"),
        ({"title": "odd\uffff"}, "details.title"),
        ({"text": "x" * 32_769}, "details.text"),
        ({"text": "bell\x07"}, "details.text"),
        ({"text": "odd\ufffe"}, "details.text"),
        ({"place": "escape\x1b[0m"}, "details.place"),
        ({"place": "odd\uffff"}, "details.place"),
        ({"place": "x" * 256}, "details.place"),
        ({"join_url": "javascript:alert(1)"}, "details.join_url"),
        ({"join_url": "not a url"}, "details.join_url"),
        ({"reminder_minutes": -1}, "details.reminder_minutes"),
        ({"reminder_minutes": 40_321}, "details.reminder_minutes"),
        ({"visibility": 2}, "details.visibility"),
        ({"color": 12}, "details.color"),
        ({"category": "x" * 101}, "details.category"),
        ({"category": "one, two"}, "details.category"),
        ({"category": "one; two"}, "details.category"),
        ({"category": " at its beginning"}, "details.category"),
        ({"category": "at its end "}, "details.category"),
        ({"category": "two\nlines"}, "details.category"),
        ({"category": "odd\ufffe"}, "details.category"),
    ],
)
async def test_names_the_detail_that_breaks_a_rule(api: Api, details: dict[str, Any], field: str) -> None:
    assert set((await failure_of(api.put_session(**details))).fields) == {field}


@pytest.mark.parametrize("category", ["", "x", "é" * 100, "a  b", "\N{SLICE OF PIZZA}"])
def test_takes_any_other_name_of_a_category(category: str) -> None:
    require_valid(session_request(category=category))


NO_PLACE_IN_XML = [chr(code) for code in (*range(1, 0x20), 0xFFFE, 0xFFFF) if chr(code) not in "\t\n\r"]


@pytest.mark.parametrize("field", ["text", "place"])
def test_text_is_what_xml_has_a_place_for(field: str) -> None:
    """Outlook keeps events as XML: what has no place in it is refused there for good."""
    for letter in NO_PLACE_IN_XML:
        with pytest.raises(RequestInvalid) as raised:
            require_valid(_with_text(field, f"before{letter}after"))
        ((at, rule),) = [(one.field, one.rule) for one in raised.value.violations]
        assert (at, rule) == (f"details.{field}", "string.characters"), hex(ord(letter))

    require_valid(_with_text(field, "tab\tlines\r\nZoë \N{SLICE OF PIZZA}\x7f\x85\ufffd\ue000"))


def _with_text(field: str, text: str) -> pb.PutSessionRequest:
    request = session_request()
    setattr(request.details, field, text)
    return request


async def test_a_session_lasts_31_days_at_most(api: Api) -> None:
    await api.put_expert()

    assert (await api.put_session(hours=31 * 24)).session.revision == 1
    failure = await failure_of(api.put_session(hours=31 * 24 + 1))
    assert failure.fields == {"interval": "INTERVAL_LENGTH"}
