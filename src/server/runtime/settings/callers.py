"""Settings of who may call over gRPC: TLS, identity, limits, and when listening beyond this machine is refused."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from server.addresses import Address
from server.runtime.settings.kinds import AnyCase, DomainName, ReadableFile
from server.runtime.settings.names import variable


class CallerSettings(BaseModel):
    """Callers"""

    grpc_certificate_file: ReadableFile | None = Field(
        default=None,
        description="PEM with the server's certificate and those between it and its authority: gRPC speaks TLS then,"
        " 1.2 or newer. Read again when it changes, like the next two",
    )
    grpc_private_key_file: ReadableFile | None = Field(default=None, description="PEM with its private key")
    grpc_client_ca_file: ReadableFile | None = Field(
        default=None,
        description="PEM with certificate authorities: each client, probes too, has to show a certificate that one of"
        " them has issued (mutual TLS)",
    )
    identify_callers: Annotated[Literal["auto", "yes", "no"], AnyCase] = Field(
        default="auto",
        description="whether callers have to show credentials (`calendarsync callers`): `yes`, `no`, or `auto`, where"
        " gRPC speaks TLS or listens beyond this machine",
    )
    insecure_listen: Annotated[Literal["yes", "no"], AnyCase] = Field(
        default="no",
        description="`yes` accepts that gRPC listens beyond this machine without TLS, where whoever is on the way reads"
        " tokens and all else, or without identifying callers, where whoever reaches it may do everything",
    )
    grpc_reflection: Annotated[Literal["on", "off"], AnyCase] = Field(
        default="on", description="whether callers can ask what methods there are, as command-line clients do"
    )
    error_domain: DomainName = Field(
        default="calendarsync",
        description="the `domain` of all errors' `google.rpc.ErrorInfo`: whose reasons they are. A domain name that you"
        " own tells them from those of whatever else is on the way; it is the same in all processes and cells",
    )
    most_calls: int = Field(
        default=1_000,
        ge=1,
        le=100_000,
        description="gRPC calls under way at once in a process, but for streams; more are refused with `TOO_MANY_CALLS`"
        " and a time to try again",
    )
    most_connections: int = Field(
        default=2_000, ge=1, le=100_000, description="gRPC connections of a process; more are not taken"
    )
    connection_age_seconds: float = Field(
        default=1_800,
        ge=1,
        le=86_400,
        description="how old a gRPC connection gets before its client is asked to make a new one, perhaps to another"
        " process, and how long a stream of changes may be open before it has to be resumed",
    )
    connection_idle_seconds: float = Field(
        default=600, ge=1, le=86_400, description="how long a gRPC connection stays open without a call"
    )
    caller_calls_at_once: int = Field(
        default=250,
        ge=1,
        le=100_000,
        description="calls of one identified caller under way at once in a process; more than this, like more than the"
        " next three, is refused with `CALLER_LIMIT_REACHED` and a time to try again",
    )
    caller_calls_per_second: float = Field(
        default=2_000,
        ge=0.1,
        le=1_000_000,
        description="calls and new streams of one; two seconds' worth at once",
    )
    caller_streams: int = Field(default=2_000, ge=1, le=100_000, description="open streams of changes of one")
    caller_intervals_per_second: float = Field(
        default=400_000,
        ge=1,
        le=1e9,
        description="busy intervals that large questions of one take, each of more than 2,000; a calendar that is read"
        " from its provider because the caller set `max_age` counts as 1,000",
    )


def contradictions(values: dict[str, Any]) -> list[str]:
    """Faults between fields that are right by themselves, above all doors that would be open to anybody."""
    certificate, key, clients = (
        f"grpc_{one}_file" in values for one in ("certificate", "private_key", "client_ca")
    )
    faults = []
    if certificate != key:
        missing = "private_key" if certificate else "certificate"
        faults.append(
            f"{variable(f'grpc_{missing}_file')}: is missing, and the other of the two is no use alone"
        )
    if clients and not certificate:
        faults.append(f"{variable('grpc_client_ca_file')}: needs {variable('grpc_certificate_file')}")
    if not _listens_beyond(values) or _is(values, "insecure_listen", "yes"):
        return faults
    told = f"{variable('grpc_address')} is reached from beyond this machine"
    way_out = f"to accept that, say {variable('insecure_listen')}=yes"
    if not certificate:
        faults.append(
            f"{variable('grpc_certificate_file')}: is missing, and {told}: without TLS, tokens and all else are read"
            f" on the way; {way_out}"
        )
    if _is(values, "identify_callers", "no"):
        faults.append(f"{variable('identify_callers')}: is no, and {told}, by whoever likes to; {way_out}")
    return faults


def _listens_beyond(values: dict[str, Any]) -> bool:
    given = values.get("grpc_address", Address("127.0.0.1", 0))
    try:
        address = given if isinstance(given, Address) else Address.parse(str(given))
    except ValueError:
        return False  # which is told already
    return not address.only_here


def _is(values: dict[str, Any], field: str, value: str) -> bool:
    return str(values.get(field, "")).lower() == value
