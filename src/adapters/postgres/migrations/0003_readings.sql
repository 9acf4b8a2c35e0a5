-- Stored readings and their schedule, subscriptions, reserved times, and the feed of changes.
-- A due time of 1970 means "at once, before everything that has a time".

CREATE EXTENSION IF NOT EXISTS btree_gist;

ALTER TABLE account ADD COLUMN list_due_at timestamptz NOT NULL DEFAULT 'epoch';
CREATE INDEX account_list_due ON account (list_due_at, account_id) WHERE status = 'ACTIVE';
COMMENT ON COLUMN account.list_due_at IS 'When to look at the account''s list of calendars again.';

CREATE SEQUENCE reading_mark;
COMMENT ON SEQUENCE reading_mark IS 'One for all rows: a mark of a row made anew never looks like one of the row before it.';

CREATE TABLE reading (
    calendar_id text COLLATE "C" CONSTRAINT reading_pkey PRIMARY KEY
        CONSTRAINT reading_calendar_fk REFERENCES calendar ON DELETE CASCADE,
    expert_id text COLLATE "C" NOT NULL,
    window_start timestamptz,
    window_end timestamptz,
    read_at timestamptz,
    zone text,
    busy bytea,
    due_at timestamptz NOT NULL DEFAULT 'epoch',
    marks bigint NOT NULL DEFAULT nextval('reading_mark'),
    failures integer NOT NULL DEFAULT 0,
    CONSTRAINT reading_whole CHECK (num_nonnulls(window_start, window_end, read_at, zone, busy) IN (0, 5))
) WITH (toast_tuple_target = 8160);
-- A value of a usual size stays in its row as it is: unpacking would cost more than reading it.
ALTER TABLE reading ALTER COLUMN busy SET STORAGE EXTERNAL;
CREATE INDEX reading_by_expert ON reading (expert_id);
CREATE INDEX reading_due ON reading (due_at, calendar_id);
COMMENT ON TABLE reading IS 'One row for each conflict calendar, with the last look at it; follows calendar_settings.conflict_calendar_ids.';
COMMENT ON COLUMN reading.expert_id IS 'Of the calendar''s account, repeated since every question asks by expert. No foreign key: the calendar''s is enough.';
COMMENT ON COLUMN reading.busy IS 'Microseconds since 1970 as 64-bit little-endian integers, start and end by turns, ascending. No event, no event id.';
COMMENT ON COLUMN reading.zone IS 'The expert''s time zone that days were counted in.';
COMMENT ON COLUMN reading.marks IS 'The last word that something changed: greater than what a reader began with means another look.';

CREATE TABLE subscription (
    calendar_id text COLLATE "C" CONSTRAINT subscription_pkey PRIMARY KEY
        CONSTRAINT subscription_reading_fk REFERENCES reading ON DELETE CASCADE,
    remote_id text COLLATE "C" CONSTRAINT subscription_remote_unique UNIQUE,
    secret_hash bytea,
    expires_at timestamptz,
    due_at timestamptz NOT NULL DEFAULT 'epoch',
    CONSTRAINT subscription_whole CHECK (num_nonnulls(remote_id, secret_hash, expires_at) IN (0, 3))
);
CREATE INDEX subscription_due ON subscription (due_at, calendar_id);
COMMENT ON TABLE subscription IS 'One row for each conflict calendar: the subscription to its changes, or when to ask for one.';
COMMENT ON COLUMN subscription.secret_hash IS 'SHA-256 of what each notification must carry.';
COMMENT ON COLUMN subscription.due_at IS 'When to renew it, to create it, or to try again.';

CREATE TABLE reserved_time (
    expert_id text COLLATE "C" NOT NULL CONSTRAINT reserved_time_expert_fk REFERENCES expert ON DELETE CASCADE,
    hold_id text COLLATE "C",
    session_id text COLLATE "C",
    during tstzrange NOT NULL,
    expires_at timestamptz,
    CONSTRAINT reserved_time_hold_unique UNIQUE (expert_id, hold_id),
    CONSTRAINT reserved_time_session_unique UNIQUE (expert_id, session_id),
    CONSTRAINT reserved_time_session_fk FOREIGN KEY (expert_id, session_id) REFERENCES session ON DELETE CASCADE,
    CONSTRAINT reserved_time_whole CHECK (
        num_nonnulls(hold_id, session_id) = 1 AND (hold_id IS NULL) = (expires_at IS NULL)
    ),
    CONSTRAINT reserved_time_overlap EXCLUDE USING gist (expert_id WITH =, during WITH &&)
);
CREATE INDEX reserved_time_by_expiry ON reserved_time (expires_at) WHERE expires_at IS NOT NULL;
COMMENT ON TABLE reserved_time IS 'Times given to one only: holds until they expire, and the sessions whose time was checked.';

CREATE TABLE change (
    transaction xid8 NOT NULL DEFAULT pg_current_xact_id(),
    number bigint GENERATED ALWAYS AS IDENTITY,
    expert_id text COLLATE "C" NOT NULL,
    type text NOT NULL,
    at timestamptz NOT NULL,
    account_id text COLLATE "C",
    calendar_id text COLLATE "C",
    session_id text COLLATE "C",
    CONSTRAINT change_pkey PRIMARY KEY (transaction, number)
);
CREATE INDEX change_by_expert ON change (expert_id, transaction, number);
COMMENT ON TABLE change IS 'The feed, in the order of its key. Rows are read once no transaction before theirs is open any more, so none ever appears before a place that was read.';
COMMENT ON COLUMN change.expert_id IS 'No foreign key, here and in the next columns: a writer holds rows of the expert already, and would wait here for whoever erases the expert and waits for those rows.';

CREATE TABLE change_feed (
    the_one boolean DEFAULT true CONSTRAINT change_feed_pkey PRIMARY KEY CONSTRAINT change_feed_one CHECK (the_one),
    database text NOT NULL,
    history bigint NOT NULL,
    removed_transaction xid8 NOT NULL,
    removed_number bigint NOT NULL
);
INSERT INTO change_feed (database, history, removed_transaction, removed_number) VALUES ('', 0, '0', 0);
COMMENT ON TABLE change_feed IS 'One row, on the feed as a whole.';
COMMENT ON COLUMN change_feed.database IS 'The cluster and the database whose transaction numbers are in the feed. Elsewhere, as after a dump and restore, they mean nothing: the first process that finds itself elsewhere empties the feed and gives it another history.';
COMMENT ON COLUMN change_feed.history IS 'In every cursor: those of another history have expired. To expire all cursors, change it.';
COMMENT ON COLUMN change_feed.removed_transaction IS 'With the number: the greatest place whose change was removed for its age. Who asks from before it has missed something.';

CREATE INDEX procrastinate_jobs_waiting_by_calendar ON procrastinate_jobs (queue_name, (args ->> 'calendar_id'))
    WHERE status = 'todo' AND args ? 'calendar_id';

-- Here and not in the program: a process of the version before, which knows of no readings, chooses calendars as well.
CREATE FUNCTION follow_conflict_calendars() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- In the order in which everybody takes several.
    WITH dropped AS (
        SELECT calendar_id FROM reading
        WHERE expert_id = NEW.expert_id AND calendar_id <> ALL (NEW.conflict_calendar_ids)
        ORDER BY calendar_id
        FOR UPDATE
    )
    DELETE FROM reading USING dropped WHERE reading.calendar_id = dropped.calendar_id;
    -- Locked, so that one whose account is being removed is skipped instead of missed by the foreign key.
    WITH mine AS (
        SELECT calendar_id FROM calendar JOIN account USING (account_id)
        WHERE account.expert_id = NEW.expert_id AND calendar_id = ANY (NEW.conflict_calendar_ids)
        ORDER BY calendar_id
        FOR KEY SHARE OF calendar
    ), added AS (
        INSERT INTO reading (calendar_id, expert_id) SELECT calendar_id, NEW.expert_id FROM mine
        ON CONFLICT DO NOTHING
        RETURNING calendar_id
    )
    INSERT INTO subscription (calendar_id) SELECT calendar_id FROM added;
    RETURN NULL;
END $$;
LOCK TABLE calendar_settings IN SHARE ROW EXCLUSIVE MODE;  -- what is chosen from here on is followed
CREATE TRIGGER calendar_settings_followed AFTER INSERT OR UPDATE OF conflict_calendar_ids ON calendar_settings
    FOR EACH ROW EXECUTE FUNCTION follow_conflict_calendars();
COMMENT ON FUNCTION follow_conflict_calendars IS 'Rows of reading for an expert''s conflict calendars and for no others; a row of subscription comes and goes with each.';

-- What was chosen before, spread over the first minutes so that the provider isn't asked for everything at once.
INSERT INTO reading (calendar_id, expert_id, due_at)
SELECT calendar_id, account.expert_id, now() + random() * interval '10 minutes'
FROM calendar_settings
    JOIN account USING (expert_id)
    JOIN calendar USING (account_id)
WHERE calendar_id = ANY (conflict_calendar_ids);
INSERT INTO subscription (calendar_id, due_at)
SELECT calendar_id, now() + random() * interval '1 hour' FROM reading;
UPDATE account SET list_due_at = now() + random() * interval '1 hour';
