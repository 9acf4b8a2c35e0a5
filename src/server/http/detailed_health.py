"""Health in detail, for those who operate the service: each part by itself, how it is and since when."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from itertools import product
from typing import Any, Final

from aiohttp import web

from application.ports.provider import CalendarProviders
from server.alarms import CREDENTIAL_REFUSED, MISCONFIGURED, TOKENS_REFUSED, OperatorAlarms
from server.build import build_version
from server.http.health import DATABASE, OK, SCHEMA, STOPPING, UNAVAILABLE, Readiness
from server.metrics.census import CensusTaker
from server.metrics.work import LOGIN_REFUSED, WorkMetrics
from server.time_zones import zones_version

LATE: Final = timedelta(minutes=5)
"""Work whose time came longer ago than that is told as late."""
UNKNOWN: Final = "unknown"
Part = dict[str, Any]


class Sightings:
    """Since when each part has been as it is, as far as anybody looked."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[str, datetime]] = {}

    def since(self, part: str, state: str) -> datetime:
        before = self._seen.get(part)
        if before is None or before[0] != state:
            before = self._seen[part] = state, datetime.now(UTC)
        return before[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class DetailedHealth:
    alarms: OperatorAlarms
    providers: CalendarProviders
    readiness: Readiness
    census: CensusTaker
    work: WorkMetrics
    sightings: Sightings = field(default_factory=Sightings)

    async def alive(self, _request: web.Request) -> web.StreamResponse:
        """200 also with alarms, as for everybody."""
        raised = {name: _printed(since) for name, since in self.alarms.raised.items()}
        return web.json_response({"status": "degraded" if raised else OK, "alarms": raised})

    async def ready(self, _request: web.Request) -> web.StreamResponse:
        """`reason` names what makes the process unready; of the parts, the database and its schema alone do."""
        version = await self.readiness.schema_version()
        await self.census.look()
        parts = {DATABASE: self._database(version), SCHEMA: self._schema(version), "queue": self._queue()}
        hindrance = (
            STOPPING
            if self.readiness.stopping
            else next((name for name in (DATABASE, SCHEMA) if parts[name]["state"] != OK), None)
        )
        return web.json_response(
            {
                "status": UNAVAILABLE if hindrance else "ready",
                "reason": hindrance,
                "parts": parts | {"credentials": self._credentials()},
                "version": build_version(),
                "time_zones": zones_version(),
            },
            status=HTTPStatus.SERVICE_UNAVAILABLE if hindrance else HTTPStatus.OK,
        )

    def _database(self, version: str | None) -> Part:
        return self._part(DATABASE, "unreachable" if version is None else OK)

    def _schema(self, version: str | None) -> Part:
        needs = self.readiness.needs
        if version is None:
            return self._part(SCHEMA, UNKNOWN, needs=needs)
        return self._part(SCHEMA, OK if version >= needs else "too_old", has=version, needs=needs)

    def _queue(self) -> Part:
        """Late work is no fault of this process: others may do it, and it goes on answering."""
        if self.census.work is None:
            return self._part("queue", UNKNOWN)
        now, work = self.census.work
        late = {
            one.kind: round((now - one.oldest_due_at).total_seconds())
            for one in work.due
            if one.oldest_due_at is not None and now - one.oldest_due_at > LATE
        }
        state = "no_workers" if not work.workers else "late" if late else OK
        return self._part("queue", state, workers=work.workers, late_seconds=late)

    def _credentials(self) -> Mapping[str, Part]:
        raised = self.alarms.raised
        told = {}
        for provider, (part, alarm) in product(
            # Where people type their passwords on our page, we have no registration that could be refused.
            (one.value for one, bundle in self.providers.items() if bundle.passwords is None),
            (("registration", MISCONFIGURED), ("credential", CREDENTIAL_REFUSED), ("tokens", TOKENS_REFUSED)),
        ):
            refused = f"{provider}{alarm}" in raised
            told[f"{provider.lower()}_{part}"] = self._part(
                f"{provider} {part}", "refused" if refused else OK
            )
        last = self.work.last_mail
        mail = UNKNOWN if last is None else "refused" if last == LOGIN_REFUSED else OK
        return told | {"mail_server": self._part("mail server", mail)}

    def _part(self, name: str, state: str, **more: Any) -> Part:
        return {"state": state, "since": _printed(self.sightings.since(name, state)), **more}


def _printed(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
