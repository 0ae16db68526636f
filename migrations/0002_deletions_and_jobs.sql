CREATE TABLE "jobs" (
	"job" text PRIMARY KEY NOT NULL,
	"cursor" text NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "tellings" (
	"account_id" text NOT NULL,
	"generation" integer NOT NULL,
	"kind" text NOT NULL,
	"row_id" text NOT NULL,
	"version" bigint NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "tellings_account_id_generation_kind_row_id_pk" PRIMARY KEY("account_id","generation","kind","row_id")
);
--> statement-breakpoint
ALTER TABLE "spend_logs" ADD COLUMN "generation" integer DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE "teams" ADD COLUMN "deleted_at" timestamp with time zone;--> statement-breakpoint
CREATE INDEX "tellings_created" ON "tellings" USING btree ("created_at");