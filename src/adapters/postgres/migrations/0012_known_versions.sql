-- A version of what answers show of an expert's time, so that processes can keep it and ask whether it is still true.

-- What happens from here on is followed. In the order in which everybody writes these.
LOCK TABLE expert, account, calendar, reading, session, reserved_time IN SHARE ROW EXCLUSIVE MODE;

CREATE TABLE known_version (
    expert_id text COLLATE "C" CONSTRAINT known_version_pkey PRIMARY KEY,
    version xid8 NOT NULL DEFAULT pg_current_xact_id()
) WITH (fillfactor = 50);
COMMENT ON TABLE known_version IS 'One row for each expert. Written by triggers only, and last in each transaction. Half of each page is left free, so that rows can be updated in place.';
COMMENT ON COLUMN known_version.expert_id IS 'No foreign key: a cascade would lock this row before the expert''s readings, and whoever stores one locks it after them.';
COMMENT ON COLUMN known_version.version IS 'The last transaction that changed what answers show of the expert, but for when readings were last true, which reading_schedule says. No number is given twice, so none comes back.';

INSERT INTO known_version (expert_id) SELECT expert_id FROM expert;

CREATE FUNCTION begin_known_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO known_version (expert_id) VALUES (NEW.expert_id)
    ON CONFLICT (expert_id) DO UPDATE SET version = excluded.version;  -- erased and made again in one transaction
    RETURN NULL;
END $$;
CREATE TRIGGER expert_known AFTER INSERT ON expert FOR EACH ROW EXECUTE FUNCTION begin_known_version();

-- The triggers are deferred, so that the version's row is locked after all others and for the length of the commit only:
-- taken earlier, it would be the second lock of one transaction and the first of another. A transaction that changes
-- what is shown of several experts must do so in the order of their ids. Rows are updated and never made here: whoever
-- is being erased is not found.
CREATE FUNCTION renew_known_version() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    changed text := CASE WHEN TG_OP = 'DELETE' THEN OLD.expert_id ELSE NEW.expert_id END;
BEGIN
    UPDATE known_version SET version = pg_current_xact_id()
    WHERE expert_id = changed AND version <> pg_current_xact_id();
    RETURN NULL;
END $$;

CREATE FUNCTION end_known_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM known_version
    WHERE expert_id = OLD.expert_id AND NOT EXISTS (SELECT FROM expert WHERE expert_id = OLD.expert_id);
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER expert_known_no_more AFTER DELETE ON expert DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION end_known_version();

-- Whether the calendar is a conflict calendar is not asked: that may be changing in a transaction that can't be seen yet.
CREATE FUNCTION renew_known_version_by_calendar() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE known_version SET version = pg_current_xact_id()
    FROM account
    WHERE account_id = NEW.account_id AND known_version.expert_id = account.expert_id
        AND version <> pg_current_xact_id();
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER expert_known_changed AFTER UPDATE ON expert DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (OLD.time_zone IS DISTINCT FROM NEW.time_zone)
    EXECUTE FUNCTION renew_known_version();

CREATE CONSTRAINT TRIGGER account_known_changed AFTER UPDATE ON account DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN ((OLD.provider, OLD.status) IS DISTINCT FROM (NEW.provider, NEW.status))
    EXECUTE FUNCTION renew_known_version();

CREATE CONSTRAINT TRIGGER calendar_known_changed AFTER UPDATE ON calendar DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW
    WHEN ((OLD.account_id, OLD.remote_id, OLD.missing) IS DISTINCT FROM (NEW.account_id, NEW.remote_id, NEW.missing))
    EXECUTE FUNCTION renew_known_version_by_calendar();

CREATE CONSTRAINT TRIGGER reading_known_added AFTER INSERT ON reading DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION renew_known_version();
CREATE CONSTRAINT TRIGGER reading_known_changed AFTER UPDATE ON reading DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (
        (OLD.window_start, OLD.window_end, OLD.zone, OLD.busy, OLD.deviations)
        IS DISTINCT FROM (NEW.window_start, NEW.window_end, NEW.zone, NEW.busy, NEW.deviations)
    ) EXECUTE FUNCTION renew_known_version();
CREATE CONSTRAINT TRIGGER reading_known_removed AFTER DELETE ON reading DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION renew_known_version();

CREATE CONSTRAINT TRIGGER session_known_added AFTER INSERT ON session DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NOT NEW.cancelled) EXECUTE FUNCTION renew_known_version();
CREATE CONSTRAINT TRIGGER session_known_changed AFTER UPDATE ON session DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW
    WHEN ((OLD.starts_at, OLD.ends_at, OLD.cancelled) IS DISTINCT FROM (NEW.starts_at, NEW.ends_at, NEW.cancelled))
    EXECUTE FUNCTION renew_known_version();
CREATE CONSTRAINT TRIGGER session_known_removed AFTER DELETE ON session DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NOT OLD.cancelled) EXECUTE FUNCTION renew_known_version();

-- Of reserved times only holds are shown. Whoever removes what has expired, of many experts in no order, says so by the
-- setting: everybody knows when a hold ends, so that changes no answer.
CREATE CONSTRAINT TRIGGER reserved_time_known_added AFTER INSERT ON reserved_time DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.hold_id IS NOT NULL) EXECUTE FUNCTION renew_known_version();
CREATE CONSTRAINT TRIGGER reserved_time_known_changed AFTER UPDATE ON reserved_time DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (
        (OLD.hold_id, OLD.during, OLD.expires_at) IS DISTINCT FROM (NEW.hold_id, NEW.during, NEW.expires_at)
    ) EXECUTE FUNCTION renew_known_version();
CREATE CONSTRAINT TRIGGER reserved_time_known_removed AFTER DELETE ON reserved_time DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (
        OLD.hold_id IS NOT NULL AND current_setting('calendarsync.removes_expired', true) IS DISTINCT FROM 'on'
    ) EXECUTE FUNCTION renew_known_version();
