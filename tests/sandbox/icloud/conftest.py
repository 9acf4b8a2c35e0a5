"""People whose app-specific password is known."""

import pytest

from sandbox import Sandbox
from tests.sandbox.client import Http
from tests.sandbox.icloud.client import Caldav, caldav_of


@pytest.fixture
def ida(sandbox: Sandbox, http: Http) -> Caldav:
    """The usual account."""
    return caldav_of(sandbox, http, "ida")
