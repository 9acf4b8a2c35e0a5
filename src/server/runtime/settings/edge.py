"""Settings of the HTTP side's edge: how many may come, how long they are waited for, and who speaks for whom."""

import ipaddress
from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field
from pydantic_settings import NoDecode

from server.http.connections.limits import HttpLimits
from server.http.connections.peers import ProxyHeader, TrustedProxies
from server.runtime.settings.kinds import AnyCase, split_at_commas


def _network(value: str) -> str:
    try:
        return str(ipaddress.ip_network(value))
    except ValueError:
        raise ValueError("must be addresses or networks such as 10.0.0.0/8, separated by commas") from None


Networks = Annotated[
    tuple[Annotated[str, AfterValidator(_network)], ...], NoDecode, BeforeValidator(split_at_commas)
]


class EdgeSettings(BaseModel):
    """HTTP connections"""

    http_connections: int = Field(
        default=1_000,
        ge=16,
        le=100_000,
        description="HTTP connections per process, but no more than a quarter of the files that it may open; who has"
        " kept us waiting longest makes room for the next",
    )
    http_connections_per_address: int = Field(
        default=100,
        ge=1,
        le=100_000,
        description="HTTP connections of one address (of IPv6 one /64); of a trusted proxy's client, requests at once",
    )
    http_head_seconds: float = Field(
        default=5, gt=0, le=60, description="how long the head of a request may take to arrive"
    )
    http_body_seconds: float = Field(
        default=5, gt=0, le=60, description="how long the body of a request may take after its head"
    )
    http_idle_seconds: float = Field(
        default=75,
        gt=0,
        le=3600,
        description="how long a connection is kept for its next request; longer than a proxy in front keeps it",
    )
    trusted_proxies: Networks = Field(
        default=(),
        description="comma-separated networks of the proxies in front of the HTTP side, whose `PROXY_HEADER` is"
        " believed; nobody else's is",
    )
    proxy_header: Annotated[ProxyHeader, AnyCase] = Field(
        default=ProxyHeader.X_FORWARDED_FOR,
        description="where they name their callers: `x-forwarded-for`, or `forwarded`; the other is never looked at",
    )


def http_limits(settings: EdgeSettings) -> HttpLimits:
    """As they are set; how many files the process may open is not looked at."""
    return HttpLimits(
        head=timedelta(seconds=settings.http_head_seconds),
        body=timedelta(seconds=settings.http_body_seconds),
        idle=timedelta(seconds=settings.http_idle_seconds),
        connections=settings.http_connections,
        connections_per_address=settings.http_connections_per_address,
        proxies=TrustedProxies.parse(settings.trusted_proxies, settings.proxy_header),
    )
