"""Settings of the two doors: where they listen, and how they are reached."""

from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, field_validator

from domain.connection import Confirming
from server.addresses import Address
from server.runtime.settings.kinds import AnyCase, ListenAddress, WebUrl, WebUrls
from server.runtime.settings.names import variable


class DoorSettings(BaseModel):
    """Addresses and pages"""

    grpc_address: ListenAddress = Field(default=Address("127.0.0.1", 50051), description="where gRPC listens")
    http_address: ListenAddress = Field(default=Address("127.0.0.1", 8080), description="where HTTP listens")
    public_url: WebUrl | None = Field(
        default=None,
        description="where browsers and providers reach the HTTP side; needed unless one process does everything for"
        " this machine only",
    )
    return_urls: WebUrls = Field(
        default=(), description="comma-separated prefixes of allowed `return_url` and `redirect_uri`"
    )
    confirm_connections: Annotated[Confirming, AnyCase] = Field(
        default=Confirming.REQUIRED,
        description="which sign-ins are connected only once the caller has confirmed whose browser it was"
        " (`ConfirmConnection`): `required`, all that are begun with `return_url`, and those begun with neither"
        " `return_url` nor `redirect_uri` are refused; `with_return_url`, the former, and the latter are connected at"
        " once; `off`, none, so that anybody's browser counts as the expert's",
    )
    most_streams: int = Field(
        default=5_000,
        ge=1,
        le=100_000,
        description="streams of changes per process, 30 to 50 kB each; more are refused with `TOO_MANY_STREAMS` and a"
        " time to try again",
    )
    product_name: str = Field(
        default="CalendarSync", min_length=1, max_length=80, description="who signs pages and mails"
    )
    product_url: WebUrl | None = Field(
        default=None,
        description="the product's own page of connected calendars: the way on from each page and mail",
    )

    @field_validator("public_url")
    @classmethod
    def _public(cls, value: str) -> str:
        if not value.startswith("https://") and urlsplit(value).hostname not in {
            "localhost",
            "127.0.0.1",
            "::1",
        }:
            raise ValueError("must begin with https://, except for localhost")
        return value

    @field_validator("product_name")
    @classmethod
    def _one_line(cls, value: str) -> str:
        if not value.isprintable() or not value.strip():
            raise ValueError("must be a line of text")
        return value.strip()


def contradictions(values: dict[str, Any]) -> list[str]:
    """Faults between fields that are right by themselves."""
    address = values.get("http_address")
    if "public_url" not in values and isinstance(address, Address) and not address.loopback:
        return [
            f"{variable('public_url')}: is missing, and {variable('http_address')} is not this machine's alone"
        ]
    return []
