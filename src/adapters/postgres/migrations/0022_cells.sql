-- A cell is a schema with everything in it; there may be several in a database.

CREATE TABLE cell (
    the_one boolean DEFAULT true CONSTRAINT cell_pkey PRIMARY KEY CONSTRAINT cell_one CHECK (the_one),
    name text NOT NULL
);
INSERT INTO cell (name) VALUES (current_schema());
COMMENT ON TABLE cell IS 'One row: which cell this is.';
COMMENT ON COLUMN cell.name IS 'As its schema is called. In a copy under another name it is not, and processes refuse to serve that until the row says that it is meant.';

CREATE FUNCTION notify_channel(name text) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN current_schema() = 'public' THEN name ELSE name || '.' || current_schema() END
$$;
COMMENT ON FUNCTION notify_channel IS 'Channels belong to the whole database: those of cells are told apart by the cell''s name. In the default cell they are called what they were before there were cells.';

CREATE OR REPLACE FUNCTION wake_workers(kind text, queue text, ids jsonb, at timestamptz DEFAULT NULL) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    IF at IS NULL THEN
        PERFORM pg_notify(notify_channel('calendarsync_due'), kind);
    END IF;
    IF kind IN ('write_session', 'notify_expert')
        AND EXISTS (SELECT FROM worker WHERE NOT claims_rows AND seen_at > now() - interval '1 minute')
    THEN
        INSERT INTO procrastinate_jobs (queue_name, task_name, args, scheduled_at)
        SELECT queue, kind, ids, at WHERE NOT EXISTS (
            SELECT FROM procrastinate_jobs
            WHERE queue_name = queue AND status = 'todo' AND args = ids AND scheduled_at IS NOT DISTINCT FROM at
        );
    END IF;
END $$;
