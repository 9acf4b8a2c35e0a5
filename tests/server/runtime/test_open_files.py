"""How many files the process may open, and what follows for its HTTP connections."""

import resource
from collections.abc import Iterator

import pytest

from server.http.connections.limits import HttpLimits
from server.runtime import open_files
from server.runtime.open_files import all_files, within_files
from server.runtime.settings.edge import EdgeSettings, http_limits
from tests.server.served import Logs


@pytest.fixture
def limits_of_system() -> Iterator[tuple[int, int]]:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield before
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_all_that_the_system_allows_is_asked_for(limits_of_system: tuple[int, int]) -> None:
    _, hard = limits_of_system
    resource.setrlimit(resource.RLIMIT_NOFILE, (512, hard))

    files = all_files()

    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == files
    assert files in {hard, open_files.ENOUGH}


def test_few_files_are_told_in_the_log_with_how_many_would_do(logs: Logs) -> None:
    assert within_files(HttpLimits(connections=1_000), 1_024).connections == 256

    (told,) = logs.lines
    assert told["level"] == "warning"
    assert (told["files"], told["connections"], told["files_wanted"]) == (1_024, 256, 4_000)


def test_enough_files_are_nothing_to_speak_of(logs: Logs) -> None:
    assert within_files(HttpLimits(connections=1_000), 4_000).connections == 1_000
    assert logs.text == ""


def test_slow_senders_are_cut_off_within_ten_seconds_unless_it_is_set_otherwise() -> None:
    limits = http_limits(EdgeSettings())

    assert (limits.head + limits.body).total_seconds() <= 10
    assert limits.taking.total_seconds() <= 10
