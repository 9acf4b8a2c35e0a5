"""`calendarsync callers`: gives calling services their credentials, lists them and revokes them."""

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final

from domain.caller import CertificateName, Credential, CredentialNotFound, CredentialRefused, Scope
from server.commands.command import Command, environment_settings, tell
from server.runtime.callers import ManagedCallers, managed_callers
from server.runtime.stop_signals import StopSignals

REFUSED: Final = 1
SCOPES: Final = ", ".join(scope.value for scope in Scope)
HEAD: Final = ("id", "caller", "state", "scopes", "proof", "created", "expires", "limits")
Act = Callable[[ManagedCallers, argparse.Namespace], Awaitable[None]]


def _arguments(parser: argparse.ArgumentParser) -> None:
    acts = parser.add_subparsers(required=True, metavar="ACT")
    add = acts.add_parser("add", help="make one more credential of a caller; its token is printed once")
    add.add_argument("name", help="the calling service, as it shall stand in the log")
    add.add_argument("--scopes", required=True, help=f"what it may do, separated by commas: {SCOPES}")
    add.add_argument(
        "--certificate",
        metavar="NAME",
        help="identify it by its client certificate instead of a token: URI:..., DNS:... or SUBJECT:...",
    )
    add.add_argument("--days", type=float, help="how long the credential is valid (until it is revoked)")
    add.add_argument("--limits-times", type=int, default=1, help="how many times the usual limits it has (1)")
    add.set_defaults(act=_add)
    acts.add_parser("list", help="all credentials, the newest first").set_defaults(act=_list)
    revoke = acts.add_parser("revoke", help="make a credential invalid, in all processes within seconds")
    revoke.add_argument("id", help="of the credential, as `list` shows it")
    revoke.set_defaults(act=_revoke)


def _run(arguments: argparse.Namespace, _signals: StopSignals) -> int:
    settings = environment_settings()

    async def run(act: Act) -> None:
        async with managed_callers(settings) as callers:
            await act(callers, arguments)

    try:
        asyncio.run(run(arguments.act))
    except CredentialRefused as refused:
        tell(f"Not done: {refused}.")
        return REFUSED
    except CredentialNotFound:
        tell("Not done: no credential has this id.")
        return REFUSED
    return 0


async def _add(callers: ManagedCallers, arguments: argparse.Namespace) -> None:
    named = arguments.certificate
    added = await callers.add(
        arguments.name,
        _scopes(arguments.scopes),
        certificate=None if named is None else CertificateName.parse(named),
        lifetime=None if arguments.days is None else _days(arguments.days),
        limits_times=arguments.limits_times,
    )
    tell(f"Credential {added.credential.credential_id} of {arguments.name}, valid everywhere within seconds.")
    if added.token is not None:
        tell("This is its token, which is shown this once. Send it as `authorization: Bearer TOKEN`.")
        sys.stdout.write(added.token + "\n")


async def _list(callers: ManagedCallers, _arguments: argparse.Namespace) -> None:
    listed = await callers.list()
    rows = [HEAD, *(_row(one, listed.at) for one in listed.credentials)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    for row in rows:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        sys.stdout.write(line.rstrip() + "\n")


async def _revoke(callers: ManagedCallers, arguments: argparse.Namespace) -> None:
    revoked = await callers.revoke(arguments.id)
    tell(
        f"Credential {revoked.credential_id} of {revoked.caller.name} is revoked, everywhere within seconds."
    )


def _row(credential: Credential, at: datetime) -> tuple[str, ...]:
    proof, expires = credential.proof, credential.expires_at
    return (
        credential.credential_id,
        credential.caller.name,
        _state(credential, at),
        ",".join(scope.value for scope in Scope if scope in credential.caller.scopes),
        str(proof) if isinstance(proof, CertificateName) else "token",
        f"{credential.created_at:%Y-%m-%d}",
        f"{expires:%Y-%m-%d %H:%M}" if expires else "never",
        f"x{credential.limits_times}",
    )


def _state(credential: Credential, at: datetime) -> str:
    if credential.revoked_at is not None:
        return "revoked"
    return "valid" if credential.valid_at(at) else "expired"


def _scopes(text: str) -> frozenset[Scope]:
    try:
        return frozenset(Scope(one.strip()) for one in text.split(",") if one.strip())
    except ValueError:
        raise CredentialRefused(f"the scopes are {SCOPES}") from None


def _days(days: float) -> timedelta:
    try:
        return timedelta(days=days)
    except (OverflowError, ValueError):
        raise CredentialRefused("so many days can't be counted") from None


CALLERS = Command(
    name="callers",
    help="give calling services credentials, list and revoke them",
    run=_run,
    add_arguments=_arguments,
)
