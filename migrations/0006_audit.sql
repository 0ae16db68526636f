-- An admin's change is written down in the transaction that makes it, by the database, so that no
-- way of changing a row can forget it. Who acts is told by the setting "tollgate.by", for that
-- transaction only; without it (ledgers, cron) nothing is written down.
-- Arguments: the table's name in LiteLLM, then the columns that name a row.
CREATE FUNCTION "tollgate_audit"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  author jsonb := nullif(current_setting('tollgate.by', true), '')::jsonb;
  -- What the books write, and what every change does.
  quiet text[] := '{version,updated_at,updated_by,spend,spend_window_at,spend_window_end_at,spend_epoch,spend_seq,budget_reset_at,traffic}';
  old_row jsonb := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) - quiet END;
  new_row jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) - quiet END;
  shown jsonb := coalesce(new_row, old_row);
  was_there boolean := old_row IS NOT NULL AND old_row ->> 'deleted_at' IS NULL;
  is_there boolean := new_row IS NOT NULL AND new_row ->> 'deleted_at' IS NULL;
BEGIN
  IF author IS NULL OR old_row IS NOT DISTINCT FROM new_row OR NOT (was_there OR is_there) THEN
    RETURN NULL;
  END IF;
  INSERT INTO audit_logs (updated_at, changed_by, changed_by_api_key, action, table_name, object_id,
    before_value, updated_values)
  SELECT clock_timestamp(), author ->> 'changed_by', author ->> 'api_key',
    CASE
      WHEN NOT was_there THEN 'created'
      WHEN NOT is_there THEN 'deleted'
      WHEN (old_row ->> 'blocked')::boolean IS DISTINCT FROM (new_row ->> 'blocked')::boolean
        THEN CASE WHEN (new_row ->> 'blocked')::boolean THEN 'blocked' ELSE 'unblocked' END
      WHEN old_row -> 'secrets' IS DISTINCT FROM new_row -> 'secrets' THEN 'rotated'
      ELSE 'updated'
    END,
    TG_ARGV[0],
    concat_ws('/', shown ->> TG_ARGV[1], shown ->> TG_ARGV[2]),
    CASE WHEN was_there THEN old_row END, CASE WHEN is_there THEN new_row END;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER "teams_audit" AFTER INSERT OR UPDATE OR DELETE ON "teams" FOR EACH ROW
  EXECUTE FUNCTION tollgate_audit('LiteLLM_TeamTable', 'team_id');
--> statement-breakpoint
CREATE TRIGGER "keys_audit" AFTER INSERT OR UPDATE OR DELETE ON "keys" FOR EACH ROW
  EXECUTE FUNCTION tollgate_audit('LiteLLM_VerificationToken', 'token');
--> statement-breakpoint
CREATE TRIGGER "users_audit" AFTER INSERT OR UPDATE OR DELETE ON "users" FOR EACH ROW
  EXECUTE FUNCTION tollgate_audit('LiteLLM_UserTable', 'user_id');
--> statement-breakpoint
CREATE TRIGGER "memberships_audit" AFTER INSERT OR UPDATE OR DELETE ON "memberships" FOR EACH ROW
  EXECUTE FUNCTION tollgate_audit('LiteLLM_TeamMembership', 'team_id', 'user_id');
--> statement-breakpoint
CREATE TRIGGER "budgets_audit" AFTER INSERT OR UPDATE OR DELETE ON "budgets" FOR EACH ROW
  EXECUTE FUNCTION tollgate_audit('LiteLLM_BudgetTable', 'budget_id');
--> statement-breakpoint
CREATE TRIGGER "customers_audit" AFTER INSERT OR UPDATE OR DELETE ON "customers" FOR EACH ROW
  EXECUTE FUNCTION tollgate_audit('LiteLLM_EndUserTable', 'user_id');
