"""What each column of the schema is, whose it is, what an export shows of it, and what erases it.

A test compares this with the migrated database: a new column needs its line here before anything else. Whoever moves,
seals anew, exports or erases what belongs to an expert goes by it.
"""

from collections.abc import Mapping
from typing import Final

from adapters.postgres.data_kinds import (
    Column,
    Erasure,
    ExpertsTable,
    Kind,
    OperatorsTable,
    SealedColumn,
)

OURS: Final = "how the service goes about its work; says nothing of the person"
UNUSED: Final = "no longer used"
USABLE: Final = "whoever held the export could use it"
UNCONFIRMED: Final = (
    "of whoever signed in, who may be a stranger as long as nobody has confirmed it: ten minutes"
)
DIGESTS: Final = "digests of what the session's details, which are shown, said when they were written"


def _key(*exported_as: str, withheld: str = "") -> Column:
    return Column(kind=Kind.KEY, exported_as=exported_as, withheld=withheld)


def _state(*exported_as: str, withheld: str = "") -> Column:
    return Column(kind=Kind.STATE, exported_as=exported_as, withheld=withheld)


def _time(*exported_as: str, withheld: str = "") -> Column:
    return Column(kind=Kind.TIME, exported_as=exported_as, withheld=withheld)


def _personal(*exported_as: str, withheld: str = "") -> Column:
    return Column(kind=Kind.PERSONAL, exported_as=exported_as, withheld=withheld)


def _sealed(*exported_as: str, withheld: str = "") -> Column:
    return Column(kind=Kind.SEALED, exported_as=exported_as, withheld=withheld)


def _secret(withheld: str) -> Column:
    return Column(kind=Kind.SECRET, withheld=withheld)


_OWN_ID: Final = _key(withheld="whose export it is; the profile shows it")
_OF_EXPERT: Final = "expert_id = %(expert_id)s"
_OF_ACCOUNT: Final = f"account_id IN (SELECT account_id FROM account WHERE {_OF_EXPERT})"  # noqa: S608
_OF_READING: Final = f"calendar_id IN (SELECT calendar_id FROM reading WHERE {_OF_EXPERT})"  # noqa: S608
_OF_WISH: Final = f"""
    kind = 'refresh_calendars' AND id IN (SELECT account_id FROM account WHERE {_OF_EXPERT})
    OR kind = 'read_calendar' AND id IN (
        SELECT calendar_id FROM calendar JOIN account USING (account_id) WHERE {_OF_EXPERT}
    )"""  # noqa: S608

EXPERTS: Final[Mapping[str, ExpertsTable]] = {
    "expert": ExpertsTable(
        record="profile",
        order={"expert_id": "text"},
        rows=_OF_EXPERT,
        erased_by=Erasure.CASCADE,
        key=("expert_id",),
        columns={
            "expert_id": _key("expert_id"),
            "plan": _state("plan"),
            "time_zone": _personal("time_zone"),
            "locale": _personal("locale"),
            "person": _sealed("email", "display_name"),
            "created_at": _time("create_time"),
            "updated_at": _time("update_time"),
        },
    ),
    "audit_subject": ExpertsTable(
        rows=_OF_EXPERT,
        erased_by=Erasure.CASCADE,
        columns={
            "expert_id": _OWN_ID,
            "subject": _key(withheld="the entries of the audit log show it"),
            "key": _secret(
                withheld="what erasing destroys, so that the audit log's ids can't be read any more"
            ),
        },
    ),
    "known_version": ExpertsTable(
        rows=_OF_EXPERT,
        erased_by=Erasure.TRIGGER,
        columns={"expert_id": _OWN_ID, "version": _state(withheld=OURS)},
    ),
    "account": ExpertsTable(
        record="account",
        order={"account_id": "text"},
        rows=_OF_EXPERT,
        erased_by=Erasure.CASCADE,
        key=("account_id",),
        columns={
            "account_id": _key("account_id"),
            "expert_id": _OWN_ID,
            "provider": _state("provider"),
            "tenant_id": _personal("tenant_id"),
            "object_id": _personal("object_id"),
            "kind": _state("kind"),
            "status": _state("status"),
            "person": _sealed("email", "display_name"),
            "connected_at": _time("connect_time"),
            "grant_version": _state("sign_in_count"),
            "list_due_at": _time(withheld=OURS),
            "unserved_since": _time("unserved_since_time"),
            "loss_cause": _state("loss_cause"),
            "doubt_grant_version": _state(withheld=OURS),
            "doubt_refusals": _state(withheld=OURS),
            "doubt_at": _time(withheld=OURS),
        },
    ),
    "account_grant": ExpertsTable(
        record="grant",
        order={"account_id": "text"},
        rows=_OF_ACCOUNT,
        erased_by=Erasure.CASCADE,
        key=("account_id",),
        columns={
            "account_id": _key("account_id"),
            "scopes": _state("granted_scopes"),
            "secret": _sealed(withheld=f"the tokens: {USABLE}; the export says that a grant is held"),
            "grant_version": _state("sign_in_count"),
            "rotation": _state("renewal_count"),
            "use_audited_on": _time(withheld="the audit log shows it"),
            "claimed_by": _secret(withheld=OURS),
            "claimed_until": _time(withheld=OURS),
        },
    ),
    "former_account": ExpertsTable(
        record="former_account",
        order={"account_id": "text"},
        rows=_OF_EXPERT,
        erased_by=Erasure.CASCADE,
        columns={
            "account_id": _key("account_id"),
            "expert_id": _OWN_ID,
            "provider": _state("provider"),
            "tenant_id": _personal("tenant_id"),
            "object_id": _personal("object_id"),
            "former_since": _time("disconnect_time"),
        },
    ),
    "connection_attempt": ExpertsTable(
        record="connection_attempt",
        order={"state_hash": "bytea"},
        rows=_OF_EXPERT,
        erased_by=Erasure.CASCADE,
        key=("state_hash",),
        columns={
            "state_hash": _secret(withheld=USABLE),
            "expert_id": _OWN_ID,
            "provider": _state("provider"),
            "reconnects": _key("reconnects_account_id"),
            "way": _state(withheld=OURS),
            "return_url": _sealed(withheld="where the caller's own page is; says nothing of the person"),
            "flow": _sealed(withheld=f"what finishes the sign-in: {USABLE}"),
            "expires_at": _time("expire_time"),
        },
    ),
    "pending_connection": ExpertsTable(
        rows=_OF_EXPERT,
        erased_by=Erasure.CASCADE,
        key=("token_hash",),
        columns={
            "token_hash": _secret(withheld=USABLE),
            "expert_id": _OWN_ID,
            "provider": _state(withheld=UNCONFIRMED),
            "tenant_id": _personal(withheld=UNCONFIRMED),
            "object_id": _personal(withheld=UNCONFIRMED),
            "reconnects": _key(withheld=UNCONFIRMED),
            "sign_in": _sealed(withheld=UNCONFIRMED),
            "account_id": _key(withheld="which account it became, for ten minutes; the accounts are shown"),
            "reconnected": _state(withheld="goes with account_id"),
            "expires_at": _time(withheld=UNCONFIRMED),
        },
    ),
    "consent_afresh": ExpertsTable(
        record="consent_to_ask_for",
        order={"provider": "text"},
        rows=_OF_EXPERT,
        erased_by=Erasure.CASCADE,
        columns={"expert_id": _OWN_ID, "provider": _state("provider")},
    ),
    "calendar": ExpertsTable(
        record="calendar",
        order={"calendar_id": "text"},
        rows=_OF_ACCOUNT,
        erased_by=Erasure.CASCADE,
        key=("calendar_id",),
        columns={
            "calendar_id": _key("calendar_id"),
            "account_id": _key("account_id"),
            "remote_id": _personal("remote_id"),
            "details": _sealed("name", "owner_name", "owner_email"),
            "color": _state("color"),
            "is_primary": _state("primary"),
            "writable": _state("writable"),
            "shared": _state("shared"),
            "missing": _state("missing"),
            "refused_at": _time("refuse_time"),
            "demands": _state("demanded_scopes"),
            "uncheckable": _state("uncheckable"),
        },
    ),
    "calendar_settings": ExpertsTable(
        record="calendar_choices",
        order={"expert_id": "text"},
        rows=_OF_EXPERT,
        erased_by=Erasure.CASCADE,
        columns={
            "expert_id": _OWN_ID,
            "conflict_calendar_ids": _key("conflict_calendar_ids"),
            "write_calendar_id": _key("write_calendar_id"),
            "tentative_blocks": _state("tentative_blocks"),
            "version": _state("version"),
        },
    ),
    "reading": ExpertsTable(
        record="reading",
        order={"calendar_id": "text"},
        rows=_OF_EXPERT,
        erased_by=Erasure.CASCADE,
        columns={
            "calendar_id": _key("calendar_id"),
            "expert_id": _OWN_ID,
            "window_start": _time("window_start_time"),
            "window_end": _time("window_end_time"),
            "read_at": _time(withheld="since when the times are as they are; the last look's time is shown"),
            "zone": _personal("time_zone", "tentative_blocks"),
            "busy": _personal("busy"),
            "due_at": _time(withheld=UNUSED),
            "marks": _state(withheld=UNUSED),
            "failures": _state(withheld=UNUSED),
            "deviations": _personal("deviations"),
        },
    ),
    "reading_schedule": ExpertsTable(
        record="last_look",
        order={"calendar_id": "text"},
        rows=_OF_EXPERT,
        erased_by=Erasure.TRIGGER,
        columns={
            "expert_id": _OWN_ID,
            "calendar_id": _key("calendar_id"),
            "account_id": _key(withheld="the calendar shows it"),
            "readable": _state(
                withheld="follows from the account's status and the calendar, which are shown"
            ),
            "due_at": _time(withheld=OURS),
            "read_at": _time("read_time"),
            "begun_at": _time(withheld=OURS),
            "marks": _state(withheld=OURS),
            "seen_marks": _state(withheld=OURS),
            "failures": _state(withheld=OURS),
        },
    ),
    "subscription": ExpertsTable(
        record="subscription",
        order={"calendar_id": "text"},
        rows=_OF_READING,
        erased_by=Erasure.CASCADE,
        columns={
            "calendar_id": _key("calendar_id"),
            "remote_id": _key("remote_id"),
            "secret_hash": _secret(withheld=USABLE),
            "expires_at": _time("expire_time"),
            "due_at": _time(withheld=OURS),
            "readable": _state(
                withheld="follows from the account's status and the calendar, which are shown"
            ),
        },
    ),
    "ended_subscription": ExpertsTable(
        record="ended_subscription",
        order={"remote_id": "text"},
        rows=_OF_ACCOUNT,
        erased_by=Erasure.CASCADE,
        columns={
            "remote_id": _key("remote_id"),
            "account_id": _key("account_id"),
            "due_at": _time(withheld=OURS),
        },
    ),
    "session": ExpertsTable(
        record="session",
        order={"session_id": "text"},
        rows=_OF_EXPERT,
        erased_by=Erasure.CASCADE,
        key=("expert_id", "session_id"),
        columns={
            "expert_id": _OWN_ID,
            "session_id": _key("session_id"),
            "starts_at": _personal("start_time"),
            "ends_at": _personal("end_time"),
            "details": _sealed("title", "text", "place", "join_url", "reminder_minutes"),
            "cancelled": _state("cancelled"),
            "revision": _state("revision"),
            "written_revision": _state("written_revision"),
            "status": _state("status"),
            "hindrance": _state("hindrance"),
            "failures": _state(withheld=OURS),
            "due_at": _time(withheld=OURS),
            "written_at": _time("write_time"),
            "copy_account_id": _key("event_account_id"),
            "copy_calendar_id": _key("event_calendar_id"),
            "copy_remote_calendar_id": _personal("event_remote_calendar_id"),
            "copy_mark": _key("event_mark"),
            "copy_remote_id": _key("event_remote_id"),
            "copy_reminder_minutes": _state(withheld=UNUSED),
            "copies": _state(withheld=OURS),
            "replacement": _state(withheld=OURS),
            "claimed_by": _secret(withheld=OURS),
            "claimed_until": _time(withheld=OURS),
            "copy_times": _personal("event_times"),
            "copy_written": _sealed(withheld=DIGESTS),
            "copies_left": _personal("events_left_behind"),
            "appearance": _sealed("visibility", "category", "color"),
            "copy_appearance": _sealed(withheld=DIGESTS),
            "ripe_at": _time(withheld=OURS),
            "deaths": _state(withheld=OURS),
            "created_at": _time("create_time"),
            "updated_at": _time("update_time"),
        },
    ),
    "session_mark": ExpertsTable(
        record="event_mark",
        order={"mark": "text"},
        rows=_OF_EXPERT,
        erased_by=Erasure.CASCADE,
        columns={
            "expert_id": _OWN_ID,
            "mark": _key("mark"),
            "session_id": _key("session_id"),
        },
    ),
    "reserved_time": ExpertsTable(
        record="hold",
        order={"hold_id": "text"},
        shown="hold_id IS NOT NULL",
        rows=_OF_EXPERT,
        erased_by=Erasure.CASCADE,
        columns={
            "expert_id": _OWN_ID,
            "hold_id": _key("hold_id"),
            "session_id": _key(withheld="a session's row repeats its own time, which the session shows"),
            "during": _personal("during"),
            "expires_at": _time("expire_time"),
        },
    ),
    "incident": ExpertsTable(
        record="incident",
        order={"incident_id": "text"},
        rows=_OF_EXPERT,
        erased_by=Erasure.CASCADE,
        key=("incident_id",),
        columns={
            "incident_id": _key("incident_id"),
            "account_id": _key("account_id"),
            "expert_id": _OWN_ID,
            "token_hash": _secret(withheld=USABLE),
            "token": _sealed(withheld=f"the secret of the reconnect link: {USABLE}"),
            "opened_at": _time("open_time"),
            "closed_at": _time("close_time"),
            "notices": _state("mail_count"),
            "mail_failures": _state("refused_mail_count"),
            "mail_due_at": _time("next_mail_time"),
            "claimed_by": _secret(withheld=OURS),
            "claimed_until": _time(withheld=OURS),
            "mail_begun_at": _time(withheld=OURS),
            "cause": _state("cause"),
            "deaths": _state(withheld=OURS),
        },
    ),
    "change": ExpertsTable(
        record="change",
        order={"transaction": "xid8", "number": "bigint"},
        rows=_OF_EXPERT,
        erased_by=Erasure.STATEMENT,
        columns={
            "transaction": _state(withheld="its place in the feed"),
            "number": _state(withheld="its place in the feed"),
            "expert_id": _OWN_ID,
            "type": _state("type"),
            "at": _time("time"),
            "account_id": _key("account_id"),
            "calendar_id": _key("calendar_id"),
            "session_id": _key("session_id"),
            "hold_id": _key("hold_id"),
            "incident_id": _key("incident_id"),
            "expires_at": _time("expire_time"),
        },
    ),
    "wish": ExpertsTable(
        rows=_OF_WISH,
        erased_by=Erasure.STATEMENT,
        columns={
            "kind": _state(withheld=OURS),
            "id": _key(withheld="that a calendar or a list be read, by an id that is shown elsewhere"),
            "number": _state(withheld=OURS),
        },
    ),
    "audit_entry": ExpertsTable(
        record="audit_entry",
        order={"at": "timestamptz", "number": "bigint"},
        beside=f"(SELECT key FROM audit_subject WHERE {_OF_EXPERT}) AS key",  # noqa: S608
        rows=f"subject = (SELECT subject FROM audit_subject WHERE {_OF_EXPERT})",  # noqa: S608
        erased_by=Erasure.KEPT,
        columns={
            "number": _key("number"),
            "at": _time("time"),
            "actor": _state("actor"),
            "actor_name": _state("actor_name"),
            "action": _state("action"),
            "subject": _key("subject"),
            "ids": _key("account_id", "session_id", "calendar_ids"),
            "about": _state("about"),
        },
    ),
}
"""The tables whose rows belong to experts; each comes after those that its rows refer to."""

OPERATORS: Final[Mapping[str, OperatorsTable]] = {
    "change_feed": OperatorsTable(
        columns={
            "the_one": Kind.KEY,
            "database": Kind.STATE,
            "history": Kind.STATE,
            "removed_transaction": Kind.STATE,
            "removed_number": Kind.STATE,
        }
    ),
    "caller_credential": OperatorsTable(
        columns={
            "credential_id": Kind.KEY,
            "caller": Kind.STATE,
            "scopes": Kind.STATE,
            "token_sha256": Kind.SECRET,
            "certificate_name": Kind.STATE,
            "limits_times": Kind.STATE,
            "created_at": Kind.TIME,
            "expires_at": Kind.TIME,
            "revoked_at": Kind.TIME,
        },
    ),
    "cell": OperatorsTable(columns={"the_one": Kind.KEY, "name": Kind.STATE, "public_url": Kind.STATE}),
    # Of experts who live in another cell, where an export or an erasure is asked for.
    "moved_expert": OperatorsTable(
        key=("expert_id",),
        columns={
            "expert_id": Kind.KEY,
            "move_id": Kind.KEY,
            "to_cell": Kind.STATE,
            "to_url": Kind.STATE,
            "moved_at": Kind.TIME,
            "package": Kind.SEALED,
        },
    ),
    "moved_link": OperatorsTable(columns={"secret_hash": Kind.SECRET, "expert_id": Kind.KEY}),
    "arrived_expert": OperatorsTable(
        columns={"move_id": Kind.KEY, "given_up": Kind.STATE, "arrived_at": Kind.TIME}
    ),
    "worker": OperatorsTable(
        columns={"worker_id": Kind.KEY, "seen_at": Kind.TIME, "claims_rows": Kind.STATE},
    ),
    "encryption_key": OperatorsTable(
        key=("key_id",),
        columns={"key_id": Kind.KEY, "proof": Kind.SEALED},
    ),
    "key_holder": OperatorsTable(
        columns={"holder_id": Kind.KEY, "key_ids": Kind.KEY, "seen_at": Kind.TIME},
    ),
    "schema_migration": OperatorsTable(
        columns={
            "version": Kind.KEY,
            "name": Kind.STATE,
            "checksum": Kind.STATE,
            "applied_at": Kind.TIME,
            "breaking": Kind.STATE,
        }
    ),
}
"""The tables that belong to whoever runs the service."""

DESERTED: Final = frozenset(
    {"procrastinate_workers", "procrastinate_jobs", "procrastinate_periodic_defers", "procrastinate_events"}
)
"""Tables that only processes of versions long before write to, the operator's, and empty."""


def sealed_columns() -> tuple[SealedColumn, ...]:
    """All columns that hold what was sealed under a key of the ring."""
    tables: dict[str, ExpertsTable | OperatorsTable] = {**EXPERTS, **OPERATORS}
    return tuple(
        SealedColumn(table=name, column=column, key=table.key)
        for name, table in tables.items()
        for column in table.columns_of(Kind.SEALED)
    )
