"""Where browsers may be sent after a sign-in: the operator's allow-list."""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote, urlsplit

from domain.connection import ReturnUrlNotAllowed


@dataclass(frozen=True, slots=True)
class AllowedUrls:
    """URLs are allowed below a listed one: same scheme, host and port, and its path or one beneath it."""

    prefixes: tuple[str, ...]

    def require(self, url: str, *, field: str) -> str:
        """The URL itself. Raises ReturnUrlNotAllowed naming the request's `field`."""
        parts = _split(url)
        if parts is None or not any(_beneath(parts, allowed) for allowed in self._allowed()):
            raise ReturnUrlNotAllowed(field=field)
        return url

    def _allowed(self) -> Iterable[SplitResult]:
        return (parts for prefix in self.prefixes if (parts := _split(prefix)) is not None)


def _split(url: str) -> SplitResult | None:
    """The parts of an absolute http(s) URL; None for anything a browser and we might read differently."""
    if any(not character.isprintable() or character.isspace() or character == "\\" for character in url):
        return None
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - reading it is what checks it
    except ValueError:
        return None
    plain = (
        parts.scheme in {"http", "https"}
        and parts.hostname
        and parts.username is None
        and parts.password is None
    )
    return parts if plain else None


def _beneath(url: SplitResult, allowed: SplitResult) -> bool:
    same_origin = (url.scheme, url.hostname, _port(url)) == (allowed.scheme, allowed.hostname, _port(allowed))
    root = allowed.path.rstrip("/")
    segments = unquote(url.path).replace("\\", "/").split("/")
    return (
        same_origin
        and ".." not in segments
        and (url.path == root or (url.path or "/").startswith(root + "/"))
    )


def _port(url: SplitResult) -> int:
    return url.port if url.port is not None else (443 if url.scheme == "https" else 80)
