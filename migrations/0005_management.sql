CREATE TABLE "audit_logs" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	"changed_by" text NOT NULL,
	"changed_by_api_key" text,
	"action" text NOT NULL,
	"table_name" text NOT NULL,
	"object_id" text NOT NULL,
	"before_value" jsonb,
	"updated_values" jsonb
);
--> statement-breakpoint
CREATE TABLE "customers" (
	"user_id" text PRIMARY KEY NOT NULL,
	"alias" text,
	"blocked" boolean DEFAULT false NOT NULL,
	"allowed_model_region" text,
	"default_model" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	"created_by" text,
	"updated_by" text
);
--> statement-breakpoint
CREATE TABLE "daily_customers" (
	"end_user" text NOT NULL,
	"day" date NOT NULL,
	"account_id" text NOT NULL,
	"spend_pico" numeric(38, 0) DEFAULT '0' NOT NULL,
	"requests" bigint DEFAULT 0 NOT NULL,
	CONSTRAINT "daily_customers_end_user_day_account_id_pk" PRIMARY KEY("end_user","day","account_id")
);
--> statement-breakpoint
CREATE TABLE "key_secrets" (
	"hash" text PRIMARY KEY NOT NULL,
	"token" text NOT NULL
);
--> statement-breakpoint
ALTER TABLE "keys" ADD COLUMN "allowed_routes" text[] DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE "keys" ADD COLUMN "secrets" jsonb;--> statement-breakpoint
ALTER TABLE "keys" ADD COLUMN "last_rotation_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "teams" ADD COLUMN "team_member_permissions" text[];--> statement-breakpoint
ALTER TABLE "teams" ADD COLUMN "team_member_key_duration" text;--> statement-breakpoint
ALTER TABLE "users" ADD COLUMN "sso_user_id" text;--> statement-breakpoint
ALTER TABLE "users" ADD COLUMN "deleted_at" timestamp with time zone;--> statement-breakpoint
CREATE INDEX "audit_logs_updated" ON "audit_logs" USING btree ("updated_at","id");--> statement-breakpoint
CREATE INDEX "audit_logs_object" ON "audit_logs" USING btree ("object_id");--> statement-breakpoint
CREATE INDEX "daily_spend_account" ON "daily_spend" USING btree ("account_id","day");--> statement-breakpoint
CREATE INDEX "daily_spend_key" ON "daily_spend" USING btree ("key_hash","day");--> statement-breakpoint
CREATE INDEX "daily_spend_user" ON "daily_spend" USING btree ("user_id","day");--> statement-breakpoint
CREATE INDEX "spend_logs_entry" ON "spend_logs" USING btree ("entry_id");--> statement-breakpoint
CREATE INDEX "spend_logs_user" ON "spend_logs" USING btree ("user_id","ended_at");--> statement-breakpoint
CREATE INDEX "spend_logs_ended" ON "spend_logs" USING btree ("ended_at");