CREATE SEQUENCE "public"."policy_version" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1;--> statement-breakpoint
CREATE TABLE "accounts" (
	"account_id" text PRIMARY KEY NOT NULL,
	"generation" integer DEFAULT 1 NOT NULL,
	"ledger_epoch" integer DEFAULT 0 NOT NULL,
	"spend" numeric(38, 12) DEFAULT '0' NOT NULL,
	"spend_window_at" timestamp with time zone DEFAULT 'epoch' NOT NULL,
	"spend_epoch" bigint DEFAULT 0 NOT NULL,
	"spend_seq" bigint DEFAULT 0 NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "budgets" (
	"budget_id" text PRIMARY KEY NOT NULL,
	"version" bigint DEFAULT nextval('policy_version') NOT NULL,
	"max_budget" numeric(38, 12),
	"soft_budget" numeric(38, 12),
	"budget_duration" text,
	"budget_anchor_at" timestamp with time zone DEFAULT now() NOT NULL,
	"budget_reset_at" timestamp with time zone,
	"max_parallel_requests" bigint,
	"tpm_limit" bigint,
	"rpm_limit" bigint,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	"created_by" text,
	"updated_by" text
);
--> statement-breakpoint
CREATE TABLE "daily_spend" (
	"day" date NOT NULL,
	"account_id" text NOT NULL,
	"key_hash" text NOT NULL,
	"user_id" text NOT NULL,
	"model_group" text NOT NULL,
	"model" text NOT NULL,
	"provider" text NOT NULL,
	"spend_pico" numeric(38, 0) DEFAULT '0' NOT NULL,
	"requests" bigint DEFAULT 0 NOT NULL,
	"successful_requests" bigint DEFAULT 0 NOT NULL,
	"failed_requests" bigint DEFAULT 0 NOT NULL,
	"prompt_tokens" bigint DEFAULT 0 NOT NULL,
	"completion_tokens" bigint DEFAULT 0 NOT NULL,
	CONSTRAINT "daily_spend_day_account_id_key_hash_user_id_model_group_model_provider_pk" PRIMARY KEY("day","account_id","key_hash","user_id","model_group","model","provider")
);
--> statement-breakpoint
CREATE TABLE "keys" (
	"token" text PRIMARY KEY NOT NULL,
	"version" bigint DEFAULT nextval('policy_version') NOT NULL,
	"key_name" text NOT NULL,
	"key_alias" text,
	"account_id" text NOT NULL,
	"team_id" text,
	"user_id" text,
	"metadata" jsonb DEFAULT '{}' NOT NULL,
	"models" text[] DEFAULT '{}' NOT NULL,
	"blocked" boolean DEFAULT false NOT NULL,
	"expires_at" timestamp with time zone,
	"deleted_at" timestamp with time zone,
	"max_budget" numeric(38, 12),
	"soft_budget" numeric(38, 12),
	"budget_duration" text,
	"budget_anchor_at" timestamp with time zone DEFAULT now() NOT NULL,
	"budget_reset_at" timestamp with time zone,
	"max_parallel_requests" bigint,
	"tpm_limit" bigint,
	"rpm_limit" bigint,
	"spend" numeric(38, 12) DEFAULT '0' NOT NULL,
	"spend_window_at" timestamp with time zone DEFAULT 'epoch' NOT NULL,
	"spend_epoch" bigint DEFAULT 0 NOT NULL,
	"spend_seq" bigint DEFAULT 0 NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	"created_by" text,
	"updated_by" text
);
--> statement-breakpoint
CREATE TABLE "memberships" (
	"user_id" text NOT NULL,
	"team_id" text NOT NULL,
	"version" bigint DEFAULT nextval('policy_version') NOT NULL,
	"role" text DEFAULT 'user' NOT NULL,
	"budget_id" text,
	"spend" numeric(38, 12) DEFAULT '0' NOT NULL,
	"spend_window_at" timestamp with time zone DEFAULT 'epoch' NOT NULL,
	"spend_epoch" bigint DEFAULT 0 NOT NULL,
	"spend_seq" bigint DEFAULT 0 NOT NULL,
	CONSTRAINT "memberships_user_id_team_id_pk" PRIMARY KEY("user_id","team_id")
);
--> statement-breakpoint
CREATE TABLE "spend_logs" (
	"day" date NOT NULL,
	"entry_id" text NOT NULL,
	"revision" integer NOT NULL,
	"account_id" text NOT NULL,
	"state" text NOT NULL,
	"started_at" timestamp with time zone NOT NULL,
	"ended_at" timestamp with time zone NOT NULL,
	"spend_pico" bigint NOT NULL,
	"prompt_tokens" bigint DEFAULT 0 NOT NULL,
	"completion_tokens" bigint DEFAULT 0 NOT NULL,
	"total_tokens" bigint DEFAULT 0 NOT NULL,
	"key_hash" text,
	"team_id" text,
	"user_id" text,
	"end_user" text,
	"call_type" text,
	"model_group" text,
	"model" text,
	"model_id" text,
	"provider" text,
	"call_id" text,
	"response_id" text,
	"status" text,
	"usage_source" text,
	"detail" jsonb DEFAULT '{}' NOT NULL,
	CONSTRAINT "spend_logs_day_entry_id_revision_pk" PRIMARY KEY("day","entry_id","revision")
);
--> statement-breakpoint
CREATE TABLE "teams" (
	"team_id" text PRIMARY KEY NOT NULL,
	"version" bigint DEFAULT nextval('policy_version') NOT NULL,
	"team_alias" text,
	"organization_id" text,
	"members_with_roles" jsonb DEFAULT '[]' NOT NULL,
	"metadata" jsonb DEFAULT '{}' NOT NULL,
	"models" text[] DEFAULT '{}' NOT NULL,
	"blocked" boolean DEFAULT false NOT NULL,
	"max_budget" numeric(38, 12),
	"soft_budget" numeric(38, 12),
	"budget_duration" text,
	"budget_anchor_at" timestamp with time zone DEFAULT now() NOT NULL,
	"budget_reset_at" timestamp with time zone,
	"max_parallel_requests" bigint,
	"tpm_limit" bigint,
	"rpm_limit" bigint,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	"created_by" text,
	"updated_by" text
);
--> statement-breakpoint
CREATE TABLE "users" (
	"user_id" text PRIMARY KEY NOT NULL,
	"version" bigint DEFAULT nextval('policy_version') NOT NULL,
	"user_email" text,
	"user_alias" text,
	"user_role" text DEFAULT 'internal_user' NOT NULL,
	"models" text[] DEFAULT '{}' NOT NULL,
	"metadata" jsonb DEFAULT '{}' NOT NULL,
	"max_budget" numeric(38, 12),
	"soft_budget" numeric(38, 12),
	"budget_duration" text,
	"budget_anchor_at" timestamp with time zone DEFAULT now() NOT NULL,
	"budget_reset_at" timestamp with time zone,
	"max_parallel_requests" bigint,
	"tpm_limit" bigint,
	"rpm_limit" bigint,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	"created_by" text,
	"updated_by" text
);
--> statement-breakpoint
CREATE UNIQUE INDEX "keys_alias" ON "keys" USING btree ("key_alias") WHERE deleted_at is null;--> statement-breakpoint
CREATE INDEX "keys_team" ON "keys" USING btree ("team_id");--> statement-breakpoint
CREATE INDEX "keys_user" ON "keys" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "keys_account" ON "keys" USING btree ("account_id");--> statement-breakpoint
CREATE INDEX "keys_reset" ON "keys" USING btree ("budget_reset_at");--> statement-breakpoint
CREATE INDEX "spend_logs_account" ON "spend_logs" USING btree ("account_id","ended_at");--> statement-breakpoint
CREATE INDEX "spend_logs_key" ON "spend_logs" USING btree ("key_hash","ended_at");--> statement-breakpoint
CREATE INDEX "spend_logs_call" ON "spend_logs" USING btree ("call_id");--> statement-breakpoint
CREATE INDEX "spend_logs_response" ON "spend_logs" USING btree ("response_id");--> statement-breakpoint
CREATE INDEX "teams_reset" ON "teams" USING btree ("budget_reset_at");