-- What is known of whether an account's calendars can be read and written at all.

ALTER TABLE account ADD COLUMN unserved_since timestamptz;
COMMENT ON COLUMN account.unserved_since IS 'Since when the provider says that the account has no mailbox; null while it has one.';

ALTER TABLE calendar
    ADD COLUMN refused_at timestamptz,
    ADD COLUMN demands text[] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN calendar.refused_at IS 'When it last refused an event although its list calls it writable; null while it is not known to.';
COMMENT ON COLUMN calendar.demands IS 'The permissions that writing there takes beyond the usual ones, as far as refusals taught.';

ALTER TABLE account_grant
    ADD COLUMN claimed_by text,
    ADD COLUMN claimed_until timestamptz,
    ADD CONSTRAINT account_grant_claim_whole CHECK (num_nonnulls(claimed_by, claimed_until) IN (0, 2));
COMMENT ON COLUMN account_grant.claimed_by IS 'Token of the one process that renews it, until claimed_until.';

CREATE INDEX session_delayed ON session (copy_account_id, due_at, expert_id, session_id)
    WHERE status = 'WAITING' AND hindrance = 'PROVIDER_UNAVAILABLE';
COMMENT ON INDEX session_delayed IS 'For those who know that the provider works again.';
