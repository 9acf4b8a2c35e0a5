-- What is known of whether an account's calendars can be read and written at all.

ALTER TABLE account ADD COLUMN unserved_since timestamptz;
COMMENT ON COLUMN account.unserved_since IS 'Since when the provider says that the account has no mailbox; null while it has one.';

ALTER TABLE calendar
    ADD COLUMN refused_at timestamptz,
    ADD COLUMN demands text[] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN calendar.refused_at IS 'When it last refused an event although its list calls it writable; null while it is not known to.';
COMMENT ON COLUMN calendar.demands IS 'The permissions that writing there takes beyond the usual ones, as far as refusals taught.';
