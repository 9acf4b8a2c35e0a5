"""The files of deploy/, parsed."""

from pathlib import Path
from typing import Any, Final

import yaml

ROOT: Final = Path(__file__).parents[2]
DEPLOY: Final = ROOT / "deploy"
KUBERNETES: Final = DEPLOY / "kubernetes"


def documents(path: Path) -> list[dict[str, Any]]:
    """All documents of a YAML file."""
    return [one for one in yaml.safe_load_all(path.read_text()) if one is not None]


def manifests() -> list[dict[str, Any]]:
    """Everything of deploy/kubernetes that is an object of Kubernetes."""
    return [
        one
        for path in sorted(KUBERNETES.glob("*.yaml"))
        for one in documents(path)
        if one["kind"] != "Kustomization"
    ]


def environment_file(path: Path) -> dict[str, str]:
    """The variables of a file in the form of Docker's env_file."""
    lines = (line.strip() for line in path.read_text().splitlines())
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name: value for name, _, value in pairs}
