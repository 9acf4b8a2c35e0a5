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


_OWN_ID: Final = _key("profile.expert_id")
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
        rows=_OF_EXPERT,
        erased_by=Erasure.CASCADE,
        key=("expert_id",),
        columns={
            "expert_id": _OWN_ID,
            "plan": _state("profile.plan"),
            "time_zone": _personal("profile.time_zone"),
            "person": _sealed("profile.email", "profile.display_name"),
        },
    ),
    "audit_subject": ExpertsTable(
        rows=_OF_EXPERT,
        erased_by=Erasure.CASCADE,
        columns={
            "expert_id": _OWN_ID,
            "subject": _key("audit_entry.subject"),
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
        rows=_OF_EXPERT,
        erased_by=Erasure.CASCADE,
        key=("account_id",),
        columns={
            "account_id": _key("account.account_id"),
            "expert_id": _OWN_ID,
            "provider": _state("account.provider"),
            "tenant_id": _personal("account.tenant_id"),
            "object_id": _personal("account.object_id"),
            "kind": _state("account.kind"),
            "status": _state("account.status"),
            "person": _sealed("account.email", "account.display_name"),
            "connected_at": _time("account.connect_time"),
            "grant_version": _state("account.sign_in_count"),
            "list_due_at": _time(withheld=OURS),
            "unserved_since": _time("account.unserved_since_time"),
            "loss_cause": _state("account.loss_cause"),
        },
    ),
    "account_grant": ExpertsTable(
        rows=_OF_ACCOUNT,
        erased_by=Erasure.CASCADE,
        key=("account_id",),
        columns={
            "account_id": _key("account.account_id"),
            "scopes": _state("account.granted_scopes"),
            "secret": _sealed(withheld=f"the tokens: {USABLE}; the export says that a grant is held"),
            "grant_version": _state("account.sign_in_count"),
            "rotation": _state("account.renewal_count"),
            "use_audited_on": _time(withheld="the audit log shows it"),
            "claimed_by": _secret(withheld=OURS),
            "claimed_until": _time(withheld=OURS),
        },
    ),
    "former_account": ExpertsTable(
        rows=_OF_EXPERT,
        erased_by=Erasure.CASCADE,
        columns={
            "account_id": _key("former_account.account_id"),
            "expert_id": _OWN_ID,
            "provider": _state("former_account.provider"),
            "tenant_id": _personal("former_account.tenant_id"),
            "object_id": _personal("former_account.object_id"),
            "former_since": _time(withheld=OURS),
        },
    ),
    "connection_attempt": ExpertsTable(
        rows=_OF_EXPERT,
        erased_by=Erasure.CASCADE,
        key=("state_hash",),
        columns={
            "state_hash": _secret(withheld=USABLE),
            "expert_id": _OWN_ID,
            "provider": _state("connection_attempt.provider"),
            "reconnects": _key("connection_attempt.reconnects_account_id"),
            "return_url": _sealed(withheld="where the caller's own page is; says nothing of the person"),
            "flow": _sealed(withheld=f"what finishes the sign-in: {USABLE}"),
            "expires_at": _time("connection_attempt.expire_time"),
        },
    ),
    "consent_afresh": ExpertsTable(
        rows=_OF_EXPERT,
        erased_by=Erasure.CASCADE,
        columns={"expert_id": _OWN_ID, "provider": _state("calendar_choices.consent_afresh_providers")},
    ),
    "calendar": ExpertsTable(
        rows=_OF_ACCOUNT,
        erased_by=Erasure.CASCADE,
        key=("calendar_id",),
        columns={
            "calendar_id": _key("calendar.calendar_id"),
            "account_id": _key("calendar.account_id"),
            "remote_id": _key("calendar.remote_id"),
            "details": _sealed("calendar.name", "calendar.owner_name", "calendar.owner_email"),
            "color": _state("calendar.color"),
            "is_primary": _state("calendar.primary"),
            "writable": _state("calendar.writable"),
            "shared": _state("calendar.shared"),
            "missing": _state("calendar.missing"),
            "refused_at": _time("calendar.refuse_time"),
            "demands": _state("calendar.demanded_scopes"),
        },
    ),
    "calendar_settings": ExpertsTable(
        rows=_OF_EXPERT,
        erased_by=Erasure.CASCADE,
        columns={
            "expert_id": _OWN_ID,
            "conflict_calendar_ids": _key("calendar_choices.conflict_calendar_ids"),
            "write_calendar_id": _key("calendar_choices.write_calendar_id"),
            "version": _state("calendar_choices.version"),
        },
    ),
    "reading": ExpertsTable(
        rows=_OF_EXPERT,
        erased_by=Erasure.CASCADE,
        columns={
            "calendar_id": _key("reading.calendar_id"),
            "expert_id": _OWN_ID,
            "window_start": _time("reading.window"),
            "window_end": _time("reading.window"),
            "read_at": _time(withheld="since when the times are as they are; the last look's time is shown"),
            "zone": _personal("reading.time_zone"),
            "busy": _personal("reading.busy"),
            "due_at": _time(withheld=UNUSED),
            "marks": _state(withheld=UNUSED),
            "failures": _state(withheld=UNUSED),
            "deviations": _personal("reading.deviations"),
        },
    ),
    "reading_schedule": ExpertsTable(
        rows=_OF_EXPERT,
        erased_by=Erasure.TRIGGER,
        columns={
            "expert_id": _OWN_ID,
            "calendar_id": _key("reading.calendar_id"),
            "account_id": _key("calendar.account_id"),
            "readable": _state(
                withheld="follows from the account's status and the calendar, which are shown"
            ),
            "due_at": _time(withheld=OURS),
            "read_at": _time("reading.read_time"),
            "begun_at": _time(withheld=OURS),
            "marks": _state(withheld=OURS),
            "seen_marks": _state(withheld=OURS),
            "failures": _state(withheld=OURS),
        },
    ),
    "subscription": ExpertsTable(
        rows=_OF_READING,
        erased_by=Erasure.CASCADE,
        columns={
            "calendar_id": _key("subscription.calendar_id"),
            "remote_id": _key("subscription.remote_id"),
            "secret_hash": _secret(withheld=USABLE),
            "expires_at": _time("subscription.expire_time"),
            "due_at": _time(withheld=OURS),
            "readable": _state(
                withheld="follows from the account's status and the calendar, which are shown"
            ),
        },
    ),
    "ended_subscription": ExpertsTable(
        rows=_OF_ACCOUNT,
        erased_by=Erasure.CASCADE,
        columns={
            "remote_id": _key("subscription.remote_id"),
            "account_id": _key("subscription.account_id"),
            "due_at": _time(withheld=OURS),
        },
    ),
    "session": ExpertsTable(
        rows=_OF_EXPERT,
        erased_by=Erasure.CASCADE,
        key=("expert_id", "session_id"),
        columns={
            "expert_id": _OWN_ID,
            "session_id": _key("session.session_id"),
            "starts_at": _personal("session.interval"),
            "ends_at": _personal("session.interval"),
            "details": _sealed("session.details"),
            "cancelled": _state("session.cancelled"),
            "revision": _state("session.revision"),
            "written_revision": _state("session.written_revision"),
            "status": _state("session.status"),
            "hindrance": _state("session.hindrance"),
            "failures": _state(withheld=OURS),
            "due_at": _time(withheld=OURS),
            "written_at": _time("session.write_time"),
            "copy_account_id": _key("session.events.account_id"),
            "copy_calendar_id": _key("session.events.calendar_id"),
            "copy_remote_calendar_id": _key("session.events.remote_calendar_id"),
            "copy_mark": _key("session.events.mark"),
            "copy_remote_id": _key("session.events.remote_id"),
            "copy_reminder_minutes": _state(withheld=UNUSED),
            "copies": _state(withheld=OURS),
            "replacement": _state(withheld=OURS),
            "claimed_by": _secret(withheld=OURS),
            "claimed_until": _time(withheld=OURS),
            "copy_times": _personal("session.events.intervals"),
            "copy_written": _sealed(withheld=DIGESTS),
            "copies_left": _personal("session.events"),
            "ripe_at": _time(withheld=OURS),
            "deaths": _state(withheld=OURS),
        },
    ),
    "session_mark": ExpertsTable(
        rows=_OF_EXPERT,
        erased_by=Erasure.CASCADE,
        columns={
            "expert_id": _OWN_ID,
            "mark": _key("session.marks"),
            "session_id": _key("session.session_id"),
        },
    ),
    "reserved_time": ExpertsTable(
        rows=_OF_EXPERT,
        erased_by=Erasure.CASCADE,
        columns={
            "expert_id": _OWN_ID,
            "hold_id": _key("hold.hold_id"),
            "session_id": _key("session.session_id"),
            "during": _personal("hold.interval", "session.interval"),
            "expires_at": _time("hold.expire_time"),
        },
    ),
    "incident": ExpertsTable(
        rows=_OF_EXPERT,
        erased_by=Erasure.CASCADE,
        key=("incident_id",),
        columns={
            "incident_id": _key("incident.incident_id"),
            "account_id": _key("incident.account_id"),
            "expert_id": _OWN_ID,
            "token_hash": _secret(withheld=USABLE),
            "token": _sealed(withheld=f"the secret of the reconnect link: {USABLE}"),
            "opened_at": _time("incident.open_time"),
            "closed_at": _time("incident.close_time"),
            "notices": _state("incident.mail_count"),
            "mail_failures": _state("incident.refused_mail_count"),
            "mail_due_at": _time("incident.next_mail_time"),
            "claimed_by": _secret(withheld=OURS),
            "claimed_until": _time(withheld=OURS),
            "mail_begun_at": _time(withheld=OURS),
            "cause": _state("incident.cause"),
            "deaths": _state(withheld=OURS),
        },
    ),
    "change": ExpertsTable(
        rows=_OF_EXPERT,
        erased_by=Erasure.STATEMENT,
        columns={
            "transaction": _state(withheld="its place in the feed"),
            "number": _state(withheld="its place in the feed"),
            "expert_id": _OWN_ID,
            "type": _state("change.type"),
            "at": _time("change.time"),
            "account_id": _key("change.account_id"),
            "calendar_id": _key("change.calendar_id"),
            "session_id": _key("change.session_id"),
            "hold_id": _key("change.hold_id"),
            "incident_id": _key("change.incident_id"),
            "expires_at": _time("change.expire_time"),
        },
    ),
    "wish": ExpertsTable(
        rows=_OF_WISH,
        erased_by=Erasure.STATEMENT,
        columns={
            "kind": _state(withheld=OURS),
            "id": _key("account.account_id", "calendar.calendar_id"),
            "number": _state(withheld=OURS),
        },
    ),
    "audit_entry": ExpertsTable(
        rows=f"subject IN (SELECT subject FROM audit_subject WHERE {_OF_EXPERT})",  # noqa: S608
        erased_by=Erasure.KEPT,
        columns={
            "number": _key("audit_entry.number"),
            "at": _time("audit_entry.time"),
            "actor": _state("audit_entry.actor"),
            "actor_name": _state("audit_entry.actor_name"),
            "action": _state("audit_entry.action"),
            "subject": _key("audit_entry.subject"),
            "ids": _key("audit_entry.account_id", "audit_entry.session_id", "audit_entry.calendar_ids"),
            "about": _state("audit_entry.about"),
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
