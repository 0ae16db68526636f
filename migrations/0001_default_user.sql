-- The owner of what the master key does, as LiteLLM names it.
INSERT INTO "users" ("user_id", "user_role") VALUES ('default_user_id', 'proxy_admin');
--> statement-breakpoint
INSERT INTO "accounts" ("account_id") VALUES ('user:default_user_id');
