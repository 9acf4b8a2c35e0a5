"""One mail for each loss of access: none is missing, and none comes twice unless nobody could know of the first."""

from collections import Counter

from chaos.invariants.evidence import Evidence, Facts


async def every_loss_is_mailed_once(evidence: Evidence) -> Facts:
    mails = Counter(one.message_id.strip("<>").partition("@")[0] for one in evidence.here.sandbox.mails)
    facts = [
        f"the mail {message_id} came {times} times"
        for message_id, times in mails.items()
        if times > 1 and message_id.rpartition(".")[0] not in evidence.look.uncertain
    ]
    losses = await evidence.look.rows(
        """
        SELECT account.account_id, account.expert_id, incident_id, notices, mail_due_at
        FROM account LEFT JOIN incident ON incident.account_id = account.account_id AND closed_at IS NULL
        WHERE status = 'RECONNECT_REQUIRED'
        """
    )
    for row in losses:
        if row["incident_id"] is None:
            facts.append(f"{row['account_id']} of {row['expert_id']} is lost without an incident")
        elif row["notices"] < 1 or f"{row['incident_id']}.1" not in mails:
            facts.append(
                f"{row['expert_id']} was not mailed of {row['incident_id']}: {row['notices']} notices"
            )
    needless = await evidence.look.rows(
        "SELECT incident_id FROM incident JOIN account USING (account_id)"
        " WHERE closed_at IS NULL AND cause <> 'MAILBOX_NOT_SERVED' AND status = 'ACTIVE'"
    )
    return facts + [f"{row['incident_id']} is open, and its account is active" for row in needless]


async def every_mail_is_of_a_loss(evidence: Evidence) -> Facts:
    """To the right expert, and to nobody else."""
    addresses = {one.email for one in evidence.here.cast}
    return [
        f"a mail went to {one.recipients}"
        for one in evidence.here.sandbox.mails
        if len(one.recipients) != 1 or not addresses.issuperset(one.recipients)
    ]
