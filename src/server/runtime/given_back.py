"""How grants that were given back show in the log."""

import structlog

from domain.account import Provider

log = structlog.stdlib.get_logger("server.given_back")


def log_given_back(provider: Provider, failure: Exception | None) -> None:
    """By kind only: whose it was is nobody's concern any more."""
    if failure is None:
        log.info("a grant was given back", provider=provider.name)
    else:
        log.warning("a grant could not be given back", provider=provider.name, failure=type(failure).__name__)
