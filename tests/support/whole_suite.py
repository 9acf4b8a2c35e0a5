"""How the tests run as a whole: how many at once, in which order, and what the garbage collector needn't look at."""

import gc
import os
from collections.abc import Generator
from typing import Final

import pytest

STORIES: Final = "end_to_end"


@pytest.hookimpl(optionalhook=True)  # of xdist, which somebody may leave out
def pytest_xdist_auto_num_workers() -> int | None:
    """Half as many again as there are cores: a story that waits leaves its core to another test."""
    if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ:
        return None
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return cores + (cores + 1) // 2


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Thousands of tests and their modules stay to the end. Else each full collection would go through all of them."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Stories first. Some take a minute: begun at the end they would leave the other cores without work."""
    items.sort(key=lambda item: STORIES not in item.path.parts)
