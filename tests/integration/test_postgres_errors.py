"""What callers get for what PostgreSQL refuses."""

import psycopg
import psycopg_pool
import pytest

from adapters.postgres.errors import BY_CONSTRAINT, translated
from adapters.postgres.store import TransactionBroken
from application.ports.store import StoreUnavailable
from domain.expert import ExpertNotFound
from domain.hold import TimeTaken
from domain.session import SessionNotFound
from tests.builders import (
    EXPERT,
    NOW,
    a_calendar,
    a_grant,
    a_hold,
    a_remote_calendar,
    a_session,
    an_account,
    an_identity,
    an_incident,
)
from tests.support.stores import KeptByPostgres, put_expert

NOT_FOR_CALLERS = {
    "arrived_expert_pkey": "deciding twice is deciding once",
    "cell_one": "the row is made by the migration",
    "cell_pkey": "the row is made by the migration",
    "moved_expert_pkey": "whoever has left has no row to leave with",
    "moved_link_expert_fk": "the links are added with their expert",
    "moved_link_pkey": "a link that is known is known",
    "account_expert_unique": "follows from the primary key",
    "account_identity_unique": "callers look first, under the expert's lock",
    "account_pkey": "the service's own ids are unguessable",
    "audit_entry_ids_of_subject": "who is known by no subject has no ids",
    "audit_entry_pkey": "numbers are given one after the other",
    "audit_subject_expert_fk": "the expert's row is held, or nothing is noted",
    "audit_subject_pkey": "noting a subject twice is noting it",
    "audit_subject_unique": "subjects are unguessable",
    "calendar_pkey": "saving replaces",
    "calendar_remote_unique": "callers reconcile, under the account's lock",
    "calendar_settings_pkey": "saving compares versions",
    "caller_credential_pkey": "the service's own ids are unguessable",
    "caller_credential_proof": "one statement sets one of both",
    "connection_attempt_pkey": "states are unguessable",
    "change_pkey": "numbers are given one after the other",
    "change_feed_one": "the row is there from the beginning",
    "change_feed_pkey": "the row is there from the beginning",
    "consent_afresh_pkey": "asking twice is asking",
    "account_grant_claim_whole": "one statement sets both",
    "account_grant_pkey": "saving replaces",
    "ended_subscription_account_fk": "choosing has locked the account's row, by its expert",
    "ended_subscription_pkey": "ending twice is ending",
    "encryption_key_pkey": "showing a key again is showing it",
    "expert_pkey": "putting replaces",
    "former_account_expert_fk": "disconnecting has locked the expert's row",
    "former_account_pkey": "an account is disconnected once",
    "incident_claim_whole": "one statement sets both",
    "incident_pkey": "the service's own ids are unguessable",
    "incident_token_unique": "tokens are unguessable",
    "key_holder_pkey": "showing life again is showing life",
    "known_version_pkey": "it is added with its expert, who was not there",
    "pending_connection_pkey": "tokens are unguessable",
    "pending_connection_waits_or_done": "one statement sets both",
    "reading_calendar_fk": "choosing has locked the calendar's row",
    "reading_schedule_pkey": "it is added with its reading, which was not there",
    "reading_schedule_reading_fk": "it is added with its reading",
    "reading_expert_unique": "so is the calendar's id alone",
    "reading_pkey": "choosing skips what is chosen already",
    "reading_whole": "one statement sets all",
    "reserved_time_expert_fk": "reserving has locked the expert's row",
    "reserved_time_hold_unique": "holding replaces",
    "reserved_time_session_fk": "reserving has looked, under the expert's lock",
    "reserved_time_session_unique": "reserving replaces",
    "reserved_time_whole": "holds have an end and sessions have none",
    "session_claim_whole": "one statement sets both",
    "session_copy_whole": "the type of a copy has them all",
    "session_mark_session_fk": "saving has changed the session's row, and so holds it",
    "session_mark_pkey": "remembering twice is remembering",
    "session_pkey": "adding asks",
    "session_times_ordered": "no interval is reversed",
    "subscription_pkey": "it is added with its reading, which was not there",
    "subscription_reading_fk": "it is added with its reading",
    "subscription_remote_unique": "providers' ids of subscriptions are unique",
    "subscription_whole": "one statement sets all",
    "uncheckable_is_known": "the domain knows these reasons only",
    "wish_pkey": "numbers are given one after the other",
    "worker_pkey": "showing life again is showing life",
}
"""Every other constraint, and why nobody runs into it unless we err."""


PASSING = [
    psycopg.errors.lookup(sqlstate)()
    for sqlstate in (
        # the connection
        "08000",
        "08001",
        "08003",
        "08004",
        "08006",
        # read-only, and the time-outs of whole transactions
        "25006",
        "25P03",
        "25P04",
        # deadlocks and the like
        "40001",
        "40003",
        "40P01",
        # full
        "53000",
        "53100",
        "53200",
        "53300",
        # lock_timeout
        "55P03",
        # statement_timeout; shutting down, crashed, starting up, dropped; idle_session_timeout
        "57000",
        "57014",
        "57P01",
        "57P02",
        "57P03",
        "57P04",
        "57P05",
        # its disk
        "58000",
        "58030",
    )
]


async def test_every_constraint_is_either_translated_or_out_of_reach(kept: KeptByPostgres) -> None:
    rows = await kept.rows(
        """
        SELECT conname FROM pg_constraint JOIN pg_class ON pg_class.oid = conrelid
        WHERE connamespace = 'public'::regnamespace AND contype NOT IN ('n', 't')
            AND relname NOT LIKE 'procrastinate%%' AND relname <> 'schema_migration'
        """
    )
    by_triggers = {"expert_elsewhere"}
    found = {str(row["conname"]) for row in rows} | by_triggers
    assert sorted(found) == sorted([*BY_CONSTRAINT, *NOT_FOR_CALLERS])


async def test_a_broken_reference_is_the_owner_not_found(kept: KeptByPostgres) -> None:
    with pytest.raises(ExpertNotFound) as caught:
        async with kept.transaction() as tx:
            await tx.sessions.add(a_session())
    assert isinstance(caught.value.__cause__, psycopg.errors.ForeignKeyViolation)


@pytest.mark.parametrize("second", [an_account("two", identity=an_identity()), an_account("one")])
async def test_a_second_account_of_one_identity_is_a_fault_of_ours(
    kept: KeptByPostgres, second: object
) -> None:
    await put_expert(kept)
    assert isinstance(second, type(an_account()))
    with pytest.raises(psycopg.errors.UniqueViolation):
        async with kept.transaction() as tx:
            await tx.accounts.add(an_account("one", identity=an_identity()), a_grant())
            await tx.accounts.add(second, a_grant())


async def test_two_calendars_of_an_account_never_keep_one_remote_id(kept: KeptByPostgres) -> None:
    """Two refreshes at once that both take a calendar for new must not make it two."""
    await put_expert(kept)
    async with kept.transaction() as tx:
        await tx.accounts.add(an_account(), a_grant())
    with pytest.raises(psycopg.errors.UniqueViolation):
        async with kept.transaction() as tx:
            await tx.calendars.save([a_calendar(name, remote=a_remote_calendar("same")) for name in "ab"])


async def test_an_incident_belongs_to_the_expert_of_its_account(kept: KeptByPostgres) -> None:
    await put_expert(kept)
    async with kept.transaction() as tx:
        await tx.accounts.add(an_account(), a_grant())
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        async with kept.pool.connection() as connection:
            await connection.execute(
                "INSERT INTO incident VALUES ('i', 'account-1', 'other', '', '', now(), NULL, 0, 0, NULL)"
            )
    async with kept.transaction() as tx:
        assert await tx.incidents.add(an_incident())


async def test_overlapping_times_are_refused_by_the_database_itself(kept: KeptByPostgres) -> None:
    """Whoever forgets to look first is not served either."""
    await put_expert(kept)
    async with kept.transaction() as tx:
        await tx.reserved.hold(a_hold(), now=NOW)
    with pytest.raises(TimeTaken) as caught:
        async with translated(), kept.pool.connection() as connection:
            await connection.execute(
                """
                INSERT INTO reserved_time (expert_id, hold_id, during, expires_at)
                SELECT expert_id, 'second', during, expires_at FROM reserved_time
                """
            )
    assert isinstance(caught.value.__cause__, psycopg.errors.ExclusionViolation)


async def test_going_on_after_a_failed_statement_is_no_commit(kept: KeptByPostgres) -> None:
    """PostgreSQL answers a COMMIT of such a transaction with a silent rollback."""
    await put_expert(kept)
    with pytest.raises(TransactionBroken):
        async with kept.transaction() as tx:
            await tx.sessions.add(a_session())
            with pytest.raises(psycopg.errors.ForeignKeyViolation):
                await tx.sessions.add(a_session(expert_id="nobody"))
    async with kept.transaction() as tx:
        with pytest.raises(SessionNotFound):
            await tx.sessions.get(a_session().expert_id, a_session().session_id)


@pytest.mark.parametrize(
    "fault",
    [
        psycopg.OperationalError(),
        *PASSING,
        psycopg_pool.PoolTimeout(),
        psycopg_pool.TooManyRequests(),
        psycopg_pool.PoolClosed(),
    ],
    ids=lambda fault: type(fault).__name__,
)
async def test_what_passes_by_itself_is_unavailability(fault: psycopg.Error) -> None:
    with pytest.raises(StoreUnavailable) as caught:
        async with translated():
            raise fault
    assert caught.value.__cause__ is fault


@pytest.mark.parametrize("setting", ["statement_timeout", "lock_timeout", "transaction_timeout"])
async def test_a_time_out_that_an_administrator_set_is_unavailability(
    kept: KeptByPostgres, setting: str
) -> None:
    """transaction_timeout needs PostgreSQL 17."""
    await put_expert(kept)
    async with kept.pool.connection() as locking, locking.transaction():
        await locking.execute("LOCK TABLE expert IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(StoreUnavailable):
            async with kept.store.transaction() as tx:
                await tx.connection.execute(
                    "SELECT set_config(%(setting)s, '20ms', true)", {"setting": setting}
                )
                await tx.experts.get(EXPERT)
    async with kept.transaction() as tx:
        assert (await tx.experts.get(EXPERT)).expert_id == EXPERT


@pytest.mark.parametrize("setting", ["idle_in_transaction_session_timeout", "transaction_timeout"])
async def test_a_transaction_that_was_ended_while_it_idled_is_unavailability(
    kept: KeptByPostgres, setting: str
) -> None:
    await put_expert(kept)
    with pytest.raises(StoreUnavailable):
        async with kept.store.transaction() as tx:
            await tx.connection.execute("SELECT set_config(%(setting)s, '20ms', true)", {"setting": setting})
            ours = tx.connection.info.backend_pid
            while await kept.rows("SELECT FROM pg_stat_activity WHERE pid = %(pid)s", pid=ours):
                pass
            await tx.experts.get(EXPERT)


async def test_a_table_that_a_migration_has_changed_is_unavailable_once(kept: KeptByPostgres) -> None:
    """To a process of the version before, whose statements are prepared."""
    everything = b"SELECT * FROM migrated"
    async with kept.pool.connection() as migrating, kept.pool.connection() as before:
        await migrating.execute("CREATE TABLE migrated (one int)")
        try:
            for _ in range(10):
                await before.execute(everything)
            await migrating.execute("ALTER TABLE migrated ADD COLUMN another int")
            with pytest.raises(StoreUnavailable):
                async with translated(), before.transaction():
                    await before.execute(everything)
            async with translated(), before.transaction():
                assert (await before.execute(everything)).rowcount == 0
        finally:
            await migrating.execute("DROP TABLE migrated")


async def test_what_is_too_large_is_no_matter_of_waiting() -> None:
    for fault in (psycopg.errors.ProgramLimitExceeded(), psycopg.errors.StatementTooComplex()):
        with pytest.raises(type(fault)):
            async with translated():
                raise fault


async def test_faults_of_ours_stay_what_they_are() -> None:
    for fault in (psycopg.errors.UndefinedColumn(), psycopg.errors.UniqueViolation(), KeyError("x")):
        with pytest.raises(type(fault)) as caught:
            async with translated():
                raise fault
        assert caught.value is fault
