"""The alert rules, their pages and the dashboard. What they ask for is told: tests/end_to_end/test_metrics.py."""

import json
import re
import shutil
import subprocess
from collections import Counter
from itertools import combinations

import pytest
import yaml

from server.metrics.process import ALARMS
from tests.support.observability import (
    DASHBOARD,
    FOLDER,
    RULE_TESTS,
    RULES,
    RUNBOOK,
    Used,
    alerts,
    panels,
    used_in,
)

PAGES = "https://runbooks.example.com/"


def promtool(*arguments: str) -> None:
    """Where it is installed; .ci/run installs it, and says so where it can't."""
    program = shutil.which("promtool")
    if program is not None:
        told = subprocess.run([program, *arguments], cwd=FOLDER, capture_output=True, text=True, check=False)
        assert told.returncode == 0, told.stdout + told.stderr


def test_the_rules_are_what_prometheus_takes_and_are_raised_when_they_must_be() -> None:
    promtool("check", "rules", RULES.name)
    promtool("test", "rules", RULE_TESTS.name)


def test_each_alert_has_a_test_at_which_it_is_raised() -> None:
    tests = yaml.safe_load(RULE_TESTS.read_text(encoding="utf-8"))["tests"]
    raised = {one["alertname"] for test in tests for one in test["alert_rule_test"] if one["exp_alerts"]}

    assert raised == {rule["alert"] for rule in alerts()}


@pytest.mark.parametrize("alarm", ALARMS)
def test_each_alarm_of_a_process_raises_one_alert(alarm: str) -> None:
    assert len([rule for rule in alerts() if _fits(rule["expr"], alarm)]) == 1


def _fits(expression: str, alarm: str) -> bool:
    asked = re.search(r"calendarsync_alarm\{([^}]*)\}", expression)
    if asked is None:
        return False
    matchers = re.findall(r'name(=~|!=|=)"([^"]*)"', asked[1])
    return all(
        (alarm == value) if operator == "=" else bool(re.fullmatch(value, alarm)) == (operator == "=~")
        for operator, value in matchers
    )


def test_each_alert_says_whom_it_wakes_and_names_its_page() -> None:
    assert len(alerts()) > 15
    for rule in alerts():
        assert rule["labels"]["severity"] in {"page", "ticket"}, rule["alert"]
        assert rule["for"], rule["alert"]
        assert rule["annotations"]["summary"], rule["alert"]
        address = rule["annotations"]["runbook_url"]
        assert address.startswith(PAGES + "docs/runbook/"), rule["alert"]
        page = RUNBOOK / address.rpartition("/")[2]
        text = page.read_text(encoding="utf-8")
        assert text.startswith(f"# {rule['alert']}\n"), page
        for part in ("**What it means.**", "**How to look.**", "**What to do.**"):
            assert part in text, (page, part)


def test_each_page_is_of_an_alert_and_in_the_list() -> None:
    listed = (RUNBOOK / "README.md").read_text(encoding="utf-8")
    pages = {one.name for one in RUNBOOK.glob("*.md")} - {"README.md"}

    assert pages == {rule["annotations"]["runbook_url"].rpartition("/")[2] for rule in alerts()}
    for rule in alerts():
        page = rule["annotations"]["runbook_url"].rpartition("/")[2]
        assert f"| {rule['alert']} | [{page.removesuffix('.md')}]({page}) |" in listed


def test_the_dashboard_is_one_that_grafana_shows() -> None:
    dashboard = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    (datasource,) = dashboard["templating"]["list"]
    assert datasource["type"] == "datasource"
    ids = Counter(panel["id"] for panel in dashboard["panels"])
    assert set(ids.values()) == {1}
    for panel in panels():
        assert panel["title"]
        assert panel["datasource"] == {"type": "prometheus", "uid": "${" + datasource["name"] + "}"}
        assert all(target["expr"] and target["legendFormat"] for target in panel["targets"])
    places = [panel["gridPos"] for panel in dashboard["panels"]]
    assert all(place["x"] >= 0 and place["x"] + place["w"] <= 24 for place in places)
    assert not [pair for pair in combinations(places, 2) if _overlap(*pair)]


def _overlap(one: dict[str, int], other: dict[str, int]) -> bool:
    return all(
        one[start] < other[start] + other[size] and other[start] < one[start] + one[size]
        for start, size in (("x", "w"), ("y", "h"))
    )


def test_what_an_expression_asks_for_is_recognised() -> None:
    expression = (
        'rate(calendarsync_a_total{x=~"p=q|r",y!="1"}[5m]) / on (z) calendarsync_b and up{job="c"} == 0'
    )

    assert set(used_in(expression)) == {
        Used("calendarsync_a_total", frozenset({"x", "y"})),
        Used("calendarsync_b", frozenset()),
    }
