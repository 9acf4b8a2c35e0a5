-- Who chooses calendars locks their accounts before any reading, as whoever finds an account lost does: its status is
-- carried over to the schedule by a trigger. In the other order the two waited for each other.

CREATE OR REPLACE FUNCTION follow_conflict_calendars() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Locked, so that one whose account is being removed is skipped instead of missed by the foreign key, and so that
    -- nobody finds an account lost or a calendar missing before the schedule can say so. First the account, as whoever
    -- removes it does.
    PERFORM FROM account JOIN calendar USING (account_id)
    WHERE account.expert_id = NEW.expert_id AND calendar_id = ANY (NEW.conflict_calendar_ids)
    ORDER BY calendar_id
    FOR SHARE OF account, calendar;
    PERFORM FROM reading
    WHERE expert_id = NEW.expert_id AND calendar_id <> ALL (NEW.conflict_calendar_ids)
    ORDER BY calendar_id
    FOR UPDATE;
    PERFORM FROM reading_schedule
    WHERE expert_id = NEW.expert_id AND calendar_id <> ALL (NEW.conflict_calendar_ids)
    ORDER BY calendar_id
    FOR UPDATE;
    DELETE FROM reading WHERE expert_id = NEW.expert_id AND calendar_id <> ALL (NEW.conflict_calendar_ids);
    INSERT INTO reading (calendar_id, expert_id)
    SELECT calendar_id, NEW.expert_id FROM account JOIN calendar USING (account_id)
    WHERE account.expert_id = NEW.expert_id AND calendar_id = ANY (NEW.conflict_calendar_ids)
    ORDER BY calendar_id
    ON CONFLICT DO NOTHING;
    INSERT INTO subscription (calendar_id, readable)
    SELECT calendar_id, readable FROM reading_schedule WHERE expert_id = NEW.expert_id
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
