"""Fills build/contract/ with all that a caller's language needs to make its own stubs: no network, no registry.

api.binpb is a FileDescriptorSet of our files and of all they import, with their comments, and of google.rpc's errors,
which arrive with failed calls; client.binpb is the same without the rules of shape. Compilers read them in the place of
.proto files, so none of anybody else's is copied.
"""

from __future__ import annotations

import argparse
import runpy
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

ROOT = Path(__file__).resolve().parents[1]
PROTO = ROOT / "proto"
ERRORS: Final = ("google/rpc/error_details.proto", "google/rpc/status.proto")
"""Nothing of ours imports these: they travel in the trailers of failed calls."""
BESIDE: Final = {
    "docs/contract-bundle.md": "README.md",
    "src/calendarsync_client/service-config.json": "service-config.json",
}


def main(argv: list[str] | None = None) -> int:
    """Answers 0, or 1 when the compiler found a fault and told it on stderr."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "contract", help="the folder to fill")
    options = parser.parse_args(argv)
    return 0 if bundle(options.out) else 1


def bundle(out: Path) -> bool:
    """Makes `out` the bundle and nothing else; a contract that can't be compiled leaves it as it was."""
    contract = _tool("build_proto.py")
    without_rules = _tool("without_rules.py")["without_rules"]
    sources: list[str] = contract["sources_in"](PROTO)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix="contract-") as folder:
        fresh = Path(folder) / "contract"
        fresh.mkdir()
        imported = Path(folder) / "validate.binpb"
        imported.write_bytes(contract["validate_descriptors"]())
        picture = (
            "--include_imports",
            "--include_source_info",
            f"--descriptor_set_out={fresh / 'api.binpb'}",
        )
        if not contract["protoc"](PROTO, imported, [*picture, *sources, *ERRORS]):
            return False
        for source in sources:
            (fresh / "proto" / source).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(PROTO / source, fresh / "proto" / source)
        plain = without_rules((fresh / "api.binpb").read_bytes())
        (fresh / "client.binpb").write_bytes(plain)
        for source, name in BESIDE.items():
            shutil.copyfile(ROOT / source, fresh / name)
        shutil.rmtree(out, ignore_errors=True)
        fresh.replace(out)
    return True


def _tool(name: str) -> dict[str, Any]:
    """By its path, since this runs in builds of packages, too, which find no package `tools`."""
    return runpy.run_path(str(ROOT / "tools" / name))


if __name__ == "__main__":
    sys.exit(main())
