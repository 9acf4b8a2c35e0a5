"""What deliveries of notifications go through, whoever sends them: is there time, are they ours, can they be kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Final

import structlog
from aiohttp import web

from application.notifications.notification import Notification
from application.ports.store import StoreUnavailable
from server.http.connections.notes import COUNTED, WAITED_SECONDS
from server.http.notifications.deliveries import Deliveries
from server.http.notifications.forged_deliveries import ForgedDeliveries
from server.metrics.work import WorkMetrics

LONGEST_PROOF: Final = 512
"""Characters of a subscription's id, or of its secret."""
STORE_PATIENCE: Final = timedelta(seconds=0.8)
"""How long the database may take, with the deliveries before this one: Microsoft sends nothing for ten minutes to
whoever answers slowly too often."""
LONGEST_TURN: Final = timedelta(seconds=2)
"""Whoever waited longer for their turn is asked to come again: the answer to more work would come too late."""
log = structlog.stdlib.get_logger("server.http")


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """Answers hold a status and no word. Forged deliveries are taken like others, without effect: a sender learns
    nothing from the answer."""

    deliveries: Deliveries
    forged: ForgedDeliveries
    meter: WorkMetrics

    async def take(
        self, request: web.Request, notifications: Sequence[Notification], *, items: int
    ) -> web.Response:
        """`notifications` are those of the delivery's `items` that name a subscription."""
        try:
            taken = await self.deliveries.take(
                [one for one in notifications if _may_be_ours(one)], within=STORE_PATIENCE
            )
        except (StoreUnavailable, TimeoutError):
            log.warning("notifications could not be kept", items=items)
            self.meter.notified(lost=items)
            return come_again()
        self.meter.notified(taken=taken, forged=items - taken)
        if taken:
            log.info("notifications", items=items, taken=taken)
        else:
            request[COUNTED] = True
            self.forged.add(items=items)
        return accepted()

    def announced(self, request: web.Request) -> web.Response:
        """A provider says that notifications will come. Anybody can say so, and it changes nothing."""
        request[COUNTED] = True
        self.meter.notified(announced=1)
        return accepted()

    async def close(self, _: web.Application) -> None:
        """For the end of the application: nothing it took is under way any more."""
        await self.deliveries.close()
        self.forged.tell_the_rest()


def came_too_late(request: web.Request) -> bool:
    waited: float = request.get(WAITED_SECONDS, 0.0)
    return waited > LONGEST_TURN.total_seconds()


def accepted() -> web.Response:
    return web.Response(status=HTTPStatus.ACCEPTED)


def come_again() -> web.Response:
    """Providers deliver again what is answered so."""
    return web.Response(status=HTTPStatus.SERVICE_UNAVAILABLE, headers={"Retry-After": "5"})


def _may_be_ours(one: Notification) -> bool:
    """Providers' ids and our secrets are short and plain; other text may not even be fit for the database."""
    return all(
        text.isascii() and text.isprintable() and 0 < len(text) <= LONGEST_PROOF
        for text in (one.remote_id, one.secret)
    )
