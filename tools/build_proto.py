"""Generates the Python of the contract from proto/ into src/, and the image that buf lints and compares.

Imports come from installed packages: google.* from googleapis-common-protos, buf.validate from the descriptor
inside protovalidate (its wheel carries neither validate.proto nor validate_pb2, so both are made here).
Does nothing when neither the .proto files nor the versions of the tools have changed.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.metadata
import importlib.util
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VALIDATE = "buf/validate/validate.proto"
TOOLS = ("grpcio-tools", "mypy-protobuf", "protobuf", "protovalidate", "googleapis-common-protos")
GENERATED = ("calendarsync", "buf")


def main(argv: list[str] | None = None) -> int:
    """Builds what is out of date; answers 0, or 1 when the compiler found a fault and told it on stderr."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--proto", type=Path, default=ROOT / "proto", help="folder with the .proto files")
    parser.add_argument("--out", type=Path, default=ROOT / "src", help="folder for the generated packages")
    parser.add_argument("--build", type=Path, default=ROOT / "build", help="folder for images and the stamp")
    options = parser.parse_args(argv)
    sources = sources_in(options.proto)
    if not sources:
        print(f"no .proto files under {options.proto}", file=sys.stderr)
        return 1
    stamp = options.build / "proto.sha256"
    digest = fingerprint(options.proto, sources)
    if up_to_date(stamp, digest, options.out, sources):
        return 0
    options.build.mkdir(parents=True, exist_ok=True)
    if not build(options.proto, sources, options.out, options.build):
        return 1
    stamp.write_text(digest)
    print(f"generated {len(sources)} files of the contract")
    return 0


def sources_in(proto: Path) -> list[str]:
    """The .proto files of a folder, by their paths in it."""
    return sorted(path.relative_to(proto).as_posix() for path in proto.rglob("*.proto"))


def fingerprint(proto: Path, sources: list[str]) -> str:
    """A digest of everything the output depends on: file names and contents, tool versions, this script."""
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for tool in TOOLS:
        digest.update(f"{tool}={importlib.metadata.version(tool)}\n".encode())
    for source in sources:
        digest.update(f"{source}\n".encode())
        digest.update(hashlib.sha256((proto / source).read_bytes()).digest())
    return digest.hexdigest()


def up_to_date(stamp: Path, digest: str, out: Path, sources: list[str]) -> bool:
    made = [out / source.replace(".proto", "_pb2.py") for source in [*sources, VALIDATE]]
    return stamp.exists() and stamp.read_text() == digest and all(path.exists() for path in made)


def build(proto: Path, sources: list[str], out: Path, build_folder: Path, *, typed: bool = True) -> bool:
    """Compiles beside the target and moves the result in: a failing build leaves the last good one.

    `typed` makes .pyi files too, which takes the plugins of mypy-protobuf on this interpreter's path of scripts.
    """
    descriptors = build_folder / "validate.binpb"
    descriptors.write_bytes(validate_descriptors())
    image = build_folder / "api.binpb"
    with tempfile.TemporaryDirectory(dir=build_folder, prefix="proto-") as folder:
        fresh = Path(folder)
        python = [f"--python_out={fresh}", f"--grpc_python_out={fresh}"]
        if typed:
            python += [*plugins(), f"--mypy_out=quiet:{fresh}", f"--mypy_grpc_out=quiet,only_async:{fresh}"]
        picture = ["--include_imports", "--include_source_info", f"--descriptor_set_out={fresh / image.name}"]
        if not protoc(proto, descriptors, [*python, *sources, VALIDATE]):
            return False
        if not protoc(proto, descriptors, [*picture, *sources]):
            return False
        (fresh / image.name).replace(image)
        for package in GENERATED:
            install(fresh / package, out / package)
    return True


def protoc(proto: Path, descriptors: Path, arguments: list[str]) -> bool:
    search = [f"-I{proto}", f"-I{google_protos()}", f"--descriptor_set_in={descriptors}"]
    command = [sys.executable, "-m", "grpc_tools.protoc", *search, *arguments]
    return subprocess.run(command, check=False).returncode == 0


def plugins() -> list[str]:
    scripts = Path(sysconfig.get_path("scripts"))
    return [f"--plugin={name}={scripts / name}" for name in ("protoc-gen-mypy", "protoc-gen-mypy_grpc")]


def google_protos() -> Path:
    """The folder above google/rpc/*.proto, as googleapis-common-protos installs them."""
    spec = importlib.util.find_spec("google.rpc")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("googleapis-common-protos is not installed: run `make setup`")
    return Path(next(iter(spec.submodule_search_locations))).parents[1]


def validate_descriptors() -> bytes:
    """buf/validate/validate.proto and what it imports, as a serialized FileDescriptorSet."""
    from google.protobuf import descriptor_pb2, duration_pb2, field_mask_pb2, timestamp_pb2
    from protovalidate._gen.buf.validate import validate_pb

    descriptors = descriptor_pb2.FileDescriptorSet()
    for module in (descriptor_pb2, duration_pb2, timestamp_pb2, field_mask_pb2):
        module.DESCRIPTOR.CopyToProto(descriptors.file.add())
    descriptors.file.add().ParseFromString(validate_pb.desc().proto.to_binary())
    return descriptors.SerializeToString(deterministic=True)


def install(fresh: Path, target: Path) -> None:
    """Makes the generated files of `target` those of `fresh`, each replaced whole: others may import them."""
    wanted = {path.relative_to(fresh) for path in fresh.rglob("*") if path.is_file()}
    for relative in wanted:
        (target / relative).parent.mkdir(parents=True, exist_ok=True)
        (fresh / relative).replace(target / relative)
    for path in list(target.rglob("*_pb2*.py*")):
        if path.is_file() and path.suffix != ".pyc" and path.relative_to(target) not in wanted:
            path.unlink()
    for cache in list(target.rglob("__pycache__")):
        shutil.rmtree(cache, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
