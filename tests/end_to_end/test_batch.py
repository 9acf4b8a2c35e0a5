"""Many experts in one question: each is answered as if asked for alone, and none disturbs another."""

import grpc
from google.rpc import error_details_pb2

from tests.support.calls import NOW, SOON, at, busy_hours, hours, sources, unread
from tests.support.service import Service, until

SOON_ALL_DAY = hours(0, 24, day=SOON)
PEOPLE = ("anna", "ben", "carla", "dora", "max")


async def connected_team(service: Service) -> list[str]:
    """Experts of these people, with an event an hour later for each; their ids."""
    team = [f"expert-of-{person}" for person in PEOPLE]
    for number, (person, expert_id) in enumerate(zip(PEOPLE, team, strict=True)):
        await service.put_expert(expert_id)
        service.sandbox.world.events.add(person, at(9 + number, day=SOON), at(10 + number, day=SOON))
        await service.connect(person, expert_id=expert_id)
    return team


async def test_a_hundred_experts_are_answered_each_as_if_alone(service: Service) -> None:
    team = await connected_team(service)
    others = [f"unconnected-{number}" for number in range(94)]
    for expert_id in others:
        await service.put_expert(expert_id)
    wanted = [*others[:50], *team, "nobody", *others[50:]]
    assert len(wanted) == 100
    requests = len(service.sandbox.world.traffic.requests)
    answers = await service.batch(*wanted, window=SOON_ALL_DAY)
    assert len(service.sandbox.world.traffic.requests) == requests, "all was stored"
    assert [one.expert_id for one in answers] == wanted
    by_expert = {one.expert_id: one for one in answers}
    for number, expert_id in enumerate(team):
        answer = by_expert[expert_id].busy_times
        assert answer == await service.busy(SOON_ALL_DAY, expert_id=expert_id)
        assert (answer.complete, busy_hours(answer, day=SOON)) == (True, [(9 + number, 10 + number)])
    unknown = by_expert["nobody"].error
    info = error_details_pb2.ErrorInfo()
    assert unknown.code == grpc.StatusCode.NOT_FOUND.value[0]
    assert unknown.details[0].Unpack(info)
    assert info.reason == "EXPERT_NOT_FOUND"
    assert all(by_expert[one].busy_times.complete for one in others)


async def test_those_who_can_not_be_read_are_named_and_the_others_looked_at_now(service: Service) -> None:
    team = await connected_team(service)
    world = service.sandbox.world
    world.settings.notifications = "silent"
    for person in PEOPLE:
        world.events.add(person, at(20, day=SOON), at(21, day=SOON))
    world.faults.answer(503, code="ServiceUnavailable", person="carla", times=None)
    world.grants.revoke("dora", access_tokens=True)
    world.traffic.clear()
    answers = await service.batch(*team, window=SOON_ALL_DAY, max_age=NOW)
    found = dict(zip(PEOPLE, (one.busy_times for one in answers), strict=True))
    for number, person in enumerate(PEOPLE):
        answer = found[person]
        if person == "carla":
            assert (answer.complete, unread(answer)) == (False, ["PROVIDER_UNAVAILABLE"])
        elif person == "dora":
            assert (answer.complete, unread(answer)) == (False, ["RECONNECT_REQUIRED"])
        else:
            assert sources(answer) == {"LIVE"}
            assert busy_hours(answer, day=SOON) == [(9 + number, 10 + number), (20, 21)]
    looks = sorted(
        str(one.person) for one in world.traffic.requests if "calendarView" in one.path and one.status == 200
    )
    assert looks == ["anna", "ben", "max"]
    await until(lambda: service.rows("SELECT notices FROM incident"), lambda rows: len(rows) == 1)
    await service.idle()
