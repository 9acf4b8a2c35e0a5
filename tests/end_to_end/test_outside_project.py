"""Somebody else's project, which has our wheels and not our repository: the one in docs/testing-your-integration.md."""

import os
import re
import shutil
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.support.npm import node_modules
from tests.support.packages import ROOT, UV, built, clone, run

PAGE = ROOT / "docs" / "testing-your-integration.md"
WHEELS = (".", "packages/client", "packages/sandbox")
README = ROOT / "packages" / "client" / "README.md"
TESTS = 4
ASKED = """
from calendarsync.v1.expert_service_pb2 import GetExpertRequest
from calendarsync.v1.expert_service_pb2_grpc import ExpertServiceStub
from calendarsync_client import channel

def ask() -> None:
    reveal_type(ExpertServiceStub(channel("127.0.0.1:1")).GetExpert(GetExpertRequest()))

async def ask_later() -> None:
    reveal_type(await ExpertServiceStub(aio_channel("127.0.0.1:1")).GetExpert(GetExpertRequest()))
"""
WHERE = "import {0}; print({0}.__path__[0])"


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With our three wheels, and this environment's packages of others, but nothing of ours that lies in it."""
    folder = tmp_path_factory.mktemp("outside")
    source = clone(folder / "clone")
    wheels = [built(source / one, folder / f"wheel-{number}", "wheel") for number, one in enumerate(WHEELS)]
    environment = folder / "environment"
    run(folder, UV, "venv", "-q", "--python", sys.executable, environment)
    python = environment / "bin" / "python"
    run(folder, UV, "pip", "install", "-q", "--no-deps", f"--python={python}", *wheels)
    where = run(folder, python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip()
    # A line of such a file is searched, but the .pth files that lie there aren't read: no editable install of ours.
    (Path(where) / "others.pth").write_text(sysconfig.get_path("purelib"))
    return environment


def test_the_pages_project_passes_its_tests(environment: Path, tmp_path: Path) -> None:
    files = re.findall(r"^`(\w+\.py)`: .*?^```python\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    assert [name for name, _ in files] == ["conftest.py", "test_booking.py"]
    for name, text in files:
        (tmp_path / name).write_text(text)
    # Set for a real service, perhaps: no test may reach it.
    real = {
        "CALENDARSYNC_DATABASE_URL": "postgresql://127.0.0.1:1/real",
        "CALENDARSYNC_APPLE_CALENDARS": "on",
    }
    python = environment / "bin" / "python"
    told = run(tmp_path, python, "-m", "pytest", "-q", "-p", "no:cacheprovider", **real)
    assert f"{TESTS} passed" in told


def test_the_pages_project_in_node_passes_its_test(environment: Path, tmp_path: Path) -> None:
    (tmp_path / "node_modules").symlink_to(node_modules())
    ((name, text),) = re.findall(
        r"^`(\S+\.js)`: .*?^```js\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL
    )
    (tmp_path / name).write_text(text)
    (tmp_path / "package.json").write_text('{"private": true, "type": "module"}')
    (bundle,) = environment.glob("lib/python*/site-packages/calendarsync_client/contract/client.binpb")
    shutil.copyfile(bundle, tmp_path / bundle.name)
    path = os.pathsep.join([str(environment / "bin"), os.environ["PATH"]])
    assert "# pass 1" in run(tmp_path, "node", "--test", "--test-reporter=tap", PATH=path)


def test_nothing_of_it_came_from_this_repository(environment: Path, tmp_path: Path) -> None:
    python = environment / "bin" / "python"
    for package in ("calendarsync.v1", "calendarsync_client", "calendarsync_sandbox", "calendarsync_service"):
        assert run(tmp_path, python, "-c", WHERE.format(package)).startswith(str(environment))


def test_its_stubs_are_typed_for_threads_and_for_asyncio(environment: Path, tmp_path: Path) -> None:
    (example,) = re.findall(r"^```python\n(.*?)^```$", README.read_text(), re.MULTILINE | re.DOTALL)
    (tmp_path / "theirs.py").write_text(example + ASKED)
    python = environment / "bin" / "python"
    command = (sys.executable, "-m", "mypy", "--strict", f"--python-executable={python}", "theirs.py")
    told = run(tmp_path, *command)
    assert told.count('Revealed type is "calendarsync.v1.expert_service_pb2.GetExpertResponse"') == 2


@pytest.mark.parametrize("package", WHEELS[1:])
def test_each_wheel_takes_its_own_names_only(environment: Path, tmp_path: Path, package: str) -> None:
    name = f"calendarsync-{Path(package).name}"
    python = environment / "bin" / "python"
    files = f"import importlib.metadata as it; print(*it.files('{name}'), sep='\\n')"
    folders = {one.partition("/")[0] for one in run(tmp_path, python, "-c", files).splitlines()}
    own = {"calendarsync-client": {"calendarsync", "calendarsync_client"}}.get(
        name, {"calendarsync_sandbox", ".."}
    )
    assert {one for one in folders if not one.endswith(".dist-info")} == own
