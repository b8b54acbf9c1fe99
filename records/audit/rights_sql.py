"""What the application's database role may do: read and write rows, own nothing, touch no audit row."""

from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper

# Tables with the audit trigger lose DELETE; the audit tables keep SELECT alone.
_GRANT = """
DO $do$
DECLARE
    app text := %s;
    t record;
BEGIN
    IF app = current_user OR NOT EXISTS (SELECT FROM pg_roles WHERE rolname = app) THEN
        RETURN;
    END IF;
    EXECUTE format('GRANT USAGE ON SCHEMA public TO %%I', app);
    EXECUTE format('GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO %%I', app);
    FOR t IN SELECT c.oid, c.relname,
                EXISTS (SELECT FROM pg_trigger WHERE tgrelid = c.oid AND tgname = 'audited') AS clinical
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p')
                AND pg_has_role(current_user, c.relowner, 'USAGE') LOOP
        EXECUTE format('REVOKE ALL ON %%I FROM %%I', t.relname, app);
        IF t.relname IN ('records_auditrow', 'records_audithead', 'records_auditform', 'django_migrations') THEN
            EXECUTE format('GRANT SELECT ON %%I TO %%I', t.relname, app);
        ELSIF t.relname IN (  -- made once, never changed
            'records_signature', 'records_seal', 'records_auditcheck', 'records_auditreview', 'records_read',
            'oversight_backuprun', 'oversight_responsible', 'oversight_snooze', 'exports_snapshot',
            'exports_snapshotfile', 'exports_exportlog', 'accounts_act', 'accounts_delegation',
            'accounts_delegationend', 'accounts_recertification'
        ) THEN
            EXECUTE format('GRANT SELECT, INSERT ON %%I TO %%I', t.relname, app);
        ELSIF t.relname = 'records_redaction' THEN  -- agreeing is the owner's function, records/redaction_sql.py
            EXECUTE format('GRANT SELECT, INSERT, UPDATE (dropped_at, dropped_by_id) ON %%I TO %%I', t.relname, app);
        ELSIF t.clinical OR t.relname IN ('accounts_person', 'accounts_membership', 'accounts_site') THEN
            EXECUTE format('GRANT SELECT, INSERT, UPDATE ON %%I TO %%I', t.relname, app);
        ELSE
            EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %%I TO %%I', t.relname, app);
        END IF;
    END LOOP;
    EXECUTE format('REVOKE ALL ON SEQUENCE records_auditrow_id_seq FROM %%I', app);
END $do$;
"""


def grant(connection: BaseDatabaseWrapper) -> None:
    """Set the rights of the application's role on every table; safe to repeat; run as the owner."""
    if "records_auditrow" not in connection.introspection.table_names():
        return
    with connection.cursor() as cursor:
        quoted = "'" + settings.APP_DATABASE_ROLE.replace("'", "''") + "'"
        cursor.execute(_GRANT.replace("%s", quoted).replace("%%I", "%I"))
