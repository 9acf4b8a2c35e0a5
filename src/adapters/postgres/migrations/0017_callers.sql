-- Who calls: what callers prove their identity with, and what they may do.

CREATE TABLE caller_credential (
    credential_id text PRIMARY KEY,
    caller text NOT NULL,
    scopes text[] NOT NULL,
    token_sha256 bytea,
    certificate_name text,
    limits_times smallint NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    revoked_at timestamptz,
    CONSTRAINT caller_credential_proof CHECK (num_nonnulls(token_sha256, certificate_name) = 1)
);
COMMENT ON TABLE caller_credential IS 'One proof of a calling service''s identity each; those that were revoked or have expired stay, to be listed.';
COMMENT ON COLUMN caller_credential.token_sha256 IS 'Of the whole bearer token, which has 256 random bits.';
COMMENT ON COLUMN caller_credential.certificate_name IS 'URI:, DNS: or SUBJECT: and the name in the client certificate.';
COMMENT ON COLUMN caller_credential.limits_times IS 'How many times the usual limits its caller may use.';

-- What every process reads again every other second.
CREATE INDEX caller_credential_valid ON caller_credential (credential_id) WHERE revoked_at IS NULL;
CREATE UNIQUE INDEX caller_credential_certificate ON caller_credential (certificate_name) WHERE revoked_at IS NULL;
CREATE INDEX caller_credential_newest ON caller_credential (created_at DESC, credential_id);
