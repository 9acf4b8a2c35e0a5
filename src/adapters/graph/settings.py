"""What the adapter must know of our registration at Microsoft and of the hosts to talk to."""

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509 import load_pem_x509_certificate

REQUIRED_SCOPES = ("Calendars.ReadWrite", "User.Read")
"""The delegated Graph permissions asked for. MSAL adds `openid profile offline_access` by itself."""

PERSONAL_TENANT = "9188040d-6c67-4c5b-b112-36a304b66dad"
"""The tenant of all personal Microsoft accounts (Microsoft's id token claims reference)."""

SHARED_SCOPES = ("Calendars.ReadWrite.Shared",)
"""What writing into a calendar takes that somebody else shared with a work account. Not asked for before such a
calendar has refused an event: fewer people may consent to it, and no personal account."""

_ANY_TENANT = frozenset({"common", "consumers"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientCertificate:
    """A certificate to sign in with instead of a secret: PEM texts of its private key and of itself.

    Raises ValueError for any other text; MSAL would notice only in the middle of a sign-in.
    """

    private_key: str = field(repr=False)
    certificate: str = field(repr=False)

    def __post_init__(self) -> None:
        load_pem_private_key(self.private_key.encode(), password=None)
        load_pem_x509_certificate(self.certificate.encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationUrls:
    """Where Graph reaches us: with what changed, and with what happens to the subscriptions themselves."""

    changes: str
    lifecycle: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MicrosoftSettings:
    """The registration (`client_id` and its credential, or two), the hosts, and how long to wait for them.

    `authority` ends in a tenant (`https://login.microsoftonline.com/common`), `graph_url` in a version
    (`https://graph.microsoft.com/v1.0`). `ca_file` is a PEM file of the authority to trust for both instead of the
    machine's own. `page_size` is how many events one answer may hold, at most 1000 by Graph's documentation.
    `retry_pauses` lie between the tries of a read inside one call; the workers' own retries do the rest. Each such try
    has `read_timeout`, so that one that hangs leaves time for the next; a call as a whole has `request_timeout`.
    `largest_answer` is in bytes. `notification_urls` are https; None where Graph can't reach us.
    """

    client_id: str
    credential: str | ClientCertificate = field(repr=False)
    next_credential: str | ClientCertificate | None = field(default=None, repr=False)
    authority: str = "https://login.microsoftonline.com/common"
    graph_url: str = "https://graph.microsoft.com/v1.0"
    ca_file: Path | None = None
    connect_timeout: timedelta = timedelta(seconds=5)
    request_timeout: timedelta = timedelta(seconds=30)
    read_timeout: timedelta = timedelta(seconds=9)
    retry_pauses: tuple[timedelta, ...] = (timedelta(milliseconds=200), timedelta(milliseconds=800))
    page_size: int = 1000
    largest_answer: int = 20_000_000
    notification_urls: NotificationUrls | None = None

    @property
    def authority_host(self) -> str:
        """Scheme and host of the authority, without a tenant."""
        parts = urlsplit(self.authority)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def consenting_tenant(self) -> str:
        """The tenant whose administrators may approve; `organizations` where the authority names none."""
        tenant = urlsplit(self.authority).path.strip("/").split("/")[0]
        return "organizations" if tenant in _ANY_TENANT else tenant
