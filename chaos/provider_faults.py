"""What the provider does to us: refusals, answers that lie, and silence. Each lasts a moment and is over by itself."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from sandbox.world.world import World

WRITES: Final = "/events"


@dataclass(frozen=True, slots=True)
class Storm:
    """`order` sets the faults; what they are for is the run's own choice of a person, or everybody."""

    name: str
    order: Callable[[World, Random, str | None], None]


def _answer(status: int, code: str, **fields: Any) -> Callable[[World, Random, str | None], None]:
    def order(world: World, random: Random, person: str | None) -> None:
        world.faults.answer(status, code=code, person=person, times=None, **fields)

    return order


def _any(**fields: Any) -> Callable[[World, Random, str | None], None]:
    def order(world: World, random: Random, person: str | None) -> None:
        world.faults.add(person=person, times=None, **fields)

    return order


def _stored_but_failed(world: World, random: Random, person: str | None) -> None:
    for method in ("POST", "PATCH", "DELETE"):
        world.faults.answer(
            503,
            code="ServiceUnavailable",
            method=method,
            path=WRITES,
            perform=True,
            person=person,
            times=random.randint(1, 3),
        )


def _cut_while_writing(world: World, random: Random, person: str | None) -> None:
    for method in ("POST", "PATCH", "DELETE"):
        world.faults.add(
            kind="cut", method=method, path=WRITES, perform=random.random() < 0.5, person=person, times=2
        )


def _late_answers(world: World, random: Random, person: str | None) -> None:
    world.faults.add(kind="hang", seconds=random.uniform(1, 6), perform=True, person=person, times=4)


def _tokens_down(world: World, random: Random, person: str | None) -> None:
    """And nobody has one left."""
    world.grants.expire_access_tokens(person)
    world.faults.token_error("temporarily_unavailable", status=503, codes=(90033,), times=None)


def _tokens_cut(world: World, random: Random, person: str | None) -> None:
    """Given out, and lost on the way."""
    world.grants.expire_access_tokens(person)
    world.faults.add(kind="cut", surface="token", perform=True, times=3)


def _subscriptions_lost(world: World, random: Random, person: str | None) -> None:
    for one in world.subscriptions.all(person):
        if random.random() < 0.5:
            world.subscriptions.lifecycle(
                one.id, random.choice(("subscriptionRemoved", "reauthorizationRequired", "missed"))
            )


def _notifications_lost(world: World, random: Random, person: str | None) -> None:
    world.settings.lost_notifications = random.randint(3, 20)


STORMS: Final[tuple[Storm, ...]] = (
    Storm("429", _answer(429, "TooManyRequests", retry_after="1")),
    Storm("503", _answer(503, "ServiceUnavailable")),
    Storm("503 but stored", _stored_but_failed),
    Storm("500 of half", _answer(500, "InternalServerError", method="GET")),
    Storm("404 of everything", _answer(404, "ErrorItemNotFound")),
    Storm("404 of events", _answer(404, "ErrorItemNotFound", path="/events/")),
    Storm("403 of everything", _answer(403, "ErrorAccessDenied")),
    Storm("error inside 200", _answer(200, "ErrorInternalServerTransientError", method="GET")),
    Storm(
        "page instead of JSON",
        _any(kind="answer", status=200, body="<html></html>", content_type="text/html"),
    ),
    Storm("silence", _any(kind="hang", seconds=3)),
    Storm("late answers", _late_answers),
    Storm("cut", _any(kind="cut")),
    Storm("cut while writing", _cut_while_writing),
    Storm("cut inside", _any(kind="cut_inside", method="GET")),
    Storm("tokens: 503", _tokens_down),
    Storm("tokens: cut", _tokens_cut),
    Storm(
        "subscriptions: 503 but made", _answer(503, "ServiceUnavailable", path="/subscriptions", perform=True)
    ),
    Storm("subscriptions lost", _subscriptions_lost),
    Storm("notifications lost", _notifications_lost),
)
BY_NAME: Final[Mapping[str, Storm]] = {one.name: one for one in STORMS}
