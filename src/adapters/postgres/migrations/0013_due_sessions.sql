-- Workers claim what is due straight from the rows: what is new before what is tried again, and expert by expert.

ALTER TABLE session
    ADD COLUMN ripe_at timestamptz,
    ADD COLUMN deaths smallint NOT NULL DEFAULT 0;
COMMENT ON COLUMN session.ripe_at IS 'As due_at of a waiting session once its time has come; any other due_at makes it unripe again, whoever sets it.';
COMMENT ON COLUMN session.deaths IS 'How many workers in a row have died while they had it claimed.';
ALTER TABLE incident ADD COLUMN deaths smallint NOT NULL DEFAULT 0;
COMMENT ON COLUMN incident.deaths IS 'How many workers in a row have died while they had it claimed.';

-- By expert, so that a claim goes from one to the next, however many sessions of one are due.
CREATE INDEX session_new ON session (expert_id, due_at, starts_at, session_id)
    WHERE status = 'PENDING' AND due_at IS NOT NULL;
CREATE INDEX session_ripe ON session (expert_id, due_at, starts_at, session_id)
    WHERE status = 'WAITING' AND ripe_at = due_at;
CREATE INDEX session_unripe ON session (due_at, expert_id, session_id)
    WHERE status = 'WAITING' AND due_at IS NOT NULL AND ripe_at IS DISTINCT FROM due_at;
COMMENT ON INDEX session_new IS 'All are due at once.';
COMMENT ON INDEX session_ripe IS 'Those that wait and are due. Apart from those that are not due yet, which may be very many.';

CREATE INDEX incident_new ON incident (mail_due_at, incident_id)
    WHERE closed_at IS NULL AND mail_due_at IS NOT NULL AND mail_failures = 0;
CREATE INDEX incident_tried ON incident (mail_due_at, incident_id)
    WHERE closed_at IS NULL AND mail_due_at IS NOT NULL AND mail_failures > 0;

CREATE FUNCTION wake_workers(kind text, queue text, ids jsonb, at timestamptz DEFAULT NULL) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    IF at IS NULL THEN
        PERFORM pg_notify('calendarsync_due', kind);
    END IF;
END $$;
COMMENT ON FUNCTION wake_workers IS 'Tell workers, once this transaction has committed, that a row is due; of what is due later (at) they know by themselves.';
