-- What CalendarSync remembers. Columns of type bytea hold sealed text (see application/ports/cipher.py) or hashes of
-- secrets. Ids are text compared by code point, because the callers' ids are case-sensitive and pages are ordered by them.

CREATE TABLE expert (
    expert_id text COLLATE "C" CONSTRAINT expert_pkey PRIMARY KEY,
    plan text NOT NULL,
    time_zone text NOT NULL,
    person bytea NOT NULL
);
COMMENT ON TABLE expert IS 'The people whose calendars these are. Everything of an expert goes with this row.';
COMMENT ON COLUMN expert.expert_id IS 'The caller''s own id.';
COMMENT ON COLUMN expert.person IS 'Sealed: e-mail address and display name.';

CREATE TABLE account (
    account_id text COLLATE "C" CONSTRAINT account_pkey PRIMARY KEY,
    expert_id text COLLATE "C" NOT NULL
        CONSTRAINT account_expert_fk REFERENCES expert ON DELETE CASCADE,
    provider text NOT NULL,
    tenant_id text COLLATE "C" NOT NULL,
    object_id text COLLATE "C" NOT NULL,
    kind text NOT NULL,
    status text NOT NULL,
    person bytea NOT NULL,
    connected_at timestamptz NOT NULL,
    grant_version integer NOT NULL,
    CONSTRAINT account_identity_unique UNIQUE (expert_id, provider, tenant_id, object_id),
    CONSTRAINT account_expert_unique UNIQUE (account_id, expert_id)
);
COMMENT ON TABLE account IS 'Connected calendar accounts. Disconnecting deletes the row, and grant, calendars and incidents with it.';
COMMENT ON COLUMN account.person IS 'Sealed: e-mail address and display name at the provider.';
COMMENT ON COLUMN account.grant_version IS 'Counts the sign-ins.';
COMMENT ON CONSTRAINT account_expert_unique ON account IS 'Lets an incident be tied to the expert of its account.';

CREATE TABLE account_grant (
    account_id text COLLATE "C" CONSTRAINT account_grant_pkey PRIMARY KEY
        CONSTRAINT account_grant_account_fk REFERENCES account ON DELETE CASCADE,
    scopes text[] NOT NULL,
    secret bytea NOT NULL,
    grant_version integer NOT NULL,
    rotation integer NOT NULL
);
COMMENT ON TABLE account_grant IS 'What the provider gave us for an account.';
COMMENT ON COLUMN account_grant.secret IS 'Sealed: the tokens.';
COMMENT ON COLUMN account_grant.rotation IS 'Counts the renewals since the sign-in of grant_version.';

CREATE TABLE connection_attempt (
    state_hash bytea CONSTRAINT connection_attempt_pkey PRIMARY KEY,
    expert_id text COLLATE "C" NOT NULL
        CONSTRAINT connection_attempt_expert_fk REFERENCES expert ON DELETE CASCADE,
    provider text NOT NULL,
    reconnects text COLLATE "C",
    return_url bytea,
    flow bytea NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX connection_attempt_by_expert ON connection_attempt (expert_id);
CREATE INDEX connection_attempt_by_expiry ON connection_attempt (expires_at);
COMMENT ON TABLE connection_attempt IS 'Sign-ins under way; taking one deletes it.';
COMMENT ON COLUMN connection_attempt.state_hash IS 'SHA-256 of the state that comes back with the redirect; the state itself is not stored.';
COMMENT ON COLUMN connection_attempt.reconnects IS 'Id of the account to reconnect. No foreign key: it may be disconnected meanwhile, which is found when the sign-in ends.';
COMMENT ON COLUMN connection_attempt.flow IS 'Sealed: what the sign-in needs to be finished.';

CREATE TABLE consent_afresh (
    expert_id text COLLATE "C" NOT NULL
        CONSTRAINT consent_afresh_expert_fk REFERENCES expert ON DELETE CASCADE,
    provider text NOT NULL,
    CONSTRAINT consent_afresh_pkey PRIMARY KEY (expert_id, provider)
);
COMMENT ON TABLE consent_afresh IS 'Whose next sign-in must show the consent page, because they disconnected.';

CREATE TABLE calendar (
    calendar_id text COLLATE "C" CONSTRAINT calendar_pkey PRIMARY KEY,
    account_id text COLLATE "C" NOT NULL
        CONSTRAINT calendar_account_fk REFERENCES account ON DELETE CASCADE,
    remote_id text COLLATE "C" NOT NULL,
    details bytea NOT NULL,
    color text NOT NULL,
    is_primary boolean NOT NULL,
    writable boolean NOT NULL,
    shared boolean NOT NULL,
    missing boolean NOT NULL,
    CONSTRAINT calendar_remote_unique UNIQUE (account_id, remote_id) DEFERRABLE INITIALLY DEFERRED
);
COMMENT ON TABLE calendar IS 'The calendars of the accounts, those included that the provider no longer lists.';
COMMENT ON COLUMN calendar.details IS 'Sealed: name of the calendar, name and e-mail address of its owner.';
COMMENT ON CONSTRAINT calendar_remote_unique ON calendar IS 'Deferred, because calendars saved one after the other may hand a remote id on.';

CREATE TABLE calendar_settings (
    expert_id text COLLATE "C" CONSTRAINT calendar_settings_pkey PRIMARY KEY
        CONSTRAINT calendar_settings_expert_fk REFERENCES expert ON DELETE CASCADE,
    conflict_calendar_ids text[] NOT NULL,
    write_calendar_id text COLLATE "C",
    version integer NOT NULL
);
COMMENT ON TABLE calendar_settings IS 'What each expert chose; no row as long as nothing was. Arrays and no foreign keys: a choice outlives its calendar until the rules change it, and every change is one new version of one row.';
COMMENT ON COLUMN calendar_settings.write_calendar_id IS 'The chosen write calendar; null: automatic.';

CREATE TABLE session (
    expert_id text COLLATE "C" NOT NULL
        CONSTRAINT session_expert_fk REFERENCES expert ON DELETE CASCADE,
    session_id text COLLATE "C" NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    details bytea NOT NULL,
    cancelled boolean NOT NULL,
    revision integer NOT NULL,
    written_revision integer NOT NULL,
    status text NOT NULL,
    hindrance text,
    failures integer NOT NULL,
    due_at timestamptz,
    written_at timestamptz,
    copy_account_id text COLLATE "C",
    copy_calendar_id text COLLATE "C",
    copy_remote_calendar_id text COLLATE "C",
    copy_mark text COLLATE "C",
    copy_remote_id text COLLATE "C",
    copy_reminder_minutes integer,
    copies integer NOT NULL,
    replacement text,
    claimed_by text,
    claimed_until timestamptz,
    CONSTRAINT session_pkey PRIMARY KEY (expert_id, session_id),
    CONSTRAINT session_times_ordered CHECK (starts_at < ends_at),
    CONSTRAINT session_copy_whole CHECK (
        num_nonnulls(copy_account_id, copy_calendar_id, copy_remote_calendar_id, copy_mark) IN (0, 4)
        AND (copy_mark IS NOT NULL OR num_nonnulls(copy_remote_id, copy_reminder_minutes) = 0)
    ),
    CONSTRAINT session_claim_whole CHECK (num_nonnulls(claimed_by, claimed_until) IN (0, 2))
);
CREATE INDEX session_by_start ON session (expert_id, starts_at, session_id);
CREATE INDEX session_booked ON session (expert_id, ends_at) INCLUDE (starts_at, session_id) WHERE NOT cancelled;
CREATE INDEX session_due ON session (due_at, expert_id, session_id) WHERE due_at IS NOT NULL;
CREATE INDEX session_waiting ON session (expert_id, starts_at, session_id) WHERE status = 'WAITING';
COMMENT ON TABLE session IS 'Booked sessions: what must be in the calendar (revision), what is (written_revision) and where (copy).';
COMMENT ON COLUMN session.session_id IS 'The caller''s own id, unique within the expert.';
COMMENT ON COLUMN session.details IS 'Sealed: title, text, place, join link, reminder.';
COMMENT ON COLUMN session.copy_account_id IS 'No foreign key, here and in the next columns: sessions outlive the account their event is in.';
COMMENT ON COLUMN session.claimed_by IS 'Token of the one writer, until claimed_until; only claims change these two.';

CREATE TABLE session_mark (
    expert_id text COLLATE "C" NOT NULL,
    mark text COLLATE "C" NOT NULL,
    session_id text COLLATE "C" NOT NULL,
    CONSTRAINT session_mark_pkey PRIMARY KEY (expert_id, mark),
    CONSTRAINT session_mark_session_fk FOREIGN KEY (expert_id, session_id) REFERENCES session ON DELETE CASCADE
);
CREATE INDEX session_mark_by_session ON session_mark (expert_id, session_id);
COMMENT ON TABLE session_mark IS 'Every mark an event of ours was ever given: tells our events from everybody else''s.';
COMMENT ON CONSTRAINT session_mark_session_fk ON session_mark IS 'To the session and not to the expert: a writer holds the session already, and would wait here for whoever erases the expert and waits for the session.';

CREATE TABLE incident (
    incident_id text COLLATE "C" CONSTRAINT incident_pkey PRIMARY KEY,
    account_id text COLLATE "C" NOT NULL,
    expert_id text COLLATE "C" NOT NULL,
    token_hash bytea NOT NULL,
    token bytea NOT NULL,
    opened_at timestamptz NOT NULL,
    closed_at timestamptz,
    notices integer NOT NULL,
    mail_failures integer NOT NULL,
    mail_due_at timestamptz,
    claimed_by text,
    claimed_until timestamptz,
    CONSTRAINT incident_account_fk FOREIGN KEY (account_id, expert_id)
        REFERENCES account (account_id, expert_id) ON DELETE CASCADE,
    CONSTRAINT incident_token_unique UNIQUE (token_hash),
    CONSTRAINT incident_claim_whole CHECK (num_nonnulls(claimed_by, claimed_until) IN (0, 2))
);
CREATE INDEX incident_by_account ON incident (account_id, expert_id);
CREATE UNIQUE INDEX incident_one_open ON incident (account_id) WHERE closed_at IS NULL;
CREATE INDEX incident_due ON incident (mail_due_at, incident_id) WHERE closed_at IS NULL AND mail_due_at IS NOT NULL;
COMMENT ON TABLE incident IS 'Losses of access, at most one open one an account.';
COMMENT ON COLUMN incident.token_hash IS 'SHA-256 of the secret part of the reconnect link.';
COMMENT ON COLUMN incident.token IS 'Sealed: the secret itself, which every mail of the incident carries.';
