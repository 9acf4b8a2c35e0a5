"""MSAL's connections: like all others, they trust the configured authority and nothing the environment says."""

from http.cookiejar import DefaultCookiePolicy

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
