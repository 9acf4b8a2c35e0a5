"""Connections that trust the configured authority and nothing the environment says."""

import ssl
from http.cookiejar import DefaultCookiePolicy

import aiohttp
import requests
from requests.adapters import HTTPAdapter

from adapters.graph.settings import MicrosoftSettings


def blocking_http(settings: MicrosoftSettings, *, connections: int = 1) -> requests.Session:
    """For MSAL, which may use that many connections at once.

    Proxies and authorities of the environment are ignored (REQUESTS_CA_BUNDLE would beat `verify`), and no cookie of
    one person's sign-in reaches another's.
    """
    http = requests.Session()
    http.trust_env = False
    http.verify = str(settings.ca_file) if settings.ca_file else True
    http.mount("https://", HTTPAdapter(pool_maxsize=connections))
    http.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    return http


def graph_http(settings: MicrosoftSettings) -> aiohttp.ClientSession:
    """For Graph, to be closed by the caller, who also says how long a request may take.

    aiohttp's own limit for the whole request is off: it cancels the task, too, and of two simultaneous cancellations
    one is swallowed.
    """
    context = ssl.create_default_context(cafile=settings.ca_file)
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=settings.connect_timeout.total_seconds())
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(ssl=context, limit=0),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=timeout,
        trust_env=False,
    )
