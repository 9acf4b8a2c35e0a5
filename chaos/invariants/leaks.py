"""The logs say nothing they must not, and nothing of what must never happen."""

import json
import re
from collections.abc import Iterable
from typing import Any, Final

from chaos.cast import CANARY
from chaos.invariants.evidence import Evidence, Facts
from chaos.model import Known
from tests.support.running_service import KEYS

NEVER: Final = frozenset({"unexpected fault", "job failed"})
"""Events that no fault excuses, but for the next: work fails without a database."""
DEADLOCK: Final = "DeadlockDetected"
OUTAGE: Final = "application.ports.store.StoreUnavailable"
LONGEST_SHOWN: Final = 400
WORD: Final = re.compile(r"[A-Za-z0-9_+/-]{12,}")


async def logs_are_clean(evidence: Evidence) -> Facts:
    """What was written since the last look."""
    secrets = (KEYS.partition(":")[2].rstrip("="), evidence.here.sandbox.client_secret)
    facts: Facts = []
    for file in sorted(evidence.here.fleet.folder.glob("*.log")):
        with file.open(encoding="utf-8", errors="replace") as log:
            log.seek(evidence.looked_at.get(file, 0))
            for line in log.readlines():
                evidence.deadlocks += DEADLOCK in line
                facts += [f"{file.name}: {one}" for one in faults_of_line(line, evidence.known, secrets)]
            evidence.looked_at[file] = log.tell()
    return facts


async def no_client_sees_an_internal_error(evidence: Evidence) -> Facts:
    return [f"INTERNAL: {one}" for one in evidence.ask.internal]


async def nobody_ended_by_itself(evidence: Evidence) -> Facts:
    return [f"{one} ended by itself" for one in evidence.here.fleet.deserters]


def faults_of_line(line: str, known: Known, secrets: Iterable[str]) -> Facts:
    facts: Facts = []
    if CANARY.lower() in line.lower():
        facts.append(f"names somebody or something: {line[:LONGEST_SHOWN]}")
    words = set(WORD.findall(line))
    if not words.isdisjoint(known.tokens) or not words.isdisjoint(secrets):
        facts.append("contains a token or a key")
    entry = _entry(line)
    excused = str(entry.get("error", "")).startswith(OUTAGE)
    if (entry.get("event") in NEVER and not excused) or line.startswith("Traceback"):
        facts.append(line[:LONGEST_SHOWN])
    return facts


def _entry(line: str) -> dict[str, Any]:
    try:
        entry = json.loads(line)
    except ValueError:
        return {}
    return entry if isinstance(entry, dict) else {}
