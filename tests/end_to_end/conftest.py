"""The fixtures of this folder: a sandbox for all tests, a service of its own for each, and a browser."""

from tests.support.accessibility import accessible, axe
from tests.support.browser import browser, page
from tests.support.cast import cast
from tests.support.microsoft import running_sandbox, sandbox
from tests.support.running_service import logs, no_settings, service, short_pauses

__all__ = [
    "accessible",
    "axe",
    "browser",
    "cast",
    "logs",
    "no_settings",
    "page",
    "running_sandbox",
    "sandbox",
    "service",
    "short_pauses",
]
