"""What a person who started everything reads first: addresses, people to play, and three calls to try."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.request import urlopen

from server.addresses import Address
from server.local.stand_ins import StandIns

CALL = ".venv/bin/buf curl --protocol grpc --http2-prior-knowledge"
SERVICE = "calendarsync.v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Where the service is reached."""

    page: str | None
    """The example page, if it is there."""
    grpc: str
    public_url: str
    operations: str
    providers: tuple[str, ...]
    """By name, those that are configured."""


def banner(addresses: Addresses, started: StandIns, taken: Iterable[Address]) -> str:
    """The text, for a service that is ready. `taken` are the usual addresses that others listen at."""
    lines = [
        "",
        *_to_open(addresses.page),
        "CalendarSync is running. Ctrl-C stops everything.",
        "",
        f"  gRPC        {addresses.grpc}   (plaintext, with reflection)",
        f"  HTTP        {addresses.public_url}   (/healthz, /readyz)",
        f"  Operations  http://{addresses.operations}   (/metrics, and health in detail)",
        f"  Database    {started.database}",
        *(f"  Note        {address} was taken, so another port is used" for address in taken),
    ]
    if started.sandbox is None:
        lines.append(f"  Providers   as configured: {', '.join(addresses.providers)}")
        return "\n".join([*lines, ""])
    lines += [
        f"  Microsoft   the sandbox, {started.sandbox['authority']}",
        f"  Google      the sandbox, {started.sandbox['google_authorization_url']}",
        f"  iCloud      the sandbox, {started.sandbox['icloud_url']}",
        f"  Its CA file {started.sandbox['ca_file']}",
        f"  Its control {started.sandbox['control_url']}   (docs/sandbox.md)",
        f"  Its mails   {started.sandbox['control_url']}/mails",
        "",
        "People who can sign in at Microsoft (no passwords):",
        *_people(started.sandbox["control_url"] + "/people"),
        "",
        "People who can sign in at Google:",
        *_people(started.sandbox["control_url"] + "/google/people"),
        "",
        "Apple IDs, each with an app-specific password to type on our own page:",
        *_apple_ids(started.sandbox["control_url"] + "/icloud/people"),
        "",
        "Three calls to try (grpcurl -plaintext does as well):",
        "",
        *_calls(addresses.grpc),
        "",
        "Open the second one's authorizationUrl in a browser and sign in.",
        "With PROVIDER_GOOGLE in it, it leads to Google's people, with PROVIDER_APPLE to our page for Apple IDs.",
        "",
        # Once more: by now the first line has left most windows.
        *_to_open(addresses.page),
    ]
    return "\n".join(lines)


def _to_open(page: str | None) -> list[str]:
    return [] if page is None else [f"Open {page} in a browser: a page of connected calendars.", ""]


def _people(url: str) -> list[str]:
    return [f"  {one['email']:<28} {one['about']}" for one in _told(url)]


def _apple_ids(url: str) -> list[str]:
    """Of nobody real: these passwords are the same at every start, and open nothing but the sandbox."""
    return [
        f"  {one['email']:<28} {next(iter(one['passwords']), 'none'):<20} {one['about']}"
        for one in _told(url)
    ]


def _told(url: str) -> list[dict[str, Any]]:
    with urlopen(url, timeout=5) as answer:  # noqa: S310 - the sandbox we started
        people: list[dict[str, Any]] = json.load(answer)
    return people


def _calls(grpc_address: str) -> list[str]:
    base = f"http://{grpc_address}/{SERVICE}"
    expert = {
        "expert_id": "ada",
        "plan": "PLAN_PRO",
        "email": "ada@example.com",
        "display_name": "Ada",
        "time_zone": "Europe/Berlin",
    }
    calls = [
        ("ExpertService/PutExpert", {"expert": expert}),
        ("AccountService/StartConnection", {"expert_id": "ada", "provider": "PROVIDER_MICROSOFT"}),
        ("CalendarService/ListCalendars", {"expert_id": "ada", "refresh": True}),
    ]
    return [f"  {CALL} -d '{json.dumps(body)}' {base}.{method}" for method, body in calls]
