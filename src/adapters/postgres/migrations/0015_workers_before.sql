-- Workers of the version before learn of a session or a mail by a job of theirs; for rows without one they look only
-- after half a minute. As long as one of them lives, it gets one.

ALTER TABLE worker ADD COLUMN claims_rows boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN worker.claims_rows IS 'False for processes of the version before, which wait for jobs.';

CREATE OR REPLACE FUNCTION wake_workers(kind text, queue text, ids jsonb, at timestamptz DEFAULT NULL) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    IF at IS NULL THEN
        PERFORM pg_notify('calendarsync_due', kind);
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
COMMENT ON FUNCTION wake_workers IS 'Tell workers, once this transaction has committed, that a row is due; of what is due later (at) they know by themselves. Workers of the version before get a job; once none can be left, that part and their tables can go.';
