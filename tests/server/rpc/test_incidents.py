"""AccountService's incidents over a real channel: who lost access, since when, what waits, and the secret link."""

import grpc

from calendarsync.v1 import account_pb2, account_service_pb2, incident_pb2
from domain.ids import AccountId, IncidentId, SessionId
from server.rpc.mapping.times import instant
from tests.builders import EXPERT
from tests.fakes.provider import Person
from tests.server.served import PUBLIC_URL, Api, Logs, expert_message, failure_of

OTHER_EXPERT = "expert-2"


async def listed(
    api: Api, expert_id: str = "", *, urls: bool = False, page_size: int = 0, page_token: str = ""
) -> account_service_pb2.ListIncidentsResponse:
    request = account_service_pb2.ListIncidentsRequest(
        expert_id=expert_id, include_reconnect_urls=urls, page_size=page_size, page_token=page_token
    )
    return await api.accounts.ListIncidents(request)


async def lose(api: Api, name: str, *, expert_id: str = EXPERT) -> tuple[Person, str]:
    """A person whose account of this expert's was connected, and lost; and the account's id."""
    await api.put_expert(expert_id)
    person = api.world.provider.add_person(name)
    account_id = (await api.connect(person, expert_id=expert_id)).account.account_id
    await api.lose_access(account_id)
    return person, account_id


async def test_an_incident_is_listed_with_what_it_is_about_and_without_its_link(api: Api) -> None:
    _, account_id = await lose(api, "maria")
    (incident,) = (await listed(api)).incidents

    assert (incident.expert_id, incident.account_id) == (EXPERT, account_id)
    assert incident.provider == account_pb2.PROVIDER_MICROSOFT
    assert incident.cause == account_pb2.RECONNECT_CAUSE_SIGN_IN_REQUIRED
    assert instant(incident.open_time) == api.world.clock.now()
    assert (incident.sessions_at_risk, incident.notice_count) == (0, 0)
    assert incident.reconnect_url == ""


async def test_the_link_is_the_one_of_the_mail_and_given_where_it_is_asked_for(api: Api, logs: Logs) -> None:
    await lose(api, "maria")
    (incident,) = (await listed(api, urls=True)).incidents
    await api.world.container.notify_expert()(IncidentId(incident.incident_id))

    assert incident.reconnect_url.startswith(f"{PUBLIC_URL}/reconnect/")
    assert incident.reconnect_url == api.world.mailer.sent[0].reconnect_url
    assert incident.reconnect_url.rpartition("/")[2] not in logs.text
    assert (await listed(api)).incidents[0].notice_count == 1


async def test_an_address_that_takes_no_mail_is_told(api: Api) -> None:
    await lose(api, "maria")
    incident_id = (await listed(api)).incidents[0].incident_id
    api.world.mailer.refused.add(expert_message().email)
    await api.world.container.notify_expert()(IncidentId(incident_id))
    assert (await listed(api)).incidents[0].address_refused

    await api.put_expert(email="other@experts.example")
    assert not (await listed(api)).incidents[0].address_refused


async def test_a_mail_that_came_back_is_told_and_only_where_it_counts(api: Api) -> None:
    await lose(api, "maria")
    incident_id = (await listed(api)).incidents[0].incident_id
    await api.world.container.notify_expert()(IncidentId(incident_id))
    message_id = f"<{api.world.mailer.sent[0].message_id}@calendars.example>"

    async def bounced(recipient: str) -> bool:
        request = account_service_pb2.RecordBounceRequest(message_id=message_id, recipient=recipient)
        return (await api.accounts.RecordBounce(request)).recorded

    assert not await bounced("somebody@else.example")
    assert not (await listed(api)).incidents[0].address_refused
    assert await bounced(expert_message().email)
    assert (await listed(api)).incidents[0].address_refused


async def test_sessions_that_wait_are_counted(api: Api) -> None:
    await lose(api, "maria")
    for number in range(3):
        await api.put_session(f"session-{number}", starts=24 + number)
        await api.world.container.write_session()(EXPERT, SessionId(f"session-{number}"))

    assert (await listed(api)).incidents[0].sessions_at_risk == 3


async def test_a_reconnect_ends_it(api: Api) -> None:
    person, account_id = await lose(api, "maria")
    person.restore()
    await api.connect(person, account_id=account_id)

    assert not (await listed(api)).incidents


async def test_one_experts_incidents_or_all_page_by_page(api: Api) -> None:
    lost = [
        (await lose(api, name, expert_id=expert_id))[1]
        for name, expert_id in (("maria", EXPERT), ("ben", OTHER_EXPERT), ("carla", EXPERT))
    ]
    found: list[incident_pb2.Incident] = []
    answer = await listed(api, page_size=2)
    while True:
        found += answer.incidents
        if not answer.next_page_token:
            break
        answer = await listed(api, page_size=2, page_token=answer.next_page_token)

    assert [one.account_id for one in found] == lost
    assert [one.account_id for one in (await listed(api, OTHER_EXPERT)).incidents] == [lost[1]]


async def test_a_page_token_of_another_query_is_refused(api: Api) -> None:
    for name in ("maria", "ben"):
        await lose(api, name)
    token = (await listed(api, page_size=1)).next_page_token
    for expert_id, urls in ((EXPERT, False), ("", True)):
        failure = await failure_of(listed(api, expert_id, urls=urls, page_token=token))
        assert (failure.code, failure.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "PAGE_TOKEN_INVALID")


async def test_an_unknown_expert_is_not_found(api: Api) -> None:
    assert (await failure_of(listed(api, "nobody"))).reason == "EXPERT_NOT_FOUND"


async def test_refuses_a_page_of_less_than_nothing(api: Api) -> None:
    assert (await failure_of(listed(api, page_size=-1))).reason == "INVALID_REQUEST"


def test_the_link_is_in_no_text_of_what_is_listed() -> None:
    from application.accounts.list_incidents import ListedIncident
    from application.ports.incidents import OpenIncident
    from domain.account import Provider
    from tests.builders import an_incident

    one = OpenIncident(incident=an_incident(token="hush"), provider=Provider.MICROSOFT, sessions_at_risk=0)
    assert "hush" not in repr(ListedIncident(found=one, reconnect_url="https://calendars.example/hush"))
    assert AccountId(one.incident.account_id) in repr(one)
