-- The feed tells of holds and incidents, too, and open incidents are listed.

ALTER TABLE change
    ADD COLUMN hold_id text COLLATE "C",
    ADD COLUMN incident_id text COLLATE "C",
    ADD COLUMN expires_at timestamptz;
COMMENT ON COLUMN change.expires_at IS 'When a hold that was placed ends by itself: no commit tells of that moment.';

CREATE INDEX incident_open ON incident (opened_at, incident_id) WHERE closed_at IS NULL;
CREATE INDEX incident_open_by_expert ON incident (expert_id, opened_at, incident_id) WHERE closed_at IS NULL;
