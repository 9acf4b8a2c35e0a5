"""What proves who we are at Microsoft: a secret or a certificate, or two of them."""

from typing import TypeAlias

from adapters.graph.settings import ClientCertificate, MicrosoftSettings
from adapters.web.credentials import Credential, Credentials
from application.ports.alarms import Alarms
from application.ports.clock import Clock
from domain.account import Provider

MicrosoftCredential: TypeAlias = Credential[str | ClientCertificate]
MicrosoftCredentials: TypeAlias = Credentials[str | ClientCertificate]


def credentials_of(settings: MicrosoftSettings, alarms: Alarms, clock: Clock) -> MicrosoftCredentials:
    given = {"MICROSOFT_CLIENT": settings.credential, "MICROSOFT_NEXT_CLIENT": settings.next_credential}
    named = dict(_named(name, value) for name, value in given.items() if value is not None)
    return Credentials(Provider.MICROSOFT, named, alarms, clock)


def _named(name: str, value: str | ClientCertificate) -> tuple[str, str | ClientCertificate]:
    kind = "SECRET" if isinstance(value, str) else "CERTIFICATE_FILE"
    return f"{name}_{kind}", value
