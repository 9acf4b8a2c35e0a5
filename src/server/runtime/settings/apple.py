"""Settings of iCloud's calendars, which know no registration."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field
from pydantic_settings import NoDecode

from server.addresses import Address
from server.runtime.settings.kinds import AnyCase, ReadableFile, SecureUrl, split_at_commas


def _host(value: str) -> str:
    return str(Address.parse(value.lower()))


Hosts = Annotated[
    tuple[Annotated[str, AfterValidator(_host)], ...], NoDecode, BeforeValidator(split_at_commas)
]


class AppleSettings(BaseModel):
    """Apple"""

    apple_calendars: Annotated[Literal["on", "off"], AnyCase] = Field(
        default="off",
        description="`on` makes accounts of iCloud available. Apple registers nobody: experts type an Apple ID and an"
        " app-specific password on a page of this service's (docs/apple.md), which needs https in `PUBLIC_URL`",
    )
    apple_start_url: SecureUrl = Field(
        default="https://caldav.icloud.com",
        description="where the calendars are, and every password goes: iCloud (`https://caldav.icloud.com.cn` is the"
        " one of mainland China), or your own proxy in front of it",
    )
    apple_hosts: Hosts = Field(
        default=(),
        description="comma-separated `host:port` of other hosts that passwords may be sent to, where the first one"
        " redirects there; left out, iCloud's own partitions, and none where `APPLE_START_URL` isn't iCloud's",
    )
    apple_ca_file: ReadableFile | None = Field(
        default=None, description="certificate authority to trust for those"
    )
    apple_doubt_seconds: float = Field(
        default=900,
        ge=1,
        le=86_400,
        description="how long Apple has to refuse a password, three times in a row, until access counts as lost and the"
        " expert is mailed: it refuses working ones at times. Much less is for trying it out",
    )
    apple_person_per_minute: int = Field(
        default=240,
        ge=1,
        le=1_000_000,
        description="requests a minute in one person's name, in one process; Apple publishes no limit, and slows down"
        " whoever asks too much",
    )
