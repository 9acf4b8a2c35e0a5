-- Whose account an event is in, also after the account was disconnected, and the events that were left behind so.

CREATE TABLE former_account (
    account_id text COLLATE "C" CONSTRAINT former_account_pkey PRIMARY KEY,
    expert_id text COLLATE "C" NOT NULL
        CONSTRAINT former_account_expert_fk REFERENCES expert ON DELETE CASCADE,
    provider text NOT NULL,
    tenant_id text COLLATE "C" NOT NULL,
    object_id text COLLATE "C" NOT NULL
);
CREATE INDEX former_account_by_identity ON former_account (expert_id, provider, tenant_id, object_id);
COMMENT ON TABLE former_account IS 'Disconnected accounts, until the same expert connects the same identity again: events of sessions may be left in them.';

ALTER TABLE session ADD COLUMN copies_left jsonb NOT NULL DEFAULT '[]';
CREATE INDEX session_with_copies_left ON session (expert_id) WHERE copies_left <> '[]';
COMMENT ON COLUMN session.copies_left IS 'Events that another one took the place of while their accounts were disconnected: to be removed once these are back. Of each: account, calendar, the provider''s ids, mark and times.';
