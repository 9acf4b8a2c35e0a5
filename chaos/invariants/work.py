"""Nothing is left over: no work without end, no claim of the dead, no reading of what is gone, no table that grows."""

import asyncio

from chaos.invariants.evidence import Evidence, Facts
from chaos.program import DEAD_AFTER


async def nothing_is_left_to_do(evidence: Evidence) -> Facts:
    rows = await evidence.look.rows(
        """
        SELECT 'wish: ' || kind || ' ' || id AS fact FROM wish
        UNION ALL SELECT 'ended subscription: ' || remote_id FROM ended_subscription
        UNION ALL SELECT 'session claimed: ' || session_id || ' by ' || claimed_by FROM session
            WHERE claimed_by IS NOT NULL
        UNION ALL SELECT 'incident claimed: ' || incident_id || ' by ' || claimed_by FROM incident
            WHERE claimed_by IS NOT NULL
        UNION ALL SELECT 'hold kept after its end: ' || hold_id FROM reserved_time
            WHERE expires_at < now() - interval '10 seconds'
        UNION ALL SELECT 'change kept too long: ' || type FROM change WHERE at < now() - interval '8 days'
        """
    )
    return [row["fact"] for row in rows]


async def only_the_living_are_listed(evidence: Evidence) -> Facts:
    """As workers: as many as there are, once the dead have been silent for long enough."""
    there = len([one for one in evidence.here.fleet.of_role("worker") if one.runs])
    end = asyncio.get_running_loop().time() + 2 * DEAD_AFTER.total_seconds()
    while True:
        (row,) = await evidence.look.rows("SELECT count(*) AS number FROM worker")
        if row["number"] == there:
            return []
        if asyncio.get_running_loop().time() > end:
            return [f"{row['number']} workers are listed, and {there} live"]
        await asyncio.sleep(0.1)


async def nothing_is_read_that_is_gone(evidence: Evidence) -> Facts:
    """No busy time and no schedule of a calendar that nobody checks, of a disconnected account, of an erased expert."""
    rows = await evidence.look.rows(
        """
        WITH checked AS (
            SELECT calendar.calendar_id, account.expert_id
            FROM calendar_settings, unnest(conflict_calendar_ids) AS one (calendar_id)
                JOIN calendar USING (calendar_id) JOIN account USING (account_id)
            WHERE account.expert_id = calendar_settings.expert_id
        )
        SELECT 'reading of ' || calendar_id AS fact FROM reading
            WHERE (calendar_id, expert_id) NOT IN (SELECT calendar_id, expert_id FROM checked)
        UNION ALL SELECT 'no reading of ' || calendar_id FROM checked
            WHERE calendar_id NOT IN (SELECT calendar_id FROM reading)
        UNION ALL SELECT 'no schedule of ' || calendar_id FROM reading
            WHERE calendar_id NOT IN (SELECT calendar_id FROM reading_schedule)
        UNION ALL SELECT 'schedule of ' || calendar_id FROM reading_schedule
            WHERE calendar_id NOT IN (SELECT calendar_id FROM reading)
        UNION ALL SELECT 'subscription of ' || calendar_id FROM subscription
            WHERE calendar_id NOT IN (SELECT calendar_id FROM reading)
        UNION ALL SELECT 'no subscription of ' || calendar_id FROM reading
            WHERE calendar_id NOT IN (SELECT calendar_id FROM subscription)
        UNION ALL SELECT 'known version of ' || expert_id FROM known_version
            WHERE expert_id NOT IN (SELECT expert_id FROM expert)
        UNION ALL SELECT 'expert without a known version: ' || expert_id FROM expert
            WHERE expert_id NOT IN (SELECT expert_id FROM known_version)
        UNION ALL SELECT 'something of an expert who is not there: ' || expert_id FROM (
            SELECT expert_id FROM account UNION SELECT expert_id FROM session UNION SELECT expert_id FROM reserved_time
            UNION SELECT expert_id FROM calendar_settings UNION SELECT expert_id FROM former_account
            UNION SELECT expert_id FROM connection_attempt UNION SELECT expert_id FROM incident
        ) AS whatever WHERE expert_id NOT IN (SELECT expert_id FROM expert)
        """
    )
    return [row["fact"] for row in rows]


async def every_time_reserved_is_of_somebody(evidence: Evidence) -> Facts:
    rows = await evidence.look.rows(
        """
        SELECT reserved_time.session_id FROM reserved_time LEFT JOIN session USING (expert_id, session_id)
        WHERE reserved_time.session_id IS NOT NULL
            AND (session.session_id IS NULL OR cancelled OR during <> tstzrange(starts_at, ends_at))
        """
    )
    return [f"the time of {row['session_id']} is reserved, and the session has another" for row in rows]


async def only_connected_mailboxes_are_asked(evidence: Evidence) -> Facts:
    """Since everything settled: whoever is connected by nobody is asked for nothing."""
    world = evidence.here.sandbox.world
    rows = await evidence.look.rows("SELECT object_id FROM account")
    connected = {world.people.get(row["object_id"]).key for row in rows}
    asked = {
        one.person
        for one in world.traffic.requests
        if one.surface == "graph" and one.person is not None and one.at > evidence.settled_at
    }
    return [f"{one} is asked for something, and connected by nobody" for one in sorted(asked - connected)]
