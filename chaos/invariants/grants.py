"""No grant is lost: each connected account reads and renews without a new sign-in, unless its owner withdrew it."""

from chaos.cast import Expert
from chaos.invariants.evidence import Evidence, Facts


async def no_grant_is_lost(evidence: Evidence) -> Facts:
    """Every active account needs a new token for this, and every lost one is one that was taken away."""
    world = evidence.here.sandbox.world
    evidence.known.remember_tokens(world.grants)
    world.grants.expire_access_tokens()
    facts: Facts = []
    for expert in evidence.here.cast:
        if expert.expert_id in evidence.known.experts:
            facts += await _of(evidence, expert)
    return facts


async def _of(evidence: Evidence, expert: Expert) -> Facts:
    await evidence.connecting.calendars(expert, refresh=True)
    who = {"expert_id": expert.expert_id}
    accounts = await evidence.look.rows(
        "SELECT account_id, object_id, status, list_due_at > now() + interval '30 minutes' AS listed"
        " FROM account WHERE expert_id = %(expert_id)s",
        **who,
    )
    facts: Facts = []
    for account in accounts:
        person = evidence.here.sandbox.world.people.get(account["object_id"]).key
        withdrawn = (expert.expert_id, person) in evidence.known.revoked
        if account["status"] == "RECONNECT_REQUIRED" and not withdrawn:
            facts.append(f"{expert.expert_id} has lost the access to {person}, and nobody took it away")
        if account["status"] == "ACTIVE" and not account["listed"]:
            facts.append(f"{expert.expert_id} can't read the list of {person} though its account is active")
    return facts


async def no_account_is_half(evidence: Evidence) -> Facts:
    """Each has its grant and its calendars, and its expert is there; nothing is left of a sign-in that ended."""
    rows = await evidence.look.rows(
        """
        SELECT 'account without a grant: ' || account_id AS fact FROM account
            WHERE NOT EXISTS (SELECT FROM account_grant WHERE account_grant.account_id = account.account_id)
        UNION ALL SELECT 'account without calendars: ' || account_id FROM account
            WHERE NOT EXISTS (SELECT FROM calendar WHERE calendar.account_id = account.account_id)
        UNION ALL SELECT 'identity connected twice by ' || expert_id FROM account
            GROUP BY expert_id, provider, tenant_id, object_id HAVING count(*) > 1
        UNION ALL SELECT 'sign-in kept after its end: ' || expert_id FROM connection_attempt
            WHERE expires_at < now() - interval '10 seconds'
        UNION ALL SELECT 'calendar checked that is not there: ' || one FROM calendar_settings,
            unnest(conflict_calendar_ids) AS one WHERE one NOT IN (SELECT calendar_id FROM calendar)
        """
    )
    return [row["fact"] for row in rows]
