"""Row-level security: a query that forgets the site finds nothing. Made anew after each migration, as rights are.

Every table with a foreign key to the participant gets a policy, found in the database's own catalogue, so that a new
form is covered by itself. The owner of the tables passes them by, and with it the audit trigger and `migrate`.
"""

from django.db.backends.base.base import BaseDatabaseWrapper

from accounts.sight import EVERYTHING, SETTING

# Asked in sub-selects, so that PostgreSQL asks once a statement and not once a row.
_FUNCTIONS = f"""
CREATE OR REPLACE FUNCTION records_sees_all() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT coalesce(current_setting('{SETTING}', true), '') = '{EVERYTHING}'
$$;
CREATE OR REPLACE FUNCTION records_sees_study() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT coalesce(current_setting('{SETTING}', true), '') <> ''
$$;
CREATE OR REPLACE FUNCTION records_sites() RETURNS bigint[] LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN current_setting('{SETTING}', true) LIKE '{{%' THEN current_setting('{SETTING}', true)::bigint[] END
$$;
"""

# A row that is about no participant, such as the lock of the study, is read by whoever reads anything. The participant
# is looked for row by row, and not with EXISTS: for that PostgreSQL reads all participants first, for a page of twenty.
_POLICIES = """
DO $do$
DECLARE
    t record;
BEGIN
    FOR t IN
        SELECT 'records_participant' AS relname, 'site_id = ANY ((SELECT records_sites())::bigint[])' AS rule
        UNION ALL
        SELECT c.relname, string_agg(format(
            '(SELECT true FROM records_participant AS p WHERE p.id = %1$I.%2$I)', c.relname, a.attname)
            || CASE WHEN a.attnotnull THEN '' ELSE format(
                ' OR (%1$I.%2$I IS NULL AND (SELECT records_sees_study()))', c.relname, a.attname) END, ' AND ')
        FROM pg_constraint AS k
        JOIN pg_class AS c ON c.oid = k.conrelid
        JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = k.conkey[1]
        WHERE k.contype = 'f' AND k.confrelid = 'records_participant'::regclass
            AND pg_has_role(current_user, c.relowner, 'USAGE')
        GROUP BY c.relname
    LOOP
        EXECUTE format('DROP POLICY IF EXISTS of_a_site_in_sight ON %I', t.relname);
        EXECUTE format('CREATE POLICY of_a_site_in_sight ON %I USING ((SELECT records_sees_all()) OR %s)',
            t.relname, t.rule);
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t.relname);
    END LOOP;
END $do$;
"""


def make(connection: BaseDatabaseWrapper) -> None:
    """Policies on every table about participants; safe to repeat; run as the owner."""
    if "records_participant" not in connection.introspection.table_names():
        return
    with connection.cursor() as cursor:
        cursor.execute(_FUNCTIONS)
        cursor.execute(_POLICIES)
