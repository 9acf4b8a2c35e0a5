"""Channels as docs/calling.md has them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import grpc
import grpc.aio

SERVICE_CONFIG: Final = Path(__file__).with_name("service-config.json").read_text(encoding="utf-8")
"""What may be repeated, how long each call may take, and how replicas are balanced: JSON, for other libraries, too."""

OPTIONS: Final = (
    ("grpc.service_config", SERVICE_CONFIG),
    ("grpc.enable_retries", 1),
    ("grpc.max_reconnect_backoff_ms", 1_000),
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
)

Options = Sequence[tuple[str, Any]]


def aio_channel(
    address: str,
    *,
    credentials: grpc.ChannelCredentials | None = None,
    token: str = "",
    options: Options = (),
) -> grpc.aio.Channel:
    """A channel for asyncio: one for the whole process.

    Without `credentials` (`grpc.ssl_channel_credentials()`) it is in plain text, which a token never travels in:
    ValueError. `options` come after ours and so outdo them.
    """
    if credentials is None:
        return grpc.aio.insecure_channel(address, options=_all(options, token))
    return grpc.aio.secure_channel(address, _with(credentials, token), options=_all(options))


def channel(
    address: str,
    *,
    credentials: grpc.ChannelCredentials | None = None,
    token: str = "",
    options: Options = (),
) -> grpc.Channel:
    """The same for threads."""
    if credentials is None:
        return grpc.insecure_channel(address, options=_all(options, token))
    return grpc.secure_channel(address, _with(credentials, token), options=_all(options))


def _all(options: Options, token_in_plain_text: str = "") -> list[tuple[str, Any]]:
    if token_in_plain_text:
        raise ValueError("a token needs credentials: it never travels in plain text")
    own = dict(OPTIONS) | dict(options)
    return list(own.items())


def _with(credentials: grpc.ChannelCredentials, token: str) -> grpc.ChannelCredentials:
    if not token:
        return credentials
    return grpc.composite_channel_credentials(credentials, grpc.access_token_call_credentials(token))
