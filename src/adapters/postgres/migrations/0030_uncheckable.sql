-- Calendars that stand in their provider's list and can't be checked for conflicts.

ALTER TABLE calendar ADD COLUMN uncheckable text CONSTRAINT uncheckable_is_known CHECK (uncheckable IN ('SUBSCRIBED'));
COMMENT ON COLUMN calendar.uncheckable IS 'Why it can''t be checked; null where it can. Such a calendar also counts as missing: it is neither read nor written.';
