"""Settings of the door for those who operate the service."""

from typing import Any

from pydantic import BaseModel, Field

from server.addresses import Address
from server.runtime.settings.kinds import ListenAddress
from server.runtime.settings.names import variable


class OperationsSettings(BaseModel):
    """Operations"""

    operations_address: ListenAddress = Field(
        default=Address("127.0.0.1", 9090),
        description="where `/metrics`, and `/healthz` and `/readyz` in detail, are told: an address of this machine or"
        " of a private network, such as a pod's own, and never a public one",
    )


def contradictions(values: dict[str, Any]) -> list[str]:
    """What may be seen by nobody outside is not told where anybody might ask."""
    given = values.get("operations_address", Address("127.0.0.1", 0))
    try:
        address = given if isinstance(given, Address) else Address.parse(str(given))
    except ValueError:
        return []  # which is told already
    if address.private:
        return []
    return [
        f"{variable('operations_address')}: must be an address of this machine or of a private network;"
        " all addresses of a machine (0.0.0.0) may have a public one among them"
    ]
