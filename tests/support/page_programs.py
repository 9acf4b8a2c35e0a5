"""Programs that a page shows, run as they stand there, against a service whose connections a test can cut."""

import asyncio
import os
import re
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from psycopg.conninfo import conninfo_to_dict

from sandbox import Sandbox
from tests.server.served import Logs
from tests.support.database_proxy import DatabaseProxy, database_proxy
from tests.support.packages import ROOT, run
from tests.support.running_service import open_service
from tests.support.service import Service, until

PAGE: Final = ROOT / "docs" / "call-it-from-your-language.md"
SCRIPTS: Final = Path(sys.executable).parent
SHOWN: Final = "127.0.0.1:50051"
"""The address in the page's commands: that of `make run`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """What the page has about one language: files by name, and blocks of commands in their order."""

    files: dict[str, str]
    commands: list[str]


def section(title: str) -> Section:
    text = PAGE.read_text().partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    files = re.findall(r"^`(\w+\.\w+)`.*?^```(?!sh)\w+\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return Section(
        files=dict(files), commands=re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    )


def as_shown(project: Path, commands: str, **settings: str) -> str:
    path = os.pathsep.join([str(SCRIPTS), os.environ["PATH"]])
    return run(project, "sh", "-e", "-c", commands, **{"PATH": path, **settings})


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Where a program is told that the service is: in the way lies something that can cut its connection."""

    service: Service
    proxy: DatabaseProxy
    settings: dict[str, str]

    async def story(self, project: Path, command: str, **settings: str) -> dict[str, str]:
        """What the program printed. Its connection is cut while it follows the feed, and then somebody signs in."""
        path = os.pathsep.join([str(SCRIPTS), os.environ["PATH"]])
        process = await asyncio.create_subprocess_exec(
            *("sh", "-e", "-c", command.replace(f"CALENDARS={SHOWN} ", "")),
            cwd=project,
            env={**os.environ, "PATH": path, "no_proxy": "localhost", **self.settings, **settings},
            stdout=PIPE,
            stderr=PIPE,
        )
        assert process.stdout is not None
        told: dict[str, str] = {}
        try:
            async with asyncio.timeout(60):
                while "booked again" not in told and (line := await process.stdout.readline()):
                    name, _, text = line.decode().rstrip().partition(": ")
                    told[name] = text
                if "booked again" in told:
                    await self._cut_and_sign_in(told["sign in"])
                rest, faults = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
        assert process.returncode == 0, faults.decode()
        return {**told, "last": rest.decode().strip()}

    async def _cut_and_sign_in(self, url: str) -> None:
        await until(self._streams, lambda number: number == 1)
        self.proxy.cut()
        await until(self._ended, bool)
        assert "connected" in (await self.service.open(await self.service.sign_in(url, "anna"))).text

    async def _streams(self) -> float:
        page = (await self.service.operations("/metrics")).text
        return sum(
            float(one) for one in re.findall(r"^calendarsync_streams_open\S* (\S+)$", page, re.MULTILINE)
        )

    async def _ended(self) -> list[Any]:
        return [one for one in self.service.logs.of("call") if one["method"].endswith("/WatchChanges")]


@asynccontextmanager
async def opened(sandbox: Sandbox, dsn: str, logs: Logs, **changes: Any) -> AsyncIterator[Door]:
    """As `make run` does it, where nobody can vouch for a browser."""
    async with (
        open_service(sandbox, dsn, logs=logs, confirm_connections="with_return_url", **changes) as service,
        database_proxy(f"host=localhost port={service.process.grpc_port}") as (proxy, through),
    ):
        address = f"localhost:{conninfo_to_dict(through)['port']}"
        yield Door(service=service, proxy=proxy, settings={"CALENDARS": address})
        sandbox.world.settings.notifications = "silent"
