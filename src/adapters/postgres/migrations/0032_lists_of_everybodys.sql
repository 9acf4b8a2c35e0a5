-- When experts and sessions came and last changed, and everybody's sessions and holds in an order that lists go by.

ALTER TABLE expert ADD COLUMN created_at timestamptz, ADD COLUMN updated_at timestamptz NOT NULL DEFAULT now();
ALTER TABLE expert ALTER COLUMN created_at SET DEFAULT now();
COMMENT ON COLUMN expert.created_at IS 'Null of those from before there was this column.';
COMMENT ON COLUMN expert.updated_at IS 'When callers last saw something else of the expert; of those from before there was this column: since then.';

ALTER TABLE session ADD COLUMN created_at timestamptz, ADD COLUMN updated_at timestamptz NOT NULL DEFAULT now();
ALTER TABLE session ALTER COLUMN created_at SET DEFAULT now();
COMMENT ON COLUMN session.created_at IS 'Null of those from before there was this column.';
COMMENT ON COLUMN session.updated_at IS 'When callers last saw something else of the session or its event; of those from before there was this column: since then.';

CREATE INDEX session_by_update ON session (status COLLATE "C", updated_at, expert_id, session_id);
COMMENT ON INDEX session_by_update IS 'By status first, since few wait among very many that are written. In a collation of its own, so that it is no choice for other questions about those that wait: the planner would take it for the ripe ones, and read all.';

-- It has the old one's order, and goes on where two holds end at once.
DROP INDEX reserved_time_by_expiry;
CREATE INDEX reserved_time_by_expiry ON reserved_time (expires_at, expert_id, hold_id) WHERE expires_at IS NOT NULL;

-- Processes of the version before change experts and sessions, and don't know the columns.

CREATE FUNCTION update_now() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at := now();
    RETURN NEW;
END $$;
COMMENT ON FUNCTION update_now IS 'To be dropped, with its triggers, when no process of a version before 0032 runs any more.';
CREATE TRIGGER expert_updated BEFORE UPDATE OF plan ON expert FOR EACH ROW
    WHEN (NEW.updated_at = OLD.updated_at) EXECUTE FUNCTION update_now();
CREATE TRIGGER session_updated BEFORE UPDATE OF status, copy_account_id ON session FOR EACH ROW
    WHEN (
        NEW.updated_at = OLD.updated_at
        AND (NEW.revision, NEW.written_revision, NEW.status, NEW.hindrance, NEW.written_at, NEW.copy_account_id,
            NEW.copy_calendar_id, NEW.copy_remote_id, NEW.replacement)
        IS DISTINCT FROM (OLD.revision, OLD.written_revision, OLD.status, OLD.hindrance, OLD.written_at,
            OLD.copy_account_id, OLD.copy_calendar_id, OLD.copy_remote_id, OLD.replacement)
    ) EXECUTE FUNCTION update_now();
