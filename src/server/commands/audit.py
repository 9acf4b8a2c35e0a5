"""`calendarsync audit`: prints the audit log, or the part of it that is about one expert, as JSON lines."""

import argparse
import asyncio
import json
import sys
from datetime import UTC, datetime

from domain.audit import AuditEntry
from domain.ids import ExpertId
from server.commands.command import Command, environment_settings
from server.runtime.audit import kept_entries
from server.runtime.stop_signals import StopSignals


def _arguments(parser: argparse.ArgumentParser) -> None:
    whose = parser.add_mutually_exclusive_group()
    whose.add_argument("--expert", metavar="ID", help="about this expert, who is there")
    whose.add_argument(
        "--subject", metavar="NAME", help="about an erased expert: DeleteExpert told this name"
    )
    parser.add_argument("--since", type=_time, metavar="TIME", help="from then on, as 2030-05-14T09:00:00Z")
    parser.add_argument("--until", type=_time, metavar="TIME", help="and before then")


def _run(arguments: argparse.Namespace, _signals: StopSignals) -> int:
    settings = environment_settings()

    async def run() -> None:
        entries = kept_entries(
            settings,
            of=None if arguments.expert is None else ExpertId(arguments.expert),
            subject=arguments.subject,
            since=arguments.since,
            until=arguments.until,
        )
        async for entry in entries:
            sys.stdout.write(json.dumps(as_fields(entry)) + "\n")

    asyncio.run(run())
    return 0


def as_fields(entry: AuditEntry) -> dict[str, object]:
    """What is not known is left out."""
    act = entry.act
    fields = {
        "number": entry.position.number,
        "time": act.at.isoformat().replace("+00:00", "Z"),
        "action": act.action.value,
        "actor": entry.actor.kind.value,
        "actor_name": entry.actor.name,
        "subject": entry.subject,
        "expert_id": act.expert_id,
        "account_id": act.account_id,
        "session_id": act.session_id,
        "calendar_ids": list(act.calendar_ids),
        "about": act.about,
    }
    return {name: value for name, value in fields.items() if value}


def _time(text: str) -> datetime:
    time = datetime.fromisoformat(text)  # a ValueError is argparse's to report
    return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)


AUDIT = Command(
    name="audit",
    help="print the audit log, or what it has about one expert, as JSON lines",
    run=_run,
    add_arguments=_arguments,
)
