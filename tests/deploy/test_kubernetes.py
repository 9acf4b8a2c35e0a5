"""The manifests: right for Kubernetes, hardened, and of one mind with the service."""

import base64
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest

from server.http.health import PATIENCE
from server.runtime.settings import PREFIX, Role, Settings, load_settings
from tests.deploy.files import KUBERNETES, documents, manifests

KUBERNETES_VERSIONS = ["1.33", kubernetes_validate.latest_version()]
"""`sleep` before stopping is in all of them; the first is the oldest that the manifests promise to fit."""
ROLES = sorted(role.value for role in Role if role is not Role.ALL)
POD_IP = "POD_IP"
"""What a pod is told of itself, for the values of others."""


def _of_kind(*kinds: str) -> list[dict[str, Any]]:
    return [one for one in manifests() if one["kind"] in kinds]


def _pods() -> Iterator[tuple[str, dict[str, Any]]]:
    for one in _of_kind("Deployment", "Job"):
        metadata = one["metadata"]
        yield metadata.get("name") or metadata["generateName"], one["spec"]["template"]["spec"]


def _variables() -> Iterator[str]:
    for one in _of_kind("ConfigMap", "Secret"):
        yield from one.get("data", {}) | one.get("stringData", {})
    for _, pod in _pods():
        yield from (each["name"] for each in pod["containers"][0].get("env", []))


def _environment(pod: str) -> dict[str, str]:
    """What the containers of a pod get, in a cluster with IPv4."""
    (config,) = _of_kind("ConfigMap")
    (secret,) = _of_kind("Secret")
    (container,) = dict(_pods())[pod]["containers"]
    own = {one["name"]: one.get("value", "10.1.2.3") for one in container.get("env", [])}
    given: dict[str, str] = config["data"] | secret["stringData"] | own
    return {name: value.replace(f"$({POD_IP})", own.get(POD_IP, "")) for name, value in given.items()}


@pytest.mark.parametrize("version", KUBERNETES_VERSIONS)
@pytest.mark.parametrize("manifest", manifests(), ids=lambda one: f"{one['kind']}")
def test_each_manifest_is_valid(manifest: dict[str, Any], version: str) -> None:
    kubernetes_validate.validate(manifest, version, strict=True)


def test_the_validator_finds_what_is_wrong() -> None:
    wrong = documents(KUBERNETES / "api.yaml")[0]
    wrong["spec"]["replica"] = 2

    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, KUBERNETES_VERSIONS[-1], strict=True)


def test_the_kustomization_names_every_file_that_is_always_there() -> None:
    (kustomization,) = documents(KUBERNETES / "kustomization.yaml")
    apart = {"kustomization.yaml", "secret.example.yaml", "migrate.yaml"}

    assert set(kustomization["resources"]) == {path.name for path in KUBERNETES.glob("*.yaml")} - apart


def test_each_role_has_a_deployment_that_serves_it() -> None:
    served = {
        one["metadata"]["name"]: one["spec"]["template"]["spec"]["containers"][0]["args"]
        for one in _of_kind("Deployment")
    }

    assert served == {role: ["serve", "--role", role] for role in ROLES}


def test_every_variable_is_a_setting() -> None:
    known = {PREFIX + name.upper() for name in Settings.model_fields}

    assert set(_variables()) <= {*known, POD_IP}


@pytest.mark.parametrize("pod", [*ROLES, "migrate-"])
def test_each_pod_starts_with_the_settings_that_it_gets(
    pod: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "some.pem"
    file.touch()
    for name, value in _environment(pod).items():
        monkeypatch.setenv(name, str(file) if name.endswith("_FILE") else value)
    key = base64.b64encode(os.urandom(32)).decode()
    monkeypatch.setenv(PREFIX + "ENCRYPTION_KEYS", f"one:{key}")

    settings = load_settings()

    assert settings.public_url == "https://calendars.example.com"
    assert settings.return_urls, "no sign-in could be begun"
    assert settings.trusted_proxies, "whoever comes through the ingress would count as one client"


def test_all_that_is_needed_is_set() -> None:
    needed = {PREFIX + name.upper() for name, field in Settings.model_fields.items() if field.is_required()}

    assert needed <= set(_variables())


def test_secrets_are_in_the_secret_only() -> None:
    secret = {
        PREFIX + name.upper()
        for name, field in Settings.model_fields.items()
        if "SecretStr" in str(field.annotation)
    }
    (config,) = _of_kind("ConfigMap")
    (held,) = _of_kind("Secret")

    assert not secret & set(config["data"])
    assert {PREFIX + "DATABASE_URL", PREFIX + "ENCRYPTION_KEYS"} <= secret & set(held["stringData"])


@pytest.mark.parametrize(("name", "pod"), list(_pods()))
def test_containers_run_without_rights(name: str, pod: dict[str, Any]) -> None:
    (container,) = pod["containers"]

    assert pod["securityContext"]["runAsNonRoot"] is True, name
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["resources"]["limits"]["memory"]


@pytest.mark.parametrize("role", ROLES)
def test_selectors_find_the_pods_of_their_role(role: str) -> None:
    (deployment, *others) = documents(KUBERNETES / f"{role}.yaml")
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    selectors = [
        one["spec"]["selector"].get("matchLabels", one["spec"]["selector"]) for one in [deployment, *others]
    ]

    assert labels["app.kubernetes.io/component"] == role
    assert all(selector == labels for selector in selectors)
    assert "PodDisruptionBudget" in {one["kind"] for one in others}


@pytest.mark.parametrize("role", ROLES)
def test_probes_and_services_use_ports_that_the_container_names(role: str) -> None:
    deployment, *others = documents(KUBERNETES / f"{role}.yaml")
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    probes = [container[f"{kind}Probe"]["httpGet"]["port"] for kind in ("startup", "readiness", "liveness")]
    targets = [port for one in others if one["kind"] == "Service" for port in one["spec"]["ports"]]

    assert set(probes) == {"operations"}
    # A busy process is not to be taken for one that is not there.
    assert all(container[f"{kind}Probe"]["timeoutSeconds"] > PATIENCE for kind in ("startup", "readiness"))
    assert all(ports[port["targetPort"]] == port["port"] for port in targets)


def test_pods_have_time_for_the_grace_of_a_shutdown() -> None:
    grace = Settings.model_fields["shutdown_grace_seconds"].default

    for name, pod in _pods():
        if name in ROLES:
            stop = pod["containers"][0].get("lifecycle", {}).get("preStop", {}).get("sleep", {})
            assert pod["terminationGracePeriodSeconds"] >= grace + stop.get("seconds", 0) + 10, name


def test_listen_addresses_are_on_the_ports_that_are_named() -> None:
    settings = _environment("api")
    api = dict(_pods())["api"]["containers"][0]
    ports = {port["name"]: port["containerPort"] for port in api["ports"]}

    for door in ("GRPC", "HTTP", "OPERATIONS"):
        found = re.search(r":(\d+)$", settings[f"{PREFIX}{door}_ADDRESS"])
        assert found
        assert int(found[1]) == ports[door.lower()]
