"""Kept figures quote records: a redaction that is agreed to throws them all away, in its own transaction."""

from django.db import migrations

CREATE = """
CREATE FUNCTION oversight_forget_figures() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    DELETE FROM oversight_keptfigures;
    RETURN NULL;
END $$;
CREATE TRIGGER forget_figures AFTER UPDATE OF agreed_at ON records_redaction
    FOR EACH STATEMENT EXECUTE FUNCTION oversight_forget_figures();
"""
DROP = """
DROP TRIGGER forget_figures ON records_redaction;
DROP FUNCTION oversight_forget_figures();
"""


class Migration(migrations.Migration):
    dependencies = [("oversight", "0009_kept_figures"), ("records", "0011_indexes_of_lists")]

    operations = [migrations.RunSQL(CREATE, DROP)]
