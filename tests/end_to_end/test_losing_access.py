"""Access withdrawn and given back: one incident, one mail, its link, and everything going on by itself."""

import asyncio
import re
from typing import Literal

import pytest

from calendarsync.v1.account_pb2 import (
    ACCOUNT_STATUS_ACTIVE,
    ACCOUNT_STATUS_RECONNECT_REQUIRED,
    PROVIDER_APPLE,
    AccountStatus,
)
from tests.support.calls import EXPERT_EMAIL, EXPERT_NAME, TITLE, hours, unread
from tests.support.cast import AT_APPLE, AT_GOOGLE, NOT_AT_APPLE, Cast
from tests.support.service import Service, until
from tests.support.watching import watching


async def status(service: Service) -> AccountStatus.ValueType:
    """Of the only account."""
    (account,) = await service.list_accounts()
    return account.status


async def lose(service: Service, person: str = "anna") -> None:
    """The person takes our access away, and we notice: at Apple by the third refusal."""
    service.withdraw(person)
    if service.provider_of(person) == PROVIDER_APPLE:
        for _ in range(2):
            assert unread(await service.busy()) == ["ACCESS_DOUBTED"]
            assert await status(service) == ACCOUNT_STATUS_ACTIVE
            await service.let_refusals_count()
    assert unread(await service.busy()) == ["RECONNECT_REQUIRED"]


async def mailed(service: Service, number: int = 1) -> str:
    """The reconnect link of the newest mail, once there are so many, and no more follow."""

    async def notices() -> int:
        (row,) = await service.rows("SELECT coalesce(sum(notices), 0) AS number FROM incident")
        return int(row["number"])

    await until(notices, lambda sent: sent == number)
    await service.idle()
    mails = service.sandbox.mails
    assert len(mails) == number
    found = re.search(r"http://localhost:\d+/reconnect/\S+", mails[-1].text)
    assert found
    assert found[0] in mails[-1].html
    return found[0]


async def reconnect(service: Service, link: str, person: str = "anna") -> str:
    """Follow the link and sign in; the text of the page at the end."""
    sign_in = await service.open(link)
    assert sign_in.status == 302
    return (await service.open(await service.sign_in(sign_in.location, person))).text


@pytest.mark.parametrize("withdrawal", ["revoked", "consent removed", "refused, interaction required"])
async def test_withdrawn_access_needs_a_reconnect(service: Service, withdrawal: str) -> None:
    await service.connect("anna")
    world = service.sandbox.world
    world.grants.expire_access_tokens("anna")
    match withdrawal:
        case "revoked":
            world.grants.revoke("anna")
        case "consent removed":
            world.grants.remove_consent("anna")
        case _:
            world.faults.token_error("interaction_required", codes=(50076,), person="anna", times=None)
    assert unread(await service.busy()) == ["RECONNECT_REQUIRED"]
    assert await service.check(hours(12, 13)) == ["UNKNOWN"]
    assert await status(service) == ACCOUNT_STATUS_RECONNECT_REQUIRED
    await mailed(service)


async def test_however_many_notice_there_is_one_incident_and_one_mail(service: Service) -> None:
    await service.connect("anna")
    service.sandbox.world.grants.revoke("anna", access_tokens=True)
    sessions = [service.put_session(f"session-{number}", start=number) for number in range(15)]
    reads = [service.busy() for _ in range(10)]
    lists = [service.list_calendars(refresh=True) for _ in range(5)]
    await asyncio.gather(*sessions, *reads, *lists)
    await mailed(service)
    await service.hurry()
    await service.idle()
    (row,) = await service.rows("SELECT count(*) AS number FROM incident")
    assert row["number"] == 1
    assert len(service.sandbox.mails) == 1


async def test_the_mail_says_what_to_do_and_to_whom(service: Service) -> None:
    await service.connect("anna")
    await lose(service)
    await mailed(service)
    (mail,) = service.sandbox.mails
    assert mail.recipients == (EXPERT_EMAIL,)
    assert mail.subject.startswith("Action required")
    for body in (mail.text, mail.html):
        assert EXPERT_NAME in body
        assert "anna@contoso.example.com" in body
    assert mail.message_id.endswith("@example.com>")


async def test_the_link_of_the_mail_brings_everything_back(service: Service, cast: Cast) -> None:
    account_id = await service.connect(cast.main)
    team = await service.calendar_id(cast.main, cast.further)
    chosen = await service.choose(conflict_calendar_ids=[team], write_calendar_id=team)
    await lose(service, cast.main)
    await service.put_session()
    await service.waits("RECONNECT_REQUIRED")
    link = await mailed(service)
    assert (
        service.sandbox.mails[0].subject
        == f"Action required: reconnect your {cast.provider.value.title()} calendar"
    )
    assert "connected again" in await reconnect(service, link, cast.main)
    (account,) = await service.list_accounts()
    assert (account.account_id, account.status) == (account_id, ACCOUNT_STATUS_ACTIVE)
    await service.written()
    assert [one.subject for one in service.events(cast.main, cast.further)] == [TITLE]
    assert (await service.busy()).complete
    settings = await service.calendar_settings()
    assert list(settings.conflict_calendar_ids) == list(chosen.conflict_calendar_ids)
    assert settings.write_calendar_id == team
    used_up = await service.open(link)
    assert (used_up.status, "connected again already" in used_up.text) == (200, True)


async def test_the_link_suggests_the_account_it_is_about_and_accepts_no_other(service: Service) -> None:
    await service.connect("anna")
    await lose(service)
    link = await mailed(service)
    assert "login_hint=anna%40contoso.example.com" in (await service.open(link)).location
    assert "another Microsoft account" in await reconnect(service, link, "ben")
    assert await status(service) == ACCOUNT_STATUS_RECONNECT_REQUIRED
    assert "connected again" in await reconnect(service, link)


async def test_the_page_for_a_password_suggests_the_account_it_is_about_and_accepts_no_other(
    service: Service,
) -> None:
    await service.connect(AT_APPLE.main)
    await lose(service, AT_APPLE.main)
    link = await mailed(service)
    page = await service.open((await service.open(link)).location)
    assert f'value="{AT_APPLE.email}"' in page.text
    ended = await reconnect(service, link, AT_APPLE.other)
    assert "You typed another Apple ID" in ended
    assert f"and type {AT_APPLE.email}." in ended
    assert await status(service) == ACCOUNT_STATUS_RECONNECT_REQUIRED
    assert "connected again" in await reconnect(service, link, AT_APPLE.main)


async def test_a_reconnect_through_the_api_closes_the_incident_too(service: Service) -> None:
    account_id = await service.connect("anna")
    await lose(service)
    link = await mailed(service)
    landed = await service.finish("anna", account_id=account_id)
    assert landed["outcome"] == "reconnected"
    assert "connected again already" in (await service.open(link)).text


async def test_an_expert_is_reminded_by_another_mail_until_the_address_sends_one_back(
    service: Service,
) -> None:
    await service.connect("anna")
    await lose(service)
    link = await mailed(service)
    for number in (2, 3):
        await service.database.execute("UPDATE incident SET mail_due_at = now()")
        assert await mailed(service, number=number) == link
        await service.put_expert(locale="de-AT")
    first, second, third = service.sandbox.mails
    assert first.subject == "Action required: reconnect your Microsoft calendar"
    assert second.subject == "Reminder, action required: reconnect your Microsoft calendar"
    assert third.subject == "Erinnerung: Bitte verbinden Sie Ihren Microsoft-Kalender erneut"
    assert "it is still not connected" in second.text
    assert "ist noch immer nicht" in third.text
    assert len({one.message_id for one in service.sandbox.mails}) == 3

    assert (await service.bounce(third.message_id)).recorded
    (incident,) = await service.incidents()
    assert (incident.address_refused, incident.notice_count) == (True, 3)
    assert await service.rows("SELECT FROM incident WHERE mail_due_at IS NOT NULL") == []
    assert "connected again" in await reconnect(service, link)


async def test_a_second_loss_is_a_new_incident_with_a_mail_of_its_own(service: Service) -> None:
    await service.connect("anna")
    await lose(service)
    first = await mailed(service)
    await reconnect(service, first)
    await lose(service)
    second = await mailed(service, number=2)
    assert first != second
    assert (await service.open(first)).status == 302, "whichever mail is found, its link leads back in"
    assert "connected again" in await reconnect(service, second)
    for link in (first, second):
        assert "connected again already" in (await service.open(link)).text


@pytest.mark.parametrize("trouble", ["closed", "refusing"])
async def test_a_mail_that_could_not_be_sent_is_sent_later_once(
    service: Service, trouble: Literal["closed", "refusing"]
) -> None:
    await service.connect("anna")
    service.sandbox.mail_sink.state = trouble
    await lose(service)

    async def failures() -> int:
        (row,) = await service.rows("SELECT mail_failures FROM incident")
        return int(row["mail_failures"])

    await until(failures, lambda number: number == 1)
    await service.hurry()
    await until(failures, lambda number: number == 2)
    assert not service.sandbox.mails
    service.sandbox.mail_sink.state = "up"
    await service.hurry()
    await mailed(service)


@NOT_AT_APPLE
async def test_nobody_is_mailed_about_a_loss_that_was_none(service: Service, cast: Cast) -> None:
    await service.connect(cast.main)
    faults = service.sandbox.world.faults
    service.expire_access_tokens(cast.main)
    if cast is AT_GOOGLE:
        faults.google_token_error("invalid_grant", person=cast.main)
    else:
        faults.token_error("invalid_grant", codes=(50173,), person=cast.main)
    assert unread(await service.busy()) == ["RECONNECT_REQUIRED"]
    await until(lambda: status(service), lambda now: now == ACCOUNT_STATUS_ACTIVE)
    await service.idle()
    assert (await service.busy()).complete
    assert not service.sandbox.mails


async def test_an_access_token_serves_on_after_the_refresh_token_was_revoked(service: Service) -> None:
    await service.connect("anna")
    service.sandbox.world.grants.revoke("anna")
    assert (await service.busy()).complete
    service.sandbox.world.grants.expire_access_tokens("anna")
    assert unread(await service.busy()) == ["RECONNECT_REQUIRED"]


@NOT_AT_APPLE
async def test_a_refused_access_token_is_renewed_without_anybody_noticing(
    service: Service, cast: Cast
) -> None:
    await service.connect(cast.main)
    service.expire_access_tokens(cast.main)
    answers = await asyncio.gather(*(service.busy() for _ in range(20)))
    assert all(one.complete for one in answers)
    endpoints = {"token", "google-token"}
    renewals = [one for one in service.sandbox.world.traffic.requests if one.surface in endpoints]
    assert len(renewals) == 2, "the sign-in and one renewal"


async def test_a_claims_challenge_is_met_without_the_person(service: Service) -> None:
    await service.connect("anna")
    service.sandbox.world.faults.claims_challenge(path="calendarView")
    assert (await service.busy()).complete
    assert await status(service) == ACCOUNT_STATUS_ACTIVE


async def test_a_lost_account_takes_nothing_from_another_of_the_same_person(service: Service) -> None:
    await service.put_expert("expert-2")
    await service.connect("anna")
    await service.connect("ben", expert_id="expert-2")
    await lose(service)
    await mailed(service)
    (other,) = await service.list_accounts("expert-2")
    assert other.status == ACCOUNT_STATUS_ACTIVE


async def test_an_address_that_takes_no_mail_is_told_and_the_next_one_is_mailed(service: Service) -> None:
    await service.connect("anna")
    service.sandbox.mail_sink.unknown.add(EXPERT_EMAIL)
    async with watching(service) as watch:
        await lose(service)
        assert (await watch.until("INCIDENT_NOTICE_REFUSED")).account_id
    assert service.sandbox.mails == []

    await service.put_expert(email="maria.keller@experts.example")

    await mailed(service)
    assert service.sandbox.mails[-1].recipients == ("maria.keller@experts.example",)
