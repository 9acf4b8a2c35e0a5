"""The image and the compose file."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from server.runtime.settings import PREFIX, Role, Settings
from tests.deploy.files import DEPLOY, ROOT, environment_file

DOCKERFILE = DEPLOY / "container" / "Dockerfile"
COMPOSE = DEPLOY / "compose"
HADOLINT = Path(sys.executable).with_name("hadolint")


def _hadolint(path: Path) -> list[dict[str, Any]]:
    found = subprocess.run(
        [HADOLINT, "--format", "json", path], check=False, capture_output=True, text=True, timeout=60
    )
    complaints: list[dict[str, Any]] = json.loads(found.stdout)
    return complaints


def _services() -> dict[str, dict[str, Any]]:
    services: dict[str, dict[str, Any]] = yaml.safe_load((COMPOSE / "compose.yaml").read_text())["services"]
    return services


def test_the_container_file_has_no_faults() -> None:
    assert _hadolint(DOCKERFILE) == []


def test_the_linter_finds_what_is_wrong(tmp_path: Path) -> None:
    wrong = tmp_path / "Dockerfile"
    wrong.write_text("FROM python\nRUN sudo true\n")

    assert {one["code"] for one in _hadolint(wrong)} >= {"DL3004", "DL3006"}


def test_everything_that_is_copied_is_there_and_let_through() -> None:
    copied = {
        name
        for line in DOCKERFILE.read_text().splitlines()
        if line.startswith("COPY ") and "--from" not in line
        for name in line.split()[1:-1]
    }
    let_through = {
        line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")
    }

    assert copied == let_through
    assert all((ROOT / name).exists() for name in copied)


def test_the_image_runs_the_service_by_an_account_without_rights() -> None:
    text = DOCKERFILE.read_text().rsplit("FROM ", 1)[1]

    assert re.search(r"^USER 10001:10001$", text, re.MULTILINE)
    assert re.search(r'^ENTRYPOINT \["calendarsync"\]$', text, re.MULTILINE)


def test_every_role_is_a_service_of_its_own() -> None:
    commands = {name: one["command"] for name, one in _services().items() if "command" in one}

    assert commands == {"migrate": ["migrate"]} | {
        role.value: ["serve", "--role", role.value] for role in Role if role is not Role.ALL
    }


def test_no_container_of_ours_can_write_to_its_root_or_gain_rights() -> None:
    ours = [one for one in _services().values() if one["image"].startswith("calendarsync")]

    assert len(ours) == len(Role)
    for one in ours:
        assert one["read_only"] is True
        assert one["cap_drop"] == ["ALL"]
        assert one["security_opt"] == ["no-new-privileges:true"]


def test_the_database_gets_no_key_and_no_other_secret_of_the_service() -> None:
    """Who has the database only has what is sealed, and nothing that opens it."""
    database = _services()["postgres"]
    given = environment_file(COMPOSE / f"{database['env_file']}.example")

    assert set(given) == {"POSTGRES_USER", "POSTGRES_PASSWORD"}
    assert "environment" not in database


def test_what_is_filled_in_stays_out_of_version_control() -> None:
    ignored = (ROOT / ".gitignore").read_text().splitlines()

    assert {"/deploy/compose/*.env", "/deploy/compose/tls/"} <= set(ignored)


def test_a_sign_in_can_be_begun() -> None:
    assert environment_file(COMPOSE / "calendarsync.env.example")[PREFIX + "RETURN_URLS"]


def test_every_variable_is_a_setting_and_all_that_is_needed_is_named() -> None:
    fields = Settings.model_fields
    example = environment_file(COMPOSE / "calendarsync.env.example")
    named = {*example, *(name for one in _services().values() for name in one.get("environment", {}))}
    ours = {name for name in named if name.startswith(PREFIX)}

    assert ours <= {PREFIX + name.upper() for name in fields}
    assert {PREFIX + name.upper() for name, field in fields.items() if field.is_required()} <= ours
