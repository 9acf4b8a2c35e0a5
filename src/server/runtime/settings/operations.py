"""Settings of the door for those who operate the service."""

from typing import Any

from pydantic import BaseModel, Field

from server.addresses import Address
from server.runtime.settings.kinds import ListenAddress, WebUrl
from server.runtime.settings.names import variable


class OperationsSettings(BaseModel):
    """Operations"""

    operations_address: ListenAddress = Field(
        default=Address("127.0.0.1", 9090),
        description="where `/metrics`, and `/healthz` and `/readyz` in detail, are told: an address of this machine or"
        " of a private network, such as a pod's own; any other only with `INSECURE_LISTEN`",
    )
    traces_url: WebUrl | None = Field(
        default=None,
        description="where OpenTelemetry traces are sent as OTLP over HTTP, such as"
        " `http://collector:4318/v1/traces`; needs the extra `traces`, and heeds the library's own variables, such as"
        " `OTEL_EXPORTER_OTLP_HEADERS`",
    )
    traces_share: float = Field(
        default=0.05,
        ge=0,
        le=1,
        description="the share of the traces that begin here which is sent; a caller that sends `traceparent` decides"
        " for its own",
    )


def contradictions(values: dict[str, Any]) -> list[str]:
    """What may be seen by nobody outside is not told where anybody might ask."""
    given = values.get("operations_address", Address("127.0.0.1", 0))
    try:
        address = given if isinstance(given, Address) else Address.parse(str(given))
    except ValueError:
        return []  # which is told already
    if address.private or str(values.get("insecure_listen", "")).lower() == "yes":
        return []
    return [
        f"{variable('operations_address')}: must be an address of this machine or of a private network;"
        " all addresses of a machine (0.0.0.0) may have a public one among them"
    ]
