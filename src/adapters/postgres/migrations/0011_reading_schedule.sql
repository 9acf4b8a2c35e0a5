-- When each conflict calendar was looked at and is due again moves to a narrow table, so that a look which finds nothing
-- new never touches the row that holds the busy time.

-- What happens from here on is followed. In the order in which everybody writes these.
LOCK TABLE account, calendar IN SHARE ROW EXCLUSIVE MODE;
LOCK TABLE reading IN ACCESS EXCLUSIVE MODE;

-- Let the schedule refer to readings by what everybody looks for them by.
ALTER TABLE reading ADD CONSTRAINT reading_expert_unique UNIQUE (expert_id, calendar_id);
DROP INDEX reading_by_expert;
COMMENT ON CONSTRAINT reading_expert_unique ON reading IS 'Every question asks by expert; and the schedule refers to it.';
COMMENT ON TABLE reading IS 'One row for each conflict calendar, with what the last look found; follows calendar_settings.conflict_calendar_ids. Written only when something differs.';
COMMENT ON COLUMN reading.read_at IS 'When this was found first, or after it had been written anew; reading_schedule.read_at says when it was last true.';
COMMENT ON COLUMN reading.due_at IS 'No longer used, like marks and failures: reading_schedule has them. Processes of the version before write here, and a trigger carries that over.';

CREATE TABLE reading_schedule (
    expert_id text COLLATE "C" NOT NULL,
    calendar_id text COLLATE "C" NOT NULL,
    account_id text COLLATE "C" NOT NULL,
    readable boolean NOT NULL,
    due_at timestamptz NOT NULL,
    read_at timestamptz,
    begun_at timestamptz,
    marks bigint NOT NULL,
    seen_marks bigint NOT NULL,
    failures integer NOT NULL,
    CONSTRAINT reading_schedule_pkey PRIMARY KEY (expert_id, calendar_id) WITH (fillfactor = 70),
    CONSTRAINT reading_schedule_reading_fk FOREIGN KEY (expert_id, calendar_id)
        REFERENCES reading (expert_id, calendar_id) ON DELETE CASCADE
) WITH (fillfactor = 50);
CREATE INDEX reading_schedule_due ON reading_schedule (due_at, calendar_id) WHERE readable;
CREATE INDEX reading_schedule_marked ON reading_schedule (due_at, calendar_id) WHERE readable AND marks > seen_marks;
COMMENT ON TABLE reading_schedule IS 'One row beside each of reading: when it was last true, and when to look again. Half of each page is left free, so that read_at can be updated in place.';
COMMENT ON COLUMN reading_schedule.account_id IS 'Of the calendar. No foreign key: the one to the reading is enough.';
COMMENT ON COLUMN reading_schedule.readable IS 'Whether the calendar is there and its account is active. What can''t be read is in no index of what is due.';
COMMENT ON COLUMN reading_schedule.begun_at IS 'When the look began that has not ended yet; null when none is under way. In no index: its end is an update in place.';
COMMENT ON COLUMN reading_schedule.marks IS 'The last word that something changed: greater than what a look began with means another one.';
COMMENT ON COLUMN reading_schedule.seen_marks IS 'The last word that a look took account of: it began after that.';

INSERT INTO reading_schedule (expert_id, calendar_id, account_id, readable, due_at, read_at, marks, seen_marks, failures)
SELECT account.expert_id, calendar_id, account_id, NOT missing AND status = 'ACTIVE', due_at, read_at, marks, marks,
    failures
FROM reading JOIN calendar USING (calendar_id) JOIN account USING (account_id);

-- Everybody locks in this order: reading, reading_schedule, subscription; and of several calendars by their ids.

CREATE FUNCTION plan_new_reading() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO reading_schedule
        (expert_id, calendar_id, account_id, readable, due_at, read_at, marks, seen_marks, failures)
    SELECT NEW.expert_id, NEW.calendar_id, account_id, NOT missing AND status = 'ACTIVE', NEW.due_at, NEW.read_at,
        NEW.marks, NEW.marks, NEW.failures
    FROM calendar JOIN account USING (account_id) WHERE calendar_id = NEW.calendar_id;
    RETURN NULL;
END $$;
CREATE TRIGGER reading_planned AFTER INSERT ON reading FOR EACH ROW EXECUTE FUNCTION plan_new_reading();

-- A cascade would take the subscription before the schedule, in the order in which its constraints were made.
CREATE FUNCTION unplan_reading() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM reading WHERE calendar_id = OLD.calendar_id FOR UPDATE;
    DELETE FROM reading_schedule WHERE expert_id = OLD.expert_id AND calendar_id = OLD.calendar_id;
    RETURN OLD;
END $$;
CREATE TRIGGER reading_unplanned BEFORE DELETE ON reading FOR EACH ROW EXECUTE FUNCTION unplan_reading();

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
    ), added AS (
        INSERT INTO reading (calendar_id, expert_id) SELECT calendar_id, NEW.expert_id FROM mine
        ON CONFLICT DO NOTHING
        RETURNING calendar_id
    )
    INSERT INTO subscription (calendar_id) SELECT calendar_id FROM added;
    RETURN NULL;
END $$;

CREATE FUNCTION plan_readable_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM reading JOIN calendar USING (calendar_id) WHERE account_id = NEW.account_id
    ORDER BY calendar_id
    FOR NO KEY UPDATE OF reading;
    PERFORM FROM reading_schedule JOIN calendar USING (calendar_id)
    WHERE expert_id = NEW.expert_id AND calendar.account_id = NEW.account_id
    ORDER BY calendar_id
    FOR NO KEY UPDATE OF reading_schedule;
    UPDATE reading_schedule SET readable = NOT missing AND NEW.status = 'ACTIVE'
    FROM calendar
    WHERE calendar.account_id = NEW.account_id AND reading_schedule.calendar_id = calendar.calendar_id
        AND reading_schedule.expert_id = NEW.expert_id;
    RETURN NULL;
END $$;
CREATE TRIGGER account_readable AFTER UPDATE OF status ON account FOR EACH ROW
    WHEN (OLD.status IS DISTINCT FROM NEW.status) EXECUTE FUNCTION plan_readable_account();

CREATE FUNCTION plan_readable_calendar() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM reading WHERE calendar_id = NEW.calendar_id FOR NO KEY UPDATE;
    UPDATE reading_schedule SET readable = NOT NEW.missing AND status = 'ACTIVE'
    FROM account
    WHERE account.account_id = NEW.account_id AND reading_schedule.expert_id = account.expert_id
        AND reading_schedule.calendar_id = NEW.calendar_id;
    RETURN NULL;
END $$;
CREATE TRIGGER calendar_readable AFTER UPDATE OF missing ON calendar FOR EACH ROW
    WHEN (OLD.missing IS DISTINCT FROM NEW.missing) EXECUTE FUNCTION plan_readable_calendar();

-- Only processes of the version before name these columns: what they write is carried over. They know nothing of looks
-- and marks that came since by newer processes, which therefore must not be undone.
CREATE FUNCTION carry_schedule_over() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    present timestamptz := clock_timestamp();
    planned reading_schedule;
BEGIN
    SELECT * INTO planned FROM reading_schedule WHERE expert_id = NEW.expert_id AND calendar_id = NEW.calendar_id
    FOR UPDATE;  -- which waits for whoever looks whether anything overlaps, as storing does
    IF NEW.read_at IS DISTINCT FROM OLD.read_at THEN  -- a look
        IF planned.read_at > NEW.read_at AND planned.read_at <= present + interval '1 second' THEN
            RETURN NULL;  -- a later one is there: nothing is stored, and the process is told so
        END IF;
        planned.read_at := NEW.read_at;
        planned.begun_at := NULL;
        planned.failures := 0;
        planned.due_at := CASE WHEN planned.marks > planned.seen_marks THEN least(planned.due_at, NEW.read_at)
            ELSE NEW.due_at END;
    ELSIF NEW.marks > OLD.marks THEN  -- a mark
        planned.marks := greatest(planned.marks, NEW.marks);
        planned.due_at := least(planned.due_at, NEW.due_at);
    ELSIF NEW.failures > OLD.failures THEN  -- a failure, no news when another look ended since that one began
        IF planned.read_at IS NULL OR planned.read_at < present - interval '2 minutes' THEN
            planned.failures := planned.failures + 1;
            planned.due_at := NEW.due_at;
        END IF;
    ELSE  -- left to the one who begins to read it, or put off
        planned.due_at := greatest(planned.due_at, NEW.due_at);
    END IF;
    UPDATE reading_schedule
    SET read_at = planned.read_at, begun_at = planned.begun_at, due_at = planned.due_at, marks = planned.marks,
        failures = planned.failures
    WHERE expert_id = NEW.expert_id AND calendar_id = NEW.calendar_id;
    RETURN NEW;
END $$;
CREATE TRIGGER reading_carried_over BEFORE UPDATE OF due_at, marks, failures ON reading
    FOR EACH ROW EXECUTE FUNCTION carry_schedule_over();
COMMENT ON FUNCTION carry_schedule_over IS 'To be dropped with the columns, when no process of version 0010 runs any more.';
