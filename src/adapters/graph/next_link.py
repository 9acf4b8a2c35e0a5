"""Where the next page of a list is: on the origin that was asked, however its link is spelled."""

from urllib.parse import SplitResult, urlsplit

from yarl import URL

from domain.access import InvalidAnswer

_GRAPH_HOSTS = frozenset({
    "graph.microsoft.com", "graph.microsoft.us", "dod-graph.microsoft.us", "microsoftgraph.chinacloudapi.cn",
})  # fmt: skip
"""Graph in each of Microsoft's clouds. Source: Microsoft Graph "National cloud deployments", as of November 2026."""

_DEFAULT_PORTS = {"http": 80, "https": 443}


def next_url(link: object, *, base: str) -> URL:
    """The link as it came where it leads to the origin of `base`, the address of Graph with its version.

    Behind an operator's proxy Graph still names itself: such a link is followed at `base`. Raises InvalidAnswer for
    every other one, as our token would go with it.
    """
    if not isinstance(link, str) or not link.isprintable():
        raise InvalidAnswer(what="next link")
    try:
        parts, ours = urlsplit(link), urlsplit(base)
        if _origin(parts) == _origin(ours):
            return URL(link, encoded=True)
        if _is_graph(parts) and not _is_graph(ours):
            return URL(f"{base}/{_below_version(parts.path)}?{parts.query}", encoded=True)
    except ValueError as exc:
        raise InvalidAnswer(what="next link") from exc
    raise InvalidAnswer(what="next link")


def _is_graph(address: SplitResult) -> bool:
    scheme, host, port = _origin(address)
    return scheme == "https" and host in _GRAPH_HOSTS and port == _DEFAULT_PORTS[scheme]


def _origin(address: SplitResult) -> tuple[str, str, int | None]:
    """Raises ValueError for a port that is none, and for an address with somebody's name in it."""
    if address.username is not None or address.hostname is None:
        raise ValueError("no origin")
    scheme = address.scheme.casefold()
    return scheme, address.hostname, address.port or _DEFAULT_PORTS.get(scheme)


def _below_version(path: str) -> str:
    version, _, rest = path.lstrip("/").partition("/")
    if not version or not rest:
        raise ValueError("no path")
    return rest
