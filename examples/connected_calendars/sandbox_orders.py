"""What people and providers do, as orders to the sandbox's control API (docs/sandbox.md)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote

from calendarsync.v1.account_pb2 import PROVIDER_APPLE, PROVIDER_GOOGLE, PROVIDER_MICROSOFT, Account, Provider
from connected_calendars.beside_sandbox import Sandbox

SURFACES: Final = {PROVIDER_MICROSOFT: "graph", PROVIDER_GOOGLE: "google", PROVIDER_APPLE: "icloud"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """In plain text, as every mail of the service has it beside its HTML."""

    subject: str
    text: str


async def take_away(sandbox: Sandbox, account: Account) -> None:
    """On the provider's page of apps, or of passwords."""
    if account.provider == PROVIDER_GOOGLE:
        await sandbox.order("POST", f"/google{_person(account)}/end-consent")
    elif account.provider == PROVIDER_APPLE:
        await sandbox.order("DELETE", f"/icloud{_person(account)}/passwords")
    else:
        await sandbox.order("POST", f"{_person(account)}/revoke", access_tokens=True)


async def new_password(sandbox: Sandbox, account: Account) -> str:
    """An app-specific one, at Apple."""
    made = await sandbox.order("POST", f"/icloud{_person(account)}/passwords", label="Connected calendars")
    return str(made["password"])


async def calendars_of(sandbox: Sandbox, account: Account) -> dict[str, str]:
    """Names by key."""
    found = await sandbox.order("GET", f"{_person(account)}/calendars")
    return {one["key"]: one["name"] or "without a name" for one in found}


async def enter_event(
    sandbox: Sandbox, account: Account, calendar: str, *, start: datetime, end: datetime, show_as: str
) -> None:
    """By its owner."""
    await sandbox.order(
        "POST",
        f"{_person(account)}/calendars/{quote(calendar, safe='')}/events",
        start=_utc(start),
        end=_utc(end),
        zone="UTC",
        subject="Entered by hand",
        show_as=show_as,
    )


async def begin_outage(sandbox: Sandbox, provider: Provider.ValueType) -> None:
    """Its calendars answer 503 from now on."""
    await sandbox.order("POST", "/faults", kind="answer", status=503, surface=SURFACES[provider], times=None)


async def end_outages(sandbox: Sandbox) -> None:
    await sandbox.order("DELETE", "/faults")


async def outages(sandbox: Sandbox) -> set[Provider.ValueType]:
    """The providers that have one."""
    surfaces = {one["surface"] for one in await sandbox.order("GET", "/faults") if one.get("times") is None}
    return {provider for provider, surface in SURFACES.items() if surface in surfaces}


async def mails_to(sandbox: Sandbox, address: str) -> Sequence[Mail]:
    """To this address and no other, the newest first."""
    mine = address.casefold()
    received = await sandbox.order("GET", "/mails")
    found = [one for one in received if mine in {recipient.casefold() for recipient in one["recipients"]}]
    return [Mail(subject=one["subject"], text=one["text"]) for one in reversed(found)]


def _person(account: Account) -> str:
    """The sandbox knows its people by their addresses, too."""
    return f"/people/{quote(account.email, safe='@')}"


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).replace(tzinfo=None).isoformat()
