"""Runs the whole service on this machine until Ctrl-C."""

import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from adapters.postgres.embedded import DataInUse, PostgresUnavailable
from domain.connection import Confirming
from server.addresses import Address
from server.local.banner import Addresses, banner
from server.local.example_page import USUAL as PAGE_ADDRESS
from server.local.example_page import ExamplePage, example_page, has_page
from server.local.stand_ins import StandInFailed, StandIns, stand_ins
from server.logs import configure_logging
from server.runtime.process import Running, run_process
from server.runtime.process_failed import ProcessFailed
from server.runtime.settings import PREFIX, Role, Settings, SettingsInvalid, load_settings
from server.runtime.settings.kinds import split_at_commas
from server.runtime.stop_signals import StopSignals

CANT_START = 1
BAD_SETTINGS = 2


def run_local(
    signals: StopSignals,
    *,
    folder: Path,
    free_ports: bool = False,
    as_json: bool = False,
    with_page: bool = True,
) -> int:
    """Serve with stand-ins for what the environment doesn't name; files go below `folder`.

    `free_ports` takes free ports instead of the usual ones, `as_json` prints the addresses as one JSON line instead of
    the text for people; `with_page` has the example page beside it, where there is one. The exit code is 0, 1 when it
    can't start, 2 for bad settings.
    """
    listening, taken = _addresses(free_ports)
    try:
        with (
            example_page(_for_page(free_ports, taken) if with_page and has_page() else None) as page,
            stand_ins(folder, os.environ) as started,
        ):
            given = {**started.settings, **listening, **_confirming(), **_logging()}
            settings = load_settings(**{**given, **_with_page(given, page)})
            configure_logging(level=settings.log_level, style=settings.log_format)

            def announce(process: Running) -> None:
                grpc = str(settings.grpc_address._replace(port=process.grpc_port or 0))
                addresses = Addresses(
                    page=_started(page, grpc, started) if settings.grpc_certificate_file is None else None,
                    grpc=grpc,
                    public_url=process.public_url,
                    operations=str(settings.operations_address._replace(port=process.operations_port)),
                    providers=tuple(one.name for one in process.container.calendar_providers()),
                )
                text = (_as_json if as_json else banner)(addresses, started, taken)
                sys.stdout.write(text + "\n")
                sys.stdout.flush()

            run_process(settings, Role.ALL, signals, on_ready=announce)
    except SettingsInvalid as invalid:
        return _fail(BAD_SETTINGS, "The settings are not right:", *invalid.faults)
    except (DataInUse, PostgresUnavailable, ProcessFailed, StandInFailed) as failed:
        return _fail(CANT_START, f"calendarsync can't start: {failed}")
    return 0


def _for_page(free_ports: bool, taken: list[Address]) -> Address:
    if not free_ports and _taken(PAGE_ADDRESS):
        taken.append(PAGE_ADDRESS)
    return PAGE_ADDRESS._replace(port=0) if free_ports or PAGE_ADDRESS in taken else PAGE_ADDRESS


def _with_page(given: dict[str, Any], page: ExamplePage | None) -> dict[str, Any]:
    """Sign-ins may come back to it, as to what is allowed anyway; and pages and mails lead on to it, unless they lead
    elsewhere."""
    if page is None:
        return {}
    allowed = given.get("return_urls") or split_at_commas(os.environ.get(PREFIX + "RETURN_URLS", ""))
    leading_on = {} if os.environ.get(PREFIX + "PRODUCT_URL") else {"product_url": page.url}
    return {"return_urls": (*allowed, page.url), **leading_on}


def _started(page: ExamplePage | None, grpc: str, started: StandIns) -> str | None:
    """The page's address, once it answers there."""
    control = None if started.sandbox is None else started.sandbox["control_url"]
    return page.url if page is not None and page.start(service=grpc, sandbox_control=control) else None


def _addresses(free_ports: bool) -> tuple[dict[str, Address], list[Address]]:
    """The usual ports where they are free, others where not, and which were taken; what the environment says stands."""
    addresses, taken = {}, []
    for name in ("grpc_address", "http_address", "operations_address"):
        if os.environ.get(PREFIX + name.upper()):
            continue
        usual: Address = Settings.model_fields[name].default
        if not free_ports and _taken(usual):
            taken.append(usual)
        addresses[name] = usual._replace(port=0) if free_ports or usual in taken else usual
    return addresses, taken


def _taken(address: Address) -> bool:
    try:
        address.bound().close()
    except OSError:
        return True
    return False


def _confirming() -> dict[str, Any]:
    """On this machine alone a sign-in may end on our own page: whoever tries it out has no page of theirs yet."""
    told = [os.environ.get(PREFIX + name) for name in ("CONFIRM_CONNECTIONS", "PUBLIC_URL")]
    return {} if any(told) else {"confirm_connections": Confirming.WITH_RETURN_URL}


def _logging() -> dict[str, Any]:
    return {} if os.environ.get(PREFIX + "LOG_FORMAT") else {"log_format": "console"}


def _as_json(addresses: Addresses, started: StandIns, _taken: Iterable[Address]) -> str:
    return json.dumps(
        {
            "grpc_address": addresses.grpc,
            "public_url": addresses.public_url,
            "operations_address": addresses.operations,
            "page_url": addresses.page,
            "sandbox": started.sandbox,
        }
    )


def _fail(code: int, *lines: str) -> int:
    sys.stderr.write("\n".join(lines) + "\n")
    return code
