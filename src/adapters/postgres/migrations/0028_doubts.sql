-- Refusals of an account by a provider whose refusals prove nothing one by one.

ALTER TABLE account ADD COLUMN doubt_grant_version integer, ADD COLUMN doubt_refusals smallint,
    ADD COLUMN doubt_at timestamptz;
COMMENT ON COLUMN account.doubt_grant_version IS 'The sign-in whose grant was refused, of late and with nothing that worked since; of an older one than grant_version it says nothing. Null, as are the other two: none was.';
COMMENT ON COLUMN account.doubt_refusals IS 'How many of its refusals count towards losing access.';
COMMENT ON COLUMN account.doubt_at IS 'When the last of them did. Looks at the account''s calendars that began later and succeeded have ended the doubt, though nobody wrote it here.';
