CREATE TABLE "daily_refusals" (
	"day" date NOT NULL,
	"account_id" text NOT NULL,
	"generation" integer NOT NULL,
	"calls" bigint NOT NULL,
	CONSTRAINT "daily_refusals_day_account_id_generation_pk" PRIMARY KEY("day","account_id","generation")
);
