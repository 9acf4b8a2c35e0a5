"""What a whole service tells Prometheus, after a day in small: true numbers, and nothing about anybody."""

import asyncio
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import grpc.aio
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from calendarsync.v1.expert_service_pb2 import GetExpertRequest
from tests.support.calls import EXPERT, SESSION, span
from tests.support.observability import (
    DASHBOARD,
    OF_PROMETHEUS,
    RULES,
    expressions_of_dashboard,
    expressions_of_rules,
    used_in,
)
from tests.support.service import Service, until

MOST_SERIES = 3_000
"""Of one process that has met nearly everything there is to meet."""
PLAIN = re.compile(r"[A-Za-z0-9_./+{}()-]*")
"""Names, routes, versions, bounds of buckets."""
LONGEST_VALUE = 64


class Page:
    """The families that a process tells, and their samples."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.families: list[Metric] = list(text_string_to_metric_families(text))
        typed = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE))
        self.names = set(_names(typed.items()))

    def sum(self, name: str, **labels: str) -> float:
        """Of all samples of this name with these labels."""
        return sum(
            one.value
            for family in self.families
            for one in family.samples
            if one.name == f"calendarsync_{name}" and labels.items() <= one.labels.items()
        )

    def labels(self) -> Iterator[tuple[str, str, str]]:
        for family in self.families:
            for one in family.samples:
                for label, value in one.labels.items():
                    yield one.name, label, value

    def labels_of(self, name: str) -> set[str] | None:
        """Those that samples of this name have; None where there are no samples."""
        found = [one for family in self.families for one in family.samples if one.name == name]
        return {label for one in found for label in one.labels} if found else None


def _names(typed: Iterable[tuple[str, str]]) -> Iterator[str]:
    for name, kind in typed:
        if kind == "histogram":
            yield from (f"{name}_bucket", f"{name}_sum", f"{name}_count")
        else:
            yield name


async def test_the_numbers_are_true_are_what_is_asked_for_and_say_nothing_of_anybody(
    service: Service,
) -> None:
    page = await a_day(service)

    assert_is_what_happened(page)
    await assert_tells_nobody(page, service)
    assert_is_what_dashboard_and_rules_ask_for(page)


async def a_day(service: Service) -> Page:
    """An account is connected, asked about, written to, and lost."""
    await service.connect("anna")
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    for _ in range(3):  # about a time that readings are kept for; the others are about one beyond
        assert (await service.busy(span(tomorrow, tomorrow + timedelta(hours=1)))).complete
    assert (await service.busy(max_age=timedelta())).complete
    await service.put_session()
    await service.written()
    with suppress(grpc.aio.AioRpcError):
        await service.experts.GetExpert(GetExpertRequest(expert_id="nobody-at-all"))
    await service.open("/nowhere/with-a-secret")
    await service.open("/reconnect/a-token-that-nobody-has")
    service.sandbox.world.faults.answer(429, code="TooManyRequests", retry_after="0.2", times=1)
    await service.busy(max_age=timedelta())
    service.sandbox.world.grants.revoke("anna", access_tokens=True)
    await service.busy(max_age=timedelta())
    await until(lambda: asyncio.sleep(0, len(service.sandbox.mails)), lambda mails: mails == 1)
    await service.idle()
    return Page((await service.operations("/metrics")).text)


def assert_is_what_happened(page: Page) -> None:
    busy = {"method": "AvailabilityService/ListBusyTimes", "code": "OK"}
    assert page.sum("call_seconds_count", **busy) == 6
    assert page.sum("call_seconds_count", method="ExpertService/GetExpert", code="NOT_FOUND") == 1
    assert page.sum("answer_age_seconds_count", complete="yes") >= 4
    assert page.sum("answer_unread_calendars_total", reason="RECONNECT_REQUIRED") == 1
    assert page.sum("looks_total", provider="MICROSOFT", outcome="read") >= 3
    assert page.sum("looks_total", provider="MICROSOFT", outcome="RECONNECT_REQUIRED") >= 1
    assert page.sum("provider_request_seconds_count", kind="read_view", outcome="2xx") >= 2
    assert page.sum("provider_request_seconds_count", kind="create_event", outcome="2xx") == 1
    assert page.sum("provider_request_seconds_count", kind="token", outcome="2xx") >= 1
    assert page.sum("provider_request_seconds_count", outcome="429") == 1
    assert page.sum("provider_request_seconds_count", kind="other") == 0
    assert page.sum("provider_throttled_total") == 1
    assert page.sum("provider_pause_seconds_total") == 0.2
    assert page.sum("token_renewals_total", outcome="sign_in_again") >= 1
    assert page.sum("mails_total", outcome="accepted") == 1
    assert page.sum("incidents_open", cause="SIGN_IN_REQUIRED") == 1
    assert page.sum("changes_total", type="INCIDENT_OPENED") == 1
    assert page.sum("work_seconds_count", kind="write_session", outcome="done") >= 1
    assert page.sum("lane_places", kind="read_calendar") == 64
    assert page.sum("read_budget_used_ratio_count") >= 1
    assert page.sum("workers") == 1
    assert page.sum("database_up") == 1
    assert page.sum("known_times_asked_total", outcome="kept") >= 1
    assert page.sum("http_request_seconds_count", route="unknown", status="404") == 1
    assert page.sum("http_request_seconds_count", route="/reconnect/{token}") == 1
    assert page.sum("pool_connections_most") == 10


async def assert_tells_nobody(page: Page, service: Service) -> None:
    """No label says anything of anybody, or is one of endlessly many."""
    rows = await service.rows(
        "SELECT account_id, calendar_id, remote_id FROM account JOIN calendar USING (account_id)"
    )
    private = {
        EXPERT,
        SESSION,
        "anna",
        "Anna",
        "example.com",
        "with-a-secret",
        "a-token-that",
        "nobody-at-all",
    }
    private |= {str(value) for row in rows for value in row.values()}
    for name, label, value in page.labels():
        assert PLAIN.fullmatch(value), (name, label)
        assert len(value) <= LONGEST_VALUE, (name, label)
    assert not [one for one in private if one in page.text]
    assert sum(len(family.samples) for family in page.families) < MOST_SERIES


def assert_is_what_dashboard_and_rules_ask_for(page: Page) -> None:
    asked = [*expressions_of_dashboard(DASHBOARD), *expressions_of_rules(RULES)]
    used = {one for expression in asked for one in used_in(expression)}
    assert len(used) > 30

    assert not {one.name for one in used} - page.names
    for one in used:
        labels = page.labels_of(one.name)
        if labels is not None:
            assert one.labels <= labels | OF_PROMETHEUS, one
