ALTER TABLE "budgets" ADD COLUMN "budget_reset_alignment" text;--> statement-breakpoint
ALTER TABLE "keys" ADD COLUMN "budget_reset_alignment" text;--> statement-breakpoint
ALTER TABLE "memberships" ADD COLUMN "budget_reset_alignment" text;--> statement-breakpoint
ALTER TABLE "teams" ADD COLUMN "budget_reset_alignment" text;--> statement-breakpoint
ALTER TABLE "users" ADD COLUMN "budget_reset_alignment" text;