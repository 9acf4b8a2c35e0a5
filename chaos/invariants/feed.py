"""Whoever watched and resumed saw every change exactly once, in the order of the table."""

import asyncio
from collections.abc import Iterable
from typing import Final

from chaos.invariants.evidence import Evidence, Facts
from chaos.watching import Seen, Watcher

PATIENCE_SECONDS: Final = 20.0
SHOWN: Final = 5
ERASED: Final = "EXPERT_ERASED"


async def the_feed_is_whole(evidence: Evidence) -> Facts:
    facts: Facts = []
    for number, watcher in enumerate(evidence.watchers, start=1):
        if watcher.refusals:
            facts.append(f"watcher {number} was refused: {watcher.refusals}")
        facts += [f"watcher {number} {one}" for one in await _faults(evidence, watcher)]
    return facts


async def _faults(evidence: Evidence, watcher: Watcher) -> Facts:
    """Once it has caught up, or was given long enough for that."""
    end = asyncio.get_running_loop().time() + PATIENCE_SECONDS
    while True:
        # In this order: what comes between the two looks is in the second only, and that is asked for again.
        seen, stored = since_erasure(watcher.seen), since_erasure(await _stored(evidence))
        if seen == stored:
            return []
        if asyncio.get_running_loop().time() > end:
            return _differences(seen, stored)
        await asyncio.sleep(0.1)


async def _stored(evidence: Evidence) -> list[Seen]:
    rows = await evidence.look.rows(
        """
        SELECT expert_id, type, at, coalesce(account_id, '') AS account_id, coalesce(calendar_id, '') AS calendar_id,
            coalesce(session_id, '') AS session_id, coalesce(hold_id, '') AS hold_id,
            coalesce(incident_id, '') AS incident_id
        FROM change ORDER BY transaction, number
        """
    )
    return [tuple(row.values()) for row in rows]


def since_erasure(changes: Iterable[Seen]) -> list[Seen]:
    """Without what came before the last erasure of its expert, which is taken out of the feed."""
    kept: list[Seen] = []
    for change in changes:
        if change[1] == ERASED:
            kept = [one for one in kept if one[0] != change[0]]
        kept.append(change)
    return kept


def _differences(seen: list[Seen], stored: list[Seen]) -> Facts:
    missed = [one for one in stored if one not in seen]
    repeated = [one for one in set(seen) if seen.count(one) > stored.count(one)]
    facts = [f"did not see {one}" for one in missed[:SHOWN]] + [
        f"saw too often, or what is not there: {one}" for one in repeated[:SHOWN]
    ]
    return facts or ["saw the changes in another order"]
