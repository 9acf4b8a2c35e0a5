"""The edge: each cell is reached by its name, and nobody is taken to another one.

Structure only: no Envoy is at hand here to say whether it would take the file.
"""

from pathlib import Path
from typing import Any

import pytest
import yaml

from adapters.postgres.cells import DEFAULT_CELL, checked_cell

CONFIG: dict[str, Any] = yaml.safe_load(Path("deploy/envoy/envoy.yaml").read_text())["static_resources"]
CELLS = ("public", "west")
HEADER = "calendarsync-cell"


def _routes(listener: str) -> list[dict[str, Any]]:
    (found,) = [one for one in CONFIG["listeners"] if one["name"] == listener]
    ((filter_,),) = [chain["filters"] for chain in found["filter_chains"]]
    (host,) = filter_["typed_config"]["route_config"]["virtual_hosts"]
    routes: list[dict[str, Any]] = host["routes"]
    return routes


def _taken_to(headers: dict[str, str]) -> str | int:
    """The cluster that a call with these headers goes to, or the status it is refused with."""
    for route in _routes("callers"):
        if all(_matches(one, headers) for one in route["match"].get("headers", [])):
            if "route" in route:
                return str(route["route"]["cluster"])
            return int(route["direct_response"]["status"])
    raise AssertionError("no route")


def _matches(rule: dict[str, Any], headers: dict[str, str]) -> bool:
    value = headers.get(rule["name"])
    matched = value is not None if "present_match" in rule else value == rule["string_match"]["exact"]
    return matched is not rule.get("invert_match", False)


@pytest.mark.parametrize("cell", CELLS)
def test_a_call_goes_to_the_cell_that_it_names(cell: str) -> None:
    assert checked_cell(cell) == cell
    assert _taken_to({HEADER: cell}) == f"{cell}-api"


def test_a_call_that_names_none_goes_to_the_default_cell() -> None:
    assert _taken_to({}) == f"{DEFAULT_CELL}-api"


def test_a_cell_that_is_not_there_is_refused_and_not_taken_for_the_default_one() -> None:
    assert _taken_to({HEADER: "nowhere"}) == 404
    assert _taken_to({HEADER: ""}) == 404


def test_streams_of_changes_have_no_deadline_here() -> None:
    assert {one["route"]["timeout"] for one in _routes("callers") if "route" in one} == {"0s"}


def test_browsers_find_the_cell_in_the_path_which_the_cell_does_not_see() -> None:
    west, default = _routes("browsers")
    assert (west["match"]["prefix"], west["route"]["prefix_rewrite"]) == ("/west/", "/")
    assert (west["route"]["cluster"], default["route"]["cluster"]) == ("west-web", "public-web")


@pytest.mark.parametrize("cell", CELLS)
def test_calls_go_on_by_tls_and_only_to_who_proves_to_be_that_cell(cell: str) -> None:
    """Processes beyond this machine speak nothing else, and what goes on has the callers' tokens in it."""
    (cluster,) = [one for one in CONFIG["clusters"] if one["name"] == f"{cell}-api"]
    tls = cluster["transport_socket"]["typed_config"]
    validation = tls["common_tls_context"]["validation_context"]
    (name,) = validation["match_typed_subject_alt_names"]
    (address,) = [
        one["endpoint"]["address"]["socket_address"]["address"]
        for group in cluster["load_assignment"]["endpoints"]
        for one in group["lb_endpoints"]
    ]

    assert tls["@type"].endswith("UpstreamTlsContext")
    assert tls["common_tls_context"]["alpn_protocols"] == ["h2"]
    assert validation["trusted_ca"]
    assert name == {"san_type": "DNS", "matcher": {"exact": address}}
    assert tls["sni"] == address


def test_every_route_leads_to_a_cluster_and_every_cluster_is_reached() -> None:
    led_to = {
        one["route"]["cluster"] for name in ("callers", "browsers") for one in _routes(name) if "route" in one
    }
    clusters = {one["name"]: one for one in CONFIG["clusters"]}
    assert led_to == set(clusters)
    for name, cluster in clusters.items():
        assert cluster["load_assignment"]["cluster_name"] == name
        speaks_http2 = "typed_extension_protocol_options" in cluster
        assert speaks_http2 is name.endswith("-api"), "gRPC is HTTP/2 towards the service, too"
