from django.db import migrations

# What was done stays: for the application by its rights (records.audit.rights_sql), for every other role by these triggers.
KEEP = """
CREATE FUNCTION accounts_keeps() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is never changed or emptied: what was done stays', TG_TABLE_NAME;
END $$;
CREATE FUNCTION accounts_keeps_username() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.username IS DISTINCT FROM OLD.username THEN
        RAISE EXCEPTION 'a user name is never changed or given again';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER keeps_username BEFORE UPDATE OF username ON accounts_person
    FOR EACH ROW EXECUTE FUNCTION accounts_keeps_username();
"""
FORGET = """
DROP TRIGGER keeps_username ON accounts_person;
DROP FUNCTION accounts_keeps_username();
DROP FUNCTION accounts_keeps() CASCADE;
"""
for table in ("act", "delegation", "delegationend", "recertification"):
    KEEP += (
        f"CREATE TRIGGER keeps BEFORE UPDATE OR DELETE ON accounts_{table} "
        "FOR EACH ROW EXECUTE FUNCTION accounts_keeps();\n"
        f"CREATE TRIGGER keeps_all BEFORE TRUNCATE ON accounts_{table} EXECUTE FUNCTION accounts_keeps();\n"
    )
for table in ("person", "membership"):
    KEEP += f"CREATE TRIGGER keeps BEFORE DELETE ON accounts_{table} FOR EACH ROW EXECUTE FUNCTION accounts_keeps();\n"


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_people")]
    operations = [migrations.RunSQL(KEEP, FORGET)]
