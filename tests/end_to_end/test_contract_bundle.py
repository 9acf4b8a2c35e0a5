"""What other languages make their stubs from: their own generators, on nothing but the bundle."""

import json
import os
import re
import shutil
import sys
from pathlib import Path

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorSet

from calendarsync.v1 import session_service_pb2
from tests.support.npm import node_modules
from tests.support.packages import ROOT, committed, run

SCRIPTS = Path(sys.executable).parent
MADE = {
    "java": "calendarsync/v1/PutSessionRequest.java",
    "csharp": "SessionService.cs",
    "ruby": "calendarsync/v1/session_service_pb.rb",
    "php": "Calendarsync/V1/PutSessionRequest.php",
    "cpp": "calendarsync/v1/session_service.pb.h",
    "objc": "calendarsync/v1/SessionService.pbobjc.h",
    "kotlin": "calendarsync/v1/PutSessionRequestKt.kt",
}
PAGE = ROOT / "docs" / "contract-bundle.md"
IMPORTED = {"google/api/field_behavior.proto", "google/rpc/error_details.proto", "google/rpc/status.proto"}
ASKS = """
import { readdirSync } from "node:fs";
import { create, toBinary } from "@bufbuild/protobuf";
import { PutSessionRequestSchema, SessionService } from "./out/calendarsync/v1/session_service_pb.js";
for (const file of readdirSync("out/calendarsync/v1")) await import(`./out/calendarsync/v1/${file}`);
const request = create(PutSessionRequestSchema, { expertId: "ada", sessionId: "first" });
console.log(SessionService.typeName, Buffer.from(toBinary(PutSessionRequestSchema, request)).toString("hex"));
"""


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundle") / "contract"
    run(ROOT, sys.executable, "tools/contract_bundle.py", "--out", folder)
    return folder


@pytest.fixture
def sources(bundle: Path) -> list[str]:
    proto = bundle / "proto"
    return sorted(path.relative_to(proto).as_posix() for path in proto.rglob("*.proto"))


def descriptors(file: Path) -> FileDescriptorSet:
    return FileDescriptorSet.FromString(file.read_bytes())


def test_it_has_our_files_and_of_everybody_elses_the_descriptors_only(
    bundle: Path, sources: list[str]
) -> None:
    assert sources == [name.removeprefix("proto/") for name in committed("proto/calendarsync")]
    for name in sources:
        assert (bundle / "proto" / name).read_bytes() == (ROOT / "proto" / name).read_bytes()
    whole = {file.name for file in descriptors(bundle / "api.binpb").file}
    assert whole >= {*sources, *IMPORTED, "buf/validate/validate.proto"}
    assert {file.name for file in descriptors(bundle / "client.binpb").file} == whole - {
        "buf/validate/validate.proto"
    }


@pytest.mark.parametrize("name", ["api.binpb", "client.binpb"])
def test_every_file_comes_after_what_it_imports_and_with_its_comments(bundle: Path, name: str) -> None:
    known: set[str] = set()
    for file in descriptors(bundle / name).file:
        assert set(file.dependency) <= known
        known.add(file.name)
        if file.name.startswith("calendarsync/"):
            assert any(one.leading_comments for one in file.source_code_info.location)


def test_for_callers_nothing_of_the_rules_is_left_and_all_else_stays(bundle: Path) -> None:
    assert b"buf.validate" in (bundle / "api.binpb").read_bytes()
    assert b"buf.validate" not in (bundle / "client.binpb").read_bytes()
    whole = {file.name: file for file in descriptors(bundle / "api.binpb").file}
    for file in descriptors(bundle / "client.binpb").file:
        messages = whole[file.name].message_type
        assert [one.name for one in file.message_type] == [one.name for one in messages]
        for plain, message in zip(file.message_type, messages, strict=True):
            assert [(one.name, one.number, one.type, one.type_name) for one in plain.field] == [
                (one.name, one.number, one.type, one.type_name) for one in message.field
            ]
        assert file.service == whole[file.name].service


@pytest.mark.parametrize("language", MADE)
def test_protocs_own_languages(bundle: Path, sources: list[str], tmp_path: Path, language: str) -> None:
    compiler = (SCRIPTS / "protoc", f"--descriptor_set_in={bundle / 'client.binpb'}")
    run(tmp_path, *compiler, f"--{language}_out={tmp_path}", *sources)
    assert "PutSessionRequest" in (tmp_path / MADE[language]).read_text()


def test_buf_generates_from_it(bundle: Path, tmp_path: Path) -> None:
    plugin = {"protoc_builtin": "java", "protoc_path": [str(SCRIPTS / "protoc")], "out": "out"}
    (tmp_path / "buf.gen.yaml").write_text(json.dumps({"version": "v2", "plugins": [plugin]}))
    run(tmp_path, SCRIPTS / "buf", "generate", bundle / "client.binpb", "--path", "calendarsync")
    assert (tmp_path / "out" / MADE["java"]).exists()


def test_node_runs_what_the_pages_command_makes(bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "node_modules").symlink_to(node_modules())
    (tmp_path / "package.json").write_text('{"private": true, "type": "module"}')
    for one in bundle.iterdir():
        (tmp_path / one.name).symlink_to(one)
    (tmp_path / "out").mkdir()
    shown = re.findall(
        r"^    ((?:FILES=|PROTOC=|\$PROTOC --es_out).*?[^\\\n])(?:  +#.*)?$",
        PAGE.read_text(),
        re.MULTILINE | re.DOTALL,
    )
    commands = "\n".join(shown).replace("target=ts", "target=js --es_opt=import_extension=js")
    path = os.pathsep.join([str(SCRIPTS), str(tmp_path / "node_modules" / ".bin"), os.environ["PATH"]])
    run(tmp_path, "sh", "-e", "-c", commands, PATH=path)
    (tmp_path / "asks.js").write_text(ASKS)
    asked = session_service_pb2.PutSessionRequest(expert_id="ada", session_id="first")
    wanted = f"calendarsync.v1.SessionService {asked.SerializeToString().hex()}\n"
    assert run(tmp_path, "node", "asks.js") == wanted


def test_the_service_config_names_every_method_once_and_nothing_else(bundle: Path) -> None:
    config = json.loads((bundle / "service-config.json").read_text())
    named = [
        f"{name['service']}/{name['method']}" for part in config["methodConfig"] for name in part["name"]
    ]
    methods = [
        f"{file.package}.{service.name}/{method.name}"
        for file in descriptors(bundle / "client.binpb").file
        for service in file.service
        for method in service.method
    ]
    assert sorted(named) == sorted(methods)


def test_a_contract_that_breaks_released_clients_is_refused(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "proto", tmp_path / "proto")
    file = tmp_path / "proto" / "calendarsync" / "v1" / "account.proto"
    file.write_text(file.read_text().replace("PROVIDER_GOOGLE = 2", "PROVIDER_GOOGLE = 9"))
    folders = ("--proto", tmp_path / "proto", "--out", tmp_path / "out", "--build", tmp_path / "build")
    run(tmp_path, sys.executable, ROOT / "tools" / "build_proto.py", *folders)
    (rule,) = [line for line in (ROOT / "Makefile").read_text().splitlines() if "buf breaking" in line]
    command = rule.strip().replace("$(BIN)/", f"{SCRIPTS}{os.sep}").replace("build/", f"{tmp_path}/build/")
    command = command.replace("$(RELEASED)", str(ROOT / "proto" / "released.binpb.gz"))
    with pytest.raises(AssertionError, match='enum value "2" on enum "Provider" was deleted'):
        run(tmp_path, *command.split())
