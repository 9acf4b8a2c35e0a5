-- The feed tells of holds and incidents, too.

ALTER TABLE change
    ADD COLUMN hold_id text COLLATE "C",
    ADD COLUMN incident_id text COLLATE "C",
    ADD COLUMN expires_at timestamptz;
COMMENT ON COLUMN change.expires_at IS 'When a hold that was placed ends by itself: no commit tells of that moment.';
