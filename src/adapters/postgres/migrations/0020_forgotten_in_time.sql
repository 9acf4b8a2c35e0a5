-- Sessions and incidents that ended long ago are forgotten.

CREATE FUNCTION session_over_at(ends_at timestamptz, copy_times tstzrange[]) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN greatest(
    ends_at,
    upper(copy_times[1]), upper(copy_times[2]), upper(copy_times[3]), upper(copy_times[4]),
    upper(copy_times[5]), upper(copy_times[6]), upper(copy_times[7]), upper(copy_times[8])
);
COMMENT ON FUNCTION session_over_at IS 'When the time of a session is over, and that of its event wherever we may have left it: at eight times at most. Written out, so that it needs no call where it is used.';

-- Of those only that need nothing any more: whatever is due, waits, or has an event that is to be removed is in no index
-- of what may be forgotten.
CREATE INDEX session_done_with ON session (session_over_at(ends_at, copy_times), expert_id, session_id)
    WHERE status IN ('WRITTEN', 'FAILED') AND due_at IS NULL AND copies_left = '[]'
        AND NOT (cancelled AND copy_mark IS NOT NULL);
CREATE INDEX incident_closed ON incident (closed_at, incident_id) WHERE closed_at IS NOT NULL;

ALTER TABLE former_account ADD COLUMN former_since timestamptz NOT NULL DEFAULT now();
COMMENT ON COLUMN former_account.former_since IS 'Of those from before there was this column: since then.';

-- Whoever forgets sessions, of many experts in no order, says so by the setting: they lie far before the time for which
-- processes keep what they know.
LOCK TABLE session IN SHARE ROW EXCLUSIVE MODE;
DROP TRIGGER session_known_removed ON session;
CREATE CONSTRAINT TRIGGER session_known_removed AFTER DELETE ON session DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (
        NOT OLD.cancelled AND current_setting('calendarsync.removes_expired', true) IS DISTINCT FROM 'on'
    ) EXECUTE FUNCTION renew_known_version();
