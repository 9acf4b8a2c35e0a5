"""Connections that trust the configured authority and nothing the environment says."""

import ssl
from datetime import timedelta
from pathlib import Path

import aiohttp


def open_http(*, ca_file: Path | None, connect_timeout: timedelta) -> aiohttp.ClientSession:
    """To be closed by the caller, who also says how long a request may take.

    `ca_file` is a PEM file of the authority to trust instead of the machine's own. No cookie of one person's reaches
    another's requests. aiohttp's own limit for the whole request is off: it cancels the task, too, and of two
    simultaneous cancellations one is swallowed.
    """
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(ssl=ssl.create_default_context(cafile=ca_file), limit=0),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=connect_timeout.total_seconds()),
        trust_env=False,
    )
