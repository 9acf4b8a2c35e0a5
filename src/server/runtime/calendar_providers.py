"""The providers of calendars that are configured, opened in one place."""

import re
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from adapters.caldav.apple import open_apple
from adapters.caldav.settings import AppleSettings, partitions_of
from adapters.google.google import open_google
from adapters.google.settings import LEAST_SCOPES, SHARED_SCOPES, GoogleSettings
from adapters.graph.microsoft import open_microsoft
from adapters.graph.settings import ClientCertificate, MicrosoftSettings, NotificationUrls
from adapters.postgres.cells import DEFAULT_CELL
from application.accounts.page_sign_in import PageSignIn
from application.ports.alarms import Alarms
from application.ports.clock import Clock
from application.ports.grant_vault import GrantVault
from application.ports.meters import ProviderMeter
from application.ports.provider import CalendarProvider, CalendarProviders
from domain.account import Provider
from server.addresses import Address, can_be_told
from server.http.links import SignInPage, lifecycle_url, notification_url
from server.runtime.id_source import RandomIds
from server.runtime.process_failed import ProcessFailed
from server.runtime.settings import PREFIX, GiveBack, Push, Scopes, Settings

SCOPES: Final = {Scopes.LEAST: LEAST_SCOPES, Scopes.SHARED: SHARED_SCOPES}
PEM_BLOCK = re.compile(r"(-----BEGIN ([A-Z ]+)-----.+?-----END \2-----\n?)", re.DOTALL)


@asynccontextmanager
async def open_providers(
    settings: Settings,
    *,
    public_url: str,
    vault: GrantVault,
    clock: Clock,
    alarms: Alarms,
    meter_of: Callable[[Provider], ProviderMeter],
) -> AsyncIterator[CalendarProviders]:
    """Those with a client id, and Apple where it is switched on. Raises ProcessFailed."""
    configured: dict[Provider, CalendarProvider] = {}
    async with AsyncExitStack() as stack:
        if (microsoft := microsoft_settings(settings, public_url=public_url)) is not None:
            configured[Provider.MICROSOFT] = await stack.enter_async_context(
                open_microsoft(microsoft, vault, clock, alarms, meter_of(Provider.MICROSOFT))
            )
        if (google := google_settings(settings, public_url=public_url)) is not None:
            configured[Provider.GOOGLE] = await stack.enter_async_context(
                open_google(google, vault, clock, alarms, meter_of(Provider.GOOGLE))
            )
        if (apple := apple_settings(settings)) is not None:
            page = PageSignIn(ids=RandomIds(), page_url=SignInPage(public_url, Provider.APPLE))
            configured[Provider.APPLE] = await stack.enter_async_context(
                open_apple(apple, vault, clock, page, meter_of(Provider.APPLE))
            )
        if not gives_back(settings):
            configured = {name: replace(one, give_back=None) for name, one in configured.items()}
        yield configured


def gives_back(settings: Settings) -> bool:
    """Whether nobody else is known to use the registrations."""
    if settings.give_back is GiveBack.AUTO:
        return settings.cell == DEFAULT_CELL
    return settings.give_back is GiveBack.ON


def microsoft_settings(settings: Settings, *, public_url: str) -> MicrosoftSettings | None:
    """None without a client id. `public_url` is the one that is in use.

    Raises ProcessFailed when the certificate's file is not as it must be.
    """
    if settings.microsoft_client_id is None:
        return None
    reachable = _reachable(settings, public_url, settings.microsoft_graph_url, by="Microsoft")
    return MicrosoftSettings(
        client_id=settings.microsoft_client_id,
        credential=_credential(settings),
        next_credential=_next_credential(settings),
        authority=settings.microsoft_authority,
        graph_url=settings.microsoft_graph_url,
        ca_file=settings.microsoft_ca_file,
        notification_urls=_notification_urls(public_url) if reachable else None,
    )


def google_settings(settings: Settings, *, public_url: str) -> GoogleSettings | None:
    """None without a client id. `public_url` is the one that is in use."""
    if settings.google_client_id is None:
        return None
    assert settings.google_client_secret is not None
    following = settings.google_next_client_secret
    reachable = _reachable(settings, public_url, settings.google_calendar_url, by="Google")
    return GoogleSettings(
        client_id=settings.google_client_id,
        client_secret=settings.google_client_secret.get_secret_value(),
        next_client_secret=None if following is None else following.get_secret_value(),
        authorization_url=settings.google_authorization_url,
        token_url=settings.google_token_url,
        revocation_url=settings.google_revocation_url,
        keys_url=settings.google_keys_url,
        calendar_url=settings.google_calendar_url,
        ca_file=settings.google_ca_file,
        scopes=SCOPES[settings.google_scopes],
        person_per_minute=settings.google_person_per_minute,
        project_per_minute=settings.google_project_per_minute,
        daily_requests=settings.google_process_per_day or settings.google_project_per_day,
        notification_url=notification_url(public_url, Provider.GOOGLE) if reachable else None,
    )


def apple_settings(settings: Settings) -> AppleSettings | None:
    """None where Apple isn't switched on."""
    if settings.apple_calendars == "off":
        return None
    return AppleSettings(
        start_url=settings.apple_start_url,
        allowed_hosts=_allowed_hosts(settings.apple_hosts, settings.apple_start_url),
        ca_file=settings.apple_ca_file,
        per_minute=settings.apple_person_per_minute,
    )


def _allowed_hosts(others: tuple[str, ...], start_url: str) -> str:
    """Those that are named; where none is, the partitions of the iCloud that is started at."""
    if others:
        return "|".join(re.escape(f"{one.host}:{one.port}") for one in map(Address.parse, others))
    return partitions_of(urlsplit(start_url).hostname or "")


def _notification_urls(public_url: str) -> NotificationUrls:
    return NotificationUrls(
        changes=notification_url(public_url, Provider.MICROSOFT), lifecycle=lifecycle_url(public_url)
    )


def _reachable(settings: Settings, public_url: str, provider_url: str, *, by: str) -> bool:
    """Whether a provider is asked for notifications. Raises ProcessFailed where it must be and can't reach us."""
    if settings.push is Push.OFF:
        return False
    reachable = can_be_told(public_url, provider_url)
    if settings.push is Push.ON and not reachable:
        raise ProcessFailed(
            f"{PREFIX}PUSH is on, and needs an https address in {PREFIX}PUBLIC_URL that {by} can reach"
        )
    return reachable


def _credential(settings: Settings) -> str | ClientCertificate:
    if settings.microsoft_client_secret is not None:
        return settings.microsoft_client_secret.get_secret_value()
    assert settings.microsoft_client_certificate_file is not None
    return _certificate(
        settings.microsoft_client_certificate_file, setting="MICROSOFT_CLIENT_CERTIFICATE_FILE"
    )


def _next_credential(settings: Settings) -> str | ClientCertificate | None:
    if settings.microsoft_next_client_secret is not None:
        return settings.microsoft_next_client_secret.get_secret_value()
    if (file := settings.microsoft_next_client_certificate_file) is not None:
        return _certificate(file, setting="MICROSOFT_NEXT_CLIENT_CERTIFICATE_FILE")
    return None


def _certificate(file: Path, *, setting: str) -> ClientCertificate:
    blocks = PEM_BLOCK.findall(file.read_text(encoding="ascii", errors="replace"))
    keys = [text for text, kind in blocks if kind.endswith("PRIVATE KEY")]
    certificates = [text for text, kind in blocks if kind == "CERTIFICATE"]
    if len(keys) != 1 or not certificates:
        raise ProcessFailed(f"{PREFIX}{setting} must hold one private key and its certificate, as PEM")
    return ClientCertificate(private_key=keys[0], certificate=certificates[0])
