-- Why an account's access was lost, and a way to an account of another organisation.

ALTER TABLE account ADD COLUMN loss_cause text;
UPDATE account SET loss_cause = 'SIGN_IN_REQUIRED' WHERE status = 'RECONNECT_REQUIRED';
COMMENT ON COLUMN account.loss_cause IS 'Why access is gone; null while it is there.';

-- The default is for processes of the version before, which may still run.
ALTER TABLE incident ADD COLUMN cause text NOT NULL DEFAULT 'SIGN_IN_REQUIRED';
COMMENT ON COLUMN incident.cause IS 'Why access was lost, as the last notice said; until there is one, as it was noticed.';

CREATE INDEX account_working_by_tenant ON account (provider, tenant_id) WHERE status = 'ACTIVE';
