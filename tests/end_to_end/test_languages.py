"""What docs/call-it-from-your-language.md shows, run as it stands there: the same story in each language."""

import asyncio
import json
import os
import shutil
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from domain.caller import Scope
from sandbox import Sandbox
from server.rpc.catalogue import outages
from server.runtime.callers import managed_callers
from tests.server.served import Logs, a_world, served
from tests.support.callers import Authority
from tests.support.npm import NODE, node_modules
from tests.support.packages import ROOT, run
from tests.support.page_programs import Door, Section, as_shown, opened, section
from tests.support.running_service import settings_for

DEBIANS_JARS: Final = Path("/usr/share/java")
JARS: Final = [
    *(
        "grpc-api",
        "grpc-context",
        "grpc-core",
        "grpc-netty",
        "grpc-protobuf",
        "grpc-protobuf-lite",
        "grpc-stub",
    ),
    *("protobuf", "perfmark-api", "gson", "guava", "jsr305", "geronimo-annotation-1.3-spec"),
    *(f"netty-{part}" for part in ("buffer", "codec", "codec-http", "codec-http2", "codec-socks", "common")),
    *(f"netty-{part}" for part in ("handler", "handler-proxy", "resolver", "transport")),
]


PATIENT: Final = """
import { readFileSync } from "node:fs";
import grpc from "@grpc/grpc-js";
import { loadFileDescriptorSetFromBuffer } from "@grpc/proto-loader";

const loaded = loadFileDescriptorSetFromBuffer(readFileSync("contract/client.binpb"));
const pauses = { initialBackoff: "600s", maxBackoff: "600s", backoffMultiplier: 1 };
const retryPolicy = { maxAttempts: 5, ...pauses, retryableStatusCodes: ["UNAVAILABLE"] };
const config = JSON.stringify({ methodConfig: [{ name: [{}], retryPolicy }] });
const { ExpertService } = grpc.loadPackageDefinition(loaded).calendarsync.v1;
const options = { "grpc.service_config": config };
const experts = new ExpertService(process.env.CALENDARS, grpc.credentials.createInsecure(), options);
const ada = { expert_id: "ada", plan: 3, email: "ada@example.com", display_name: "Ada", time_zone: "Europe/Berlin" };
experts.putExpert({ expert: ada }, { deadline: Date.now() + 50_000 }, (error, answer) => {
  console.log(error ? error.message : answer.expert.display_name);
  experts.close();
});
"""


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundle") / "contract"
    run(ROOT, sys.executable, "tools/contract_bundle.py", "--out", folder)
    return folder


@pytest.fixture
def project(bundle: Path, tmp_path: Path) -> Path:
    """Somebody's, with the contract in it."""
    (tmp_path / "contract").symlink_to(bundle)
    return tmp_path


def put(shown: Section, project: Path) -> None:
    for name, text in shown.files.items():
        (project / name).write_text(text)


@pytest.fixture
async def plain(sandbox: Sandbox, dsn: str, logs: Logs) -> AsyncIterator[Door]:
    async with opened(sandbox, dsn, logs) as door:
        yield door


@pytest.fixture
async def guarded(sandbox: Sandbox, dsn: str, logs: Logs, tmp_path: Path) -> AsyncIterator[Door]:
    """With TLS, and a caller's token that the service has known from its start."""
    authority = Authority()
    roots, files = tmp_path / "roots.pem", authority.write(tmp_path)
    roots.write_bytes(authority.pem)
    async with managed_callers(settings_for(sandbox, dsn)) as callers:
        token = (await callers.add("booking", tuple(Scope))).token
    assert token is not None
    tls = {"grpc_certificate_file": str(files.chain), "grpc_private_key_file": str(files.private_key)}
    async with opened(sandbox, dsn, logs, **tls) as door:
        trust = ("GRPC_DEFAULT_SSL_ROOTS_FILE_PATH", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE")
        door.settings.update({"CALENDARS_TOKEN": token, **dict.fromkeys(trust, str(roots))})
        yield door


def assert_told(told: dict[str, str]) -> None:
    """Nine o'clock in Vancouver, whatever the language's own data says; booked once; seen in the feed after a cut."""
    assert datetime.fromisoformat(told["free"]) == datetime(2031, 1, 13, 16, tzinfo=UTC)
    assert (told["booked"].casefold(), told["booked again"].casefold()) == ("true", "false")
    assert told["last"] == "written"


@pytest.fixture(params=["plain", "guarded"])
def door(request: pytest.FixtureRequest) -> Door:
    opened: Door = request.getfixturevalue(request.param)
    return opened


async def test_python(door: Door, project: Path) -> None:
    shown = section("Python")
    put(shown, project)
    (command,) = shown.commands
    assert_told(await door.story(project, command))


async def test_grpc_js(door: Door, project: Path) -> None:
    shown = section("Node with grpc-js")
    put(shown, project)
    with_node(project)
    _, command = shown.commands
    assert_told(await door.story(project, command))


async def test_connect_es(door: Door, project: Path) -> None:
    shown = section("Node with connect-es")
    put(shown, project)
    with_node(project)
    _, generating, command = shown.commands
    as_shown(project, generating)
    assert_told(await door.story(project, command))


async def test_grpc_js_comes_back_when_it_is_asked_to(
    project: Path, logs: Logs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And not when its policy says, which is after its deadline; tests/server/rpc/test_pushback.py is of Python."""
    monkeypatch.setattr(outages, "STORE_PAUSE", timedelta(milliseconds=50))
    with_node(project)
    (project / "patient.js").write_text(PATIENT)
    world = a_world()
    world.store.away = True
    async with served(world) as api:
        settings = {**os.environ, "no_proxy": "127.0.0.1", "CALENDARS": f"127.0.0.1:{api.server.port}"}
        process = await asyncio.create_subprocess_exec(
            "node", "patient.js", cwd=project, env=settings, stdout=PIPE
        )
        (failed,) = await logs.until("call")
        world.store.away = False
        told, _ = await asyncio.wait_for(process.communicate(), 60)
    assert failed["reason"] == "STORE_UNAVAILABLE"
    assert told.decode() == "Ada\n"


def with_node(project: Path) -> None:
    """What the page's `npm install` brings, by its lock file."""
    (project / "node_modules").symlink_to(node_modules())
    (project / "package.json").write_text('{"private": true, "type": "module"}')


def test_the_page_names_the_versions_that_are_tested() -> None:
    shown = [section(f"Node with {library}").commands[0] for library in ("grpc-js", "connect-es")]
    named = {one.rpartition("@")[::2] for command in shown for one in command.split()[2:]}
    assert named == set(json.loads((NODE / "package.json").read_text())["dependencies"].items())


def test_stubs_for_go(project: Path) -> None:
    if not all(shutil.which(name) for name in ("protoc-gen-go", "protoc-gen-go-grpc")):
        pytest.skip("no protoc-gen-go and protoc-gen-go-grpc here")
    as_shown(project, section("Go").commands[0])
    made = (project / "gen" / "calendarsync" / "v1" / "session_service_grpc.pb.go").read_text()
    assert "package calendarsyncv1" in made
    assert "PutSession(ctx context.Context, in *PutSessionRequest" in made


def test_stubs_for_java(project: Path) -> None:
    if shutil.which("grpc_java_plugin") is None:
        pytest.skip("no grpc_java_plugin here")
    as_shown(project, section("Java").commands[0])
    assert (
        "PutSessionRequest"
        in (project / "gen" / "calendarsync" / "v1" / "SessionServiceGrpc.java").read_text()
    )


async def test_java(plain: Door, project: Path) -> None:
    """Without TLS: Debian's netty knows of no ALPN in a Java that is newer than itself."""
    jars = [DEBIANS_JARS / f"{name}.jar" for name in JARS]
    if shutil.which("grpc_java_plugin") is None or not all(one.exists() for one in jars):
        pytest.skip("no libraries of gRPC for Java here")
    shown = section("Java")
    put(shown, project)
    generating, building = shown.commands
    compiling, running = building.splitlines()
    libraries = {"CLASSPATH": os.pathsep.join(map(str, jars))}
    # These libraries take what the compiler of their own day makes.
    as_shown(project, generating.replace("protoc ", "/usr/bin/protoc ", 1))
    await asyncio.to_thread(as_shown, project, compiling, **libraries)
    assert_told(await plain.story(project, running, **libraries))


def test_messages_for_csharp(project: Path) -> None:
    as_shown(project, *section("C#").commands)
    assert (
        "public sealed partial class PutSessionRequest" in (project / "gen" / "SessionService.cs").read_text()
    )
