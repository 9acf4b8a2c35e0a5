"""Runs the whole service on this machine until Ctrl-C."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

from adapters.postgres.embedded import DataInUse, PostgresUnavailable
from server.addresses import Address
from server.local.banner import banner
from server.local.stand_ins import StandInFailed, StandIns, stand_ins
from server.logs import configure_logging
from server.runtime.process import Running, serve
from server.runtime.resources import ProcessFailed
from server.runtime.settings import PREFIX, Settings, SettingsInvalid, load_settings

CANT_START = 1
BAD_SETTINGS = 2


def run_local(*, folder: Path, free_ports: bool = False, as_json: bool = False) -> int:
    """Serve with stand-ins for what the environment doesn't name; files go below `folder`.

    `free_ports` takes free ports instead of the usual ones, `as_json` prints the addresses as one JSON line instead of
    the text for people. The exit code is 0, 1 when it can't start, 2 for bad settings.
    """
    try:
        with stand_ins(folder, os.environ) as started:
            settings = load_settings(**started.settings, **_addresses(free_ports), **_logging())
            configure_logging(level=settings.log_level, style=settings.log_format)
            asyncio.run(
                serve(settings, on_ready=lambda process: _announce(process, settings, started, as_json))
            )
    except SettingsInvalid as invalid:
        return _fail(BAD_SETTINGS, "The settings are not right:", *invalid.faults)
    except (DataInUse, PostgresUnavailable, ProcessFailed, StandInFailed) as failed:
        return _fail(CANT_START, f"calendarsync can't start: {failed}")
    return 0


def _addresses(free_ports: bool) -> dict[str, Any]:
    """The usual ports where they are free, others where not; what the environment says stands."""
    addresses = {}
    for name in ("grpc_address", "http_address"):
        if not os.environ.get(PREFIX + name.upper()):
            usual: Address = Settings.model_fields[name].default
            addresses[name] = usual._replace(port=0) if free_ports or _taken(usual) else usual
    return addresses


def _taken(address: Address) -> bool:
    try:
        address.bound().close()
    except OSError:
        return True
    return False


def _logging() -> dict[str, Any]:
    return {} if os.environ.get(PREFIX + "LOG_FORMAT") else {"log_format": "console"}


def _announce(process: Running, settings: Settings, started: StandIns, as_json: bool) -> None:
    assert process.grpc_port is not None
    grpc_address = str(settings.grpc_address._replace(port=process.grpc_port))
    if as_json:
        text = json.dumps(
            {"grpc_address": grpc_address, "public_url": process.public_url, "sandbox": started.sandbox}
        )
    else:
        text = banner(grpc_address=grpc_address, public_url=process.public_url, started=started)
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _fail(code: int, *lines: str) -> int:
    sys.stderr.write("\n".join(lines) + "\n")
    return code
