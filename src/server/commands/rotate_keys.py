"""`calendarsync rotate-keys`: seals everything anew with the first key of ENCRYPTION_KEYS, while the service serves."""

import argparse
import asyncio
import time
from collections import Counter
from collections.abc import Mapping
from typing import Final

from server.commands.command import Command, environment_settings, tell
from server.runtime.key_rotation import KeyRotation, KeysInUse, key_rotation
from server.runtime.settings import Settings, weak_keys_may_open
from server.runtime.stop_signals import StopSignals

NOT_DONE: Final = 1
TOLD_EVERY_SECONDS: Final = 5.0


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--status", action="store_true", help="only count what is sealed with which key")


def _run(arguments: argparse.Namespace, signals: StopSignals) -> int:
    with weak_keys_may_open():
        settings = environment_settings()
    return asyncio.run(_status(settings) if arguments.status else _rotate(settings, signals))


async def _status(settings: Settings) -> int:
    async with key_rotation(settings) as rotation:
        _tell_status(rotation, await rotation.in_use())
    return 0


async def _rotate(settings: Settings, signals: StopSignals) -> int:
    async with key_rotation(settings) as rotation, rotation.as_holder() as holder:
        before = await rotation.in_use(but=holder)
        left = Counter(before.older_than(rotation.first_key))
        tell(f"Sealing anew with {rotation.first_key}: {_rows(left.total())} to go.")
        with signals.listened_to():
            unreadable = await _go_through(rotation, left, signals)
        if signals.stop.is_set():
            tell("Stopped. What is done is done: run it again to go on.")
            return NOT_DONE
        return await _sum_up(rotation, await rotation.in_use(but=holder), unreadable)


async def _go_through(rotation: KeyRotation, left: Counter[str], signals: StopSignals) -> Mapping[str, int]:
    """How many rows of each table opened with no key."""
    done: Counter[str] = Counter()
    unreadable: Counter[str] = Counter()
    told_at = time.monotonic()
    async for step in rotation.steps():
        done[step.table] += step.resealed
        unreadable[step.table] += step.unreadable if step.turn == 0 else 0
        if time.monotonic() - told_at >= TOLD_EVERY_SECONDS:
            told_at = time.monotonic()
            _tell_progress(done, left)
        if signals.stop.is_set():
            break
    _tell_progress(done, left)
    return unreadable


def _tell_progress(done: Mapping[str, int], left: Mapping[str, int]) -> None:
    for table in sorted({*done, *left}):
        rest = max(left.get(table, 0) - done.get(table, 0), 0)
        tell(f"  {table}: {_rows(done.get(table, 0))} done, {rest} left")


async def _sum_up(rotation: KeyRotation, in_use: KeysInUse, unreadable: Mapping[str, int]) -> int:
    for table, count in unreadable.items():
        if count:
            tell(f"  {table}: {_rows(count)} can't be opened with any of the keys")
    for key_id, processes in in_use.sealing.items():
        if key_id != rotation.first_key:
            tell(
                f"Running processes ({processes}) still seal with {key_id}: put {rotation.first_key} first in their"
                " keys, restart them, and run this again."
            )
    unused = await rotation.forget_unused(in_use)
    if unused:
        tell(f"No longer used, and may be taken out of ENCRYPTION_KEYS: {', '.join(unused)}.")
    if older := in_use.older_than(rotation.first_key):
        tell(f"Not done: sealed with another key than {rotation.first_key}: {_rows(sum(older.values()))}.")
        return NOT_DONE
    await rotation.record()
    tell(f"Everything is sealed with {rotation.first_key}.")
    return 0


def _tell_status(rotation: KeyRotation, in_use: KeysInUse) -> None:
    for key_id in in_use.key_ids:
        known = "" if key_id in rotation.key_ids else ", and is not among these keys"
        tell(
            f"{key_id}: {_rows(in_use.of(key_id))}, {in_use.sealing.get(key_id, 0)} running processes seal with it"
            + known
        )
        for table, counts in in_use.rows.items():
            if counts.get(key_id):
                tell(f"  {table}: {_rows(counts[key_id])}")
    tell(f"{_rows(sum(in_use.older_than(rotation.first_key).values()))} to be sealed anew.")


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count} rows"


ROTATE_KEYS = Command(
    name="rotate-keys",
    help="seal everything anew with the first of the encryption keys, while the service serves",
    run=_run,
    add_arguments=_arguments,
)
