"""What the dashboard and the alert rules ask Prometheus for."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import yaml

FOLDER = Path("deploy/observability")
DASHBOARD = FOLDER / "dashboard.json"
RULES = FOLDER / "alerts.yaml"
RULE_TESTS = FOLDER / "alerts.test.yaml"
RUNBOOK = Path("docs/runbook")

OF_PROMETHEUS: Final = frozenset({"instance", "job"})
"""Labels that Prometheus adds to what it reads."""
_SELECTOR = re.compile(r"\b((?:calendarsync|process|python)_\w+)\s*(?:\{([^}]*)\})?")
_LABEL = re.compile(r"(\w+)\s*(?:=~|!~|!=|=)")


class Used(NamedTuple):
    """A metric that an expression names, and the labels by which it is selected."""

    name: str
    labels: frozenset[str]


def used_in(expression: str) -> Iterator[Used]:
    for name, selector in _SELECTOR.findall(expression):
        yield Used(name, frozenset(_LABEL.findall(re.sub(r'"[^"]*"', '""', selector))))


def alerts(rules: Path = RULES) -> list[dict[str, Any]]:
    groups = yaml.safe_load(rules.read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def expressions_of_rules(rules: Path) -> list[str]:
    return [rule["expr"] for rule in alerts(rules)]


def panels(dashboard: Path = DASHBOARD) -> list[dict[str, Any]]:
    return [
        one for one in json.loads(dashboard.read_text(encoding="utf-8"))["panels"] if one["type"] != "row"
    ]


def expressions_of_dashboard(dashboard: Path) -> list[str]:
    return [target["expr"] for panel in panels(dashboard) for target in panel["targets"]]
