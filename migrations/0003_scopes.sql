CREATE TABLE "window_spends" (
	"account_id" text NOT NULL,
	"generation" integer NOT NULL,
	"scope" text NOT NULL,
	"budget" text NOT NULL,
	"spend" numeric(38, 12) DEFAULT '0' NOT NULL,
	"spend_window_at" timestamp with time zone DEFAULT 'epoch' NOT NULL,
	"spend_window_end_at" timestamp with time zone,
	"spend_epoch" bigint DEFAULT 0 NOT NULL,
	"spend_seq" bigint DEFAULT 0 NOT NULL,
	CONSTRAINT "window_spends_account_id_generation_scope_budget_pk" PRIMARY KEY("account_id","generation","scope","budget")
);
--> statement-breakpoint
ALTER TABLE "accounts" ADD COLUMN "spend_window_end_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "budgets" ADD COLUMN "deleted_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "budgets" ADD COLUMN "budget_limits" jsonb;--> statement-breakpoint
ALTER TABLE "budgets" ADD COLUMN "model_max_budget" jsonb;--> statement-breakpoint
ALTER TABLE "budgets" ADD COLUMN "model_rpm_limit" jsonb;--> statement-breakpoint
ALTER TABLE "budgets" ADD COLUMN "model_tpm_limit" jsonb;--> statement-breakpoint
ALTER TABLE "keys" ADD COLUMN "aliases" jsonb;--> statement-breakpoint
ALTER TABLE "keys" ADD COLUMN "budget_id" text;--> statement-breakpoint
ALTER TABLE "keys" ADD COLUMN "moving" jsonb;--> statement-breakpoint
ALTER TABLE "keys" ADD COLUMN "traffic" jsonb;--> statement-breakpoint
ALTER TABLE "keys" ADD COLUMN "budget_limits" jsonb;--> statement-breakpoint
ALTER TABLE "keys" ADD COLUMN "model_max_budget" jsonb;--> statement-breakpoint
ALTER TABLE "keys" ADD COLUMN "model_rpm_limit" jsonb;--> statement-breakpoint
ALTER TABLE "keys" ADD COLUMN "model_tpm_limit" jsonb;--> statement-breakpoint
ALTER TABLE "keys" ADD COLUMN "budget_enforcement" text;--> statement-breakpoint
ALTER TABLE "keys" ADD COLUMN "temp_budget_increase" numeric(38, 12);--> statement-breakpoint
ALTER TABLE "keys" ADD COLUMN "temp_budget_expiry" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "keys" ADD COLUMN "spend_window_end_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "memberships" ADD COLUMN "user_email" text;--> statement-breakpoint
ALTER TABLE "memberships" ADD COLUMN "deleted_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "memberships" ADD COLUMN "max_budget" numeric(38, 12);--> statement-breakpoint
ALTER TABLE "memberships" ADD COLUMN "soft_budget" numeric(38, 12);--> statement-breakpoint
ALTER TABLE "memberships" ADD COLUMN "budget_duration" text;--> statement-breakpoint
ALTER TABLE "memberships" ADD COLUMN "budget_anchor_at" timestamp with time zone DEFAULT now() NOT NULL;--> statement-breakpoint
ALTER TABLE "memberships" ADD COLUMN "budget_reset_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "memberships" ADD COLUMN "budget_limits" jsonb;--> statement-breakpoint
ALTER TABLE "memberships" ADD COLUMN "model_max_budget" jsonb;--> statement-breakpoint
ALTER TABLE "memberships" ADD COLUMN "model_rpm_limit" jsonb;--> statement-breakpoint
ALTER TABLE "memberships" ADD COLUMN "model_tpm_limit" jsonb;--> statement-breakpoint
ALTER TABLE "memberships" ADD COLUMN "max_parallel_requests" bigint;--> statement-breakpoint
ALTER TABLE "memberships" ADD COLUMN "tpm_limit" bigint;--> statement-breakpoint
ALTER TABLE "memberships" ADD COLUMN "rpm_limit" bigint;--> statement-breakpoint
ALTER TABLE "memberships" ADD COLUMN "spend_window_end_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "memberships" ADD COLUMN "created_at" timestamp with time zone DEFAULT now() NOT NULL;--> statement-breakpoint
ALTER TABLE "memberships" ADD COLUMN "updated_at" timestamp with time zone DEFAULT now() NOT NULL;--> statement-breakpoint
ALTER TABLE "memberships" ADD COLUMN "created_by" text;--> statement-breakpoint
ALTER TABLE "memberships" ADD COLUMN "updated_by" text;--> statement-breakpoint
ALTER TABLE "teams" ADD COLUMN "model_aliases" jsonb;--> statement-breakpoint
ALTER TABLE "teams" ADD COLUMN "team_member_budget" numeric(38, 12);--> statement-breakpoint
ALTER TABLE "teams" ADD COLUMN "team_member_budget_duration" text;--> statement-breakpoint
ALTER TABLE "teams" ADD COLUMN "team_member_anchor_at" timestamp with time zone DEFAULT now() NOT NULL;--> statement-breakpoint
ALTER TABLE "teams" ADD COLUMN "team_member_rpm_limit" bigint;--> statement-breakpoint
ALTER TABLE "teams" ADD COLUMN "team_member_tpm_limit" bigint;--> statement-breakpoint
ALTER TABLE "teams" ADD COLUMN "budget_limits" jsonb;--> statement-breakpoint
ALTER TABLE "teams" ADD COLUMN "model_max_budget" jsonb;--> statement-breakpoint
ALTER TABLE "teams" ADD COLUMN "model_rpm_limit" jsonb;--> statement-breakpoint
ALTER TABLE "teams" ADD COLUMN "model_tpm_limit" jsonb;--> statement-breakpoint
ALTER TABLE "teams" ADD COLUMN "budget_enforcement" text;--> statement-breakpoint
ALTER TABLE "teams" ADD COLUMN "temp_budget_increase" numeric(38, 12);--> statement-breakpoint
ALTER TABLE "teams" ADD COLUMN "temp_budget_expiry" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "users" ADD COLUMN "budget_limits" jsonb;--> statement-breakpoint
ALTER TABLE "users" ADD COLUMN "model_max_budget" jsonb;--> statement-breakpoint
ALTER TABLE "users" ADD COLUMN "model_rpm_limit" jsonb;--> statement-breakpoint
ALTER TABLE "users" ADD COLUMN "model_tpm_limit" jsonb;--> statement-breakpoint
CREATE INDEX "budgets_reset" ON "budgets" USING btree ("budget_reset_at");--> statement-breakpoint
CREATE INDEX "keys_budget" ON "keys" USING btree ("budget_id");--> statement-breakpoint
CREATE INDEX "memberships_team" ON "memberships" USING btree ("team_id");--> statement-breakpoint
CREATE INDEX "memberships_reset" ON "memberships" USING btree ("budget_reset_at");--> statement-breakpoint
CREATE INDEX "users_email" ON "users" USING btree ("user_email");--> statement-breakpoint
CREATE INDEX "users_reset" ON "users" USING btree ("budget_reset_at");