-- Whether tentative events make an expert busy.

ALTER TABLE calendar_settings ADD COLUMN tentative_blocks boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN calendar_settings.tentative_blocks IS 'Whether tentative events of the conflict calendars make the expert busy.';
COMMENT ON COLUMN reading.zone IS 'The rule that it was made under: the expert''s time zone that days were counted in, with '' +tentative'' behind it where tentative events block. Empty: by whom the setting wasn''t known, or before it was on; it counts for nobody.';

CREATE CONSTRAINT TRIGGER calendar_settings_known_added AFTER INSERT ON calendar_settings DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.tentative_blocks) EXECUTE FUNCTION renew_known_version();
CREATE CONSTRAINT TRIGGER calendar_settings_known_changed AFTER UPDATE ON calendar_settings DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (OLD.tentative_blocks IS DISTINCT FROM NEW.tentative_blocks)
    EXECUTE FUNCTION renew_known_version();
CREATE CONSTRAINT TRIGGER calendar_settings_known_removed AFTER DELETE ON calendar_settings DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (OLD.tentative_blocks) EXECUTE FUNCTION renew_known_version();

-- Processes of the version before don't know the setting. What they store themselves would count for them, and have them
-- call tentative times free: where the setting is on, such a reading is taken for one of no zone. So they look each time,
-- and answer that they don't know.

CREATE FUNCTION disown_plain_reading() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM calendar_settings WHERE expert_id = NEW.expert_id AND tentative_blocks) THEN
        NEW.zone := '';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER reading_disowned BEFORE UPDATE OF zone ON reading FOR EACH ROW
    WHEN (NEW.zone <> '' AND NEW.zone NOT LIKE '% +tentative') EXECUTE FUNCTION disown_plain_reading();
COMMENT ON FUNCTION disown_plain_reading IS 'To be dropped, like disown_plain_readings, when no process of version 0025 runs any more.';

CREATE FUNCTION disown_plain_readings() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM reading WHERE expert_id = NEW.expert_id ORDER BY calendar_id FOR NO KEY UPDATE;
    UPDATE reading SET zone = '' WHERE expert_id = NEW.expert_id AND zone <> '' AND zone NOT LIKE '% +tentative';
    RETURN NULL;
END $$;
-- By its name before calendar_settings_followed, which goes on to the schedule of what is chosen no more: everybody locks
-- readings before schedules.
CREATE TRIGGER calendar_settings_disown AFTER UPDATE ON calendar_settings FOR EACH ROW
    WHEN (NEW.tentative_blocks AND NOT OLD.tentative_blocks) EXECUTE FUNCTION disown_plain_readings();
