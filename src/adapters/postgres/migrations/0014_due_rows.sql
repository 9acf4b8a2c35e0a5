-- Everything that keeps calendars fresh is claimed straight from the rows that say it is due.

-- What can't be kept is in no index of what is due, as with readings.
LOCK TABLE account, calendar IN SHARE ROW EXCLUSIVE MODE;
ALTER TABLE subscription ADD COLUMN readable boolean NOT NULL DEFAULT true;
COMMENT ON COLUMN subscription.readable IS 'As in reading_schedule, and set with it.';
UPDATE subscription SET readable = false
FROM reading_schedule
WHERE reading_schedule.calendar_id = subscription.calendar_id AND NOT reading_schedule.readable;
CREATE INDEX subscription_claimable ON subscription (due_at, calendar_id) WHERE readable;

CREATE OR REPLACE FUNCTION follow_conflict_calendars() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM reading
    WHERE expert_id = NEW.expert_id AND calendar_id <> ALL (NEW.conflict_calendar_ids)
    ORDER BY calendar_id
    FOR UPDATE;
    PERFORM FROM reading_schedule
    WHERE expert_id = NEW.expert_id AND calendar_id <> ALL (NEW.conflict_calendar_ids)
    ORDER BY calendar_id
    FOR UPDATE;
    DELETE FROM reading WHERE expert_id = NEW.expert_id AND calendar_id <> ALL (NEW.conflict_calendar_ids);
    -- Locked, so that one whose account is being removed is skipped instead of missed by the foreign key, and so that
    -- nobody finds an account lost or a calendar missing before the schedule can say so. First the account, as whoever
    -- removes it does.
    WITH mine AS (
        SELECT calendar_id FROM account JOIN calendar USING (account_id)
        WHERE account.expert_id = NEW.expert_id AND calendar_id = ANY (NEW.conflict_calendar_ids)
        ORDER BY calendar_id
        FOR SHARE OF account, calendar
    )
    INSERT INTO reading (calendar_id, expert_id) SELECT calendar_id, NEW.expert_id FROM mine
    ON CONFLICT DO NOTHING;
    INSERT INTO subscription (calendar_id, readable)
    SELECT calendar_id, readable FROM reading_schedule WHERE expert_id = NEW.expert_id
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION plan_readable_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM reading JOIN calendar USING (calendar_id) WHERE account_id = NEW.account_id
    ORDER BY calendar_id
    FOR NO KEY UPDATE OF reading;
    PERFORM FROM reading_schedule JOIN calendar USING (calendar_id)
    WHERE expert_id = NEW.expert_id AND calendar.account_id = NEW.account_id
    ORDER BY calendar_id
    FOR NO KEY UPDATE OF reading_schedule;
    WITH changed AS (
        UPDATE reading_schedule SET readable = NOT missing AND NEW.status = 'ACTIVE'
        FROM calendar
        WHERE calendar.account_id = NEW.account_id AND reading_schedule.calendar_id = calendar.calendar_id
            AND reading_schedule.expert_id = NEW.expert_id
        RETURNING reading_schedule.calendar_id, readable
    )
    UPDATE subscription SET readable = changed.readable FROM changed
    WHERE subscription.calendar_id = changed.calendar_id;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION plan_readable_calendar() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM reading WHERE calendar_id = NEW.calendar_id FOR NO KEY UPDATE;
    WITH changed AS (
        UPDATE reading_schedule SET readable = NOT NEW.missing AND status = 'ACTIVE'
        FROM account
        WHERE account.account_id = NEW.account_id AND reading_schedule.expert_id = account.expert_id
            AND reading_schedule.calendar_id = NEW.calendar_id
        RETURNING reading_schedule.calendar_id, readable
    )
    UPDATE subscription SET readable = changed.readable FROM changed
    WHERE subscription.calendar_id = changed.calendar_id;
    RETURN NULL;
END $$;

CREATE TABLE wish (
    kind text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    number bigint GENERATED ALWAYS AS IDENTITY,
    CONSTRAINT wish_pkey PRIMARY KEY (kind, id, number)
);
COMMENT ON TABLE wish IS 'That a calendar be read, or an account''s list of calendars, by those who must not wait for its row because of what they hold. Taken over into the row by the next claim; hardly ever more than one of a kind and id. No foreign key, which would wait as well.';
COMMENT ON COLUMN wish.id IS 'Of the calendar (read_calendar) or the account (refresh_calendars).';

CREATE TABLE ended_subscription (
    remote_id text COLLATE "C" CONSTRAINT ended_subscription_pkey PRIMARY KEY,
    account_id text COLLATE "C" NOT NULL
        CONSTRAINT ended_subscription_account_fk REFERENCES account ON DELETE CASCADE,
    due_at timestamptz NOT NULL DEFAULT 'epoch'
);
CREATE INDEX ended_subscription_by_account ON ended_subscription (account_id);
CREATE INDEX ended_subscription_due ON ended_subscription (due_at, remote_id);
COMMENT ON TABLE ended_subscription IS 'Subscriptions that are kept no more and that the provider is still to be told of.';
