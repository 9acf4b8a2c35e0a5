-- Whether anybody has an identity's account: asked before its grant is given back at the provider.

CREATE INDEX account_by_identity ON account (provider, tenant_id, object_id);
