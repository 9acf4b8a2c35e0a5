"""Disconnecting an account and erasing an expert: what goes, what stays, and what can't stand in the way."""

import asyncio

from tests.server.served import failure_of
from tests.support.calls import EXPERT, TITLE, parameters
from tests.support.service import Service, until


async def test_disconnecting_forgets_the_account_and_leaves_its_events(service: Service) -> None:
    account_id = await service.connect("anna")
    await service.put_session()
    await service.written()
    answer = await service.disconnect(account_id)
    assert answer.access_removal_url.startswith("https://")
    assert not await service.list_accounts()
    assert not (await service.calendar_settings()).conflict_calendar_ids
    left = await service.tables()
    assert not {"account", "account_grant", "calendar", "incident", "connection_attempt"} & set(left)
    assert [one.subject for one in service.events("anna")] == [TITLE]
    assert (await failure_of(service.disconnect(account_id))).reason == "ACCOUNT_NOT_FOUND"


async def test_an_outage_of_microsofts_keeps_nobody_from_disconnecting(service: Service) -> None:
    account_id = await service.connect("anna")
    faults = service.sandbox.world.faults
    for surface in ("graph", "token", "metadata"):
        faults.add(surface=surface, kind="hang", seconds=60, times=None)
    await asyncio.wait_for(service.disconnect(account_id), 5)
    assert not await service.list_accounts()


async def test_connecting_again_asks_for_consent_afresh_once(service: Service) -> None:
    account_id = await service.connect("anna")
    first = await service.start()
    assert parameters(first.authorization_url)["prompt"] == "select_account"
    await service.disconnect(account_id)
    again = await service.start()
    assert parameters(again.authorization_url)["prompt"] == "consent"
    landed = await service.arrive(await service.sign_in(again.authorization_url, "anna"))
    assert landed["outcome"] == "connected"
    assert parameters((await service.start()).authorization_url)["prompt"] == "select_account"


async def test_a_lost_account_that_is_disconnected_is_not_mailed_about(service: Service) -> None:
    account_id = await service.connect("anna")
    service.sandbox.mail_sink.state = "refusing"
    service.sandbox.world.grants.revoke("anna", access_tokens=True)
    await service.busy()
    await until(
        lambda: service.rows("SELECT mail_failures FROM incident"), lambda rows: rows[0]["mail_failures"] == 1
    )
    await service.disconnect(account_id)
    service.sandbox.mail_sink.state = "up"
    await service.hurry()
    await service.idle()
    assert not service.sandbox.mails
    assert not await service.rows("SELECT id FROM wish")


async def test_erasing_an_expert_leaves_nothing_in_any_table_but_that_they_were_erased(
    service: Service,
) -> None:
    await service.connect("anna")
    lost = await service.connect("carla")
    await service.put_session()
    await service.written()
    await service.start()
    service.sandbox.mail_sink.state = "refusing"
    service.sandbox.world.grants.revoke("carla", access_tokens=True)
    await service.busy()
    await until(lambda: service.rows("SELECT account_id FROM incident"), bool)
    service.sandbox.world.faults.answer(
        503, code="ServiceUnavailable", method="POST", path="/events$", times=None
    )
    await service.put_session("waiting", start=14)
    await service.waits("PROVIDER_UNAVAILABLE", "waiting")
    filled = await service.tables()
    assert {"account_grant", "calendar_settings", "connection_attempt", "incident", "session_mark"} <= set(
        filled
    )
    assert lost
    answer = await service.delete_expert()
    assert len(answer.access_removal_urls) == 2
    await until(service.tables, lambda left: left == {"change": 1})
    (change,) = await service.rows("SELECT * FROM change")
    told = {name: value for name, value in change.items() if value is not None}
    assert set(told) == {"transaction", "number", "expert_id", "type", "at"}
    assert (told["expert_id"], told["type"]) == (EXPERT, "EXPERT_ERASED")
    entries = await service.rows("SELECT * FROM audit_entry ORDER BY number")
    assert {str(one["subject"]) for one in entries} == {answer.audit_subject}
    assert [one["action"] for one in entries][-1] == "EXPERT_ERASED"
    assert (entries[-1]["actor"], entries[-1]["actor_name"]) == ("CALLER", "local")
    assert {one["actor"] for one in entries} == {"CALLER", "WORKER"}
    assert [one.subject for one in service.events("anna")] == [TITLE]
    assert (await failure_of(service.list_accounts())).reason == "EXPERT_NOT_FOUND"
    assert (await failure_of(service.session())).reason == "SESSION_NOT_FOUND"


async def test_erasing_an_expert_in_the_middle_of_everything_brings_nothing_back(service: Service) -> None:
    await service.connect("anna")
    started = await service.start()
    way_back = await service.sign_in(started.authorization_url, "ben")
    faults = service.sandbox.world.faults
    faults.add(kind="hang", seconds=60, method="POST", path="/events$", perform=True)
    faults.add(kind="hang", seconds=60, path="calendarView$")
    faults.add(kind="hang", seconds=60, path="/calendars$")
    await service.put_session()
    await service.sandbox.hangs.reached()
    under_way = [
        asyncio.ensure_future(one)
        for one in (service.busy(), service.list_calendars(refresh=True), service.open(way_back))
    ]
    await until(_hits(service), lambda hits: hits == 3)
    await service.delete_expert()
    service.sandbox.hangs.release()
    await asyncio.gather(*under_way, return_exceptions=True)
    await until(service.tables, lambda left: left == {"change": 1})
    await service.idle()
    assert await service.tables() == {"change": 1}
    assert [row["type"] for row in await service.rows("SELECT type FROM change")] == ["EXPERT_ERASED"]


def _hits(service: Service):  # type: ignore[no-untyped-def]
    async def hits() -> int:
        return sum(one.hits for one in service.sandbox.world.faults.all())

    return hits


async def test_an_expert_who_comes_back_starts_afresh(service: Service) -> None:
    first = await service.connect("anna")
    await service.put_session()
    await service.written()
    await service.delete_expert()
    await service.put_expert()
    assert not await service.list_accounts()
    second = await service.connect("anna")
    assert first != second
    await service.put_session()
    session = await service.written()
    assert (session.expert_id, session.revision) == (EXPERT, 1)


async def test_an_event_from_before_an_expert_was_erased_is_brought_up_to_date(service: Service) -> None:
    """The same session of the same expert has the same mark, by which Microsoft answers with the event there is."""
    await service.connect("anna")
    await service.put_session()
    await service.written()
    await service.delete_expert()
    await service.put_expert()
    await service.connect("anna")
    await service.put_session(start=15, title="Another life", place="Garden")
    await until(
        service.session, lambda one: one.event.next_attempt_time.seconds or one.event.write_time.seconds
    )
    await service.hurry()
    await service.written()
    (event,) = service.events("anna")
    assert (event.start.hour, event.subject, event.location) == (15, "Another life", "Garden")
