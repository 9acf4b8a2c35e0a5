-- Which way a sign-in was begun, and those that wait for the caller to confirm whose browser it was.

ALTER TABLE connection_attempt ADD COLUMN way text;
COMMENT ON COLUMN connection_attempt.way IS 'How it was begun, which says where it may be finished; null: by a process of the version before, which didn''t say.';

CREATE TABLE pending_connection (
    token_hash bytea CONSTRAINT pending_connection_pkey PRIMARY KEY,
    expert_id text COLLATE "C" NOT NULL
        CONSTRAINT pending_connection_expert_fk REFERENCES expert ON DELETE CASCADE,
    provider text NOT NULL,
    tenant_id text COLLATE "C" NOT NULL,
    object_id text COLLATE "C" NOT NULL,
    reconnects text COLLATE "C",
    sign_in bytea,
    account_id text COLLATE "C",
    reconnected boolean NOT NULL DEFAULT false,
    expires_at timestamptz NOT NULL,
    CONSTRAINT pending_connection_waits_or_done CHECK (num_nonnulls(sign_in, account_id) = 1)
);
CREATE INDEX pending_connection_by_expert ON pending_connection (expert_id);
CREATE INDEX pending_connection_by_expiry ON pending_connection (expires_at);
CREATE UNIQUE INDEX pending_connection_one_waits ON pending_connection (expert_id, provider, tenant_id, object_id)
    WHERE sign_in IS NOT NULL;
COMMENT ON TABLE pending_connection IS 'Sign-ins that came back and are connected only once the caller has confirmed whose browser it was; then, for a while, which account that was.';
COMMENT ON COLUMN pending_connection.token_hash IS 'SHA-256 of the one-time token that the browser brought to the caller; the token itself is not stored.';
COMMENT ON COLUMN pending_connection.reconnects IS 'Id of the account to reconnect, as in connection_attempt.';
COMMENT ON COLUMN pending_connection.sign_in IS 'Sealed: who signed in, the grant, and the calendars; null once it was confirmed.';
COMMENT ON COLUMN pending_connection.account_id IS 'What it became. No foreign key: the account may be disconnected meanwhile.';
