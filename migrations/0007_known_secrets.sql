-- Every key's own token is one of its secrets, so that no other key is ever called by it.
INSERT INTO "key_secrets" ("hash", "token") SELECT "token", "token" FROM "keys" ON CONFLICT DO NOTHING;
