"""Row-level security: a query that forgets the site finds nothing. Made anew after each migration, as rights are.

Every table with a foreign key to the participant gets a policy, found in the database's own catalogue, so that a new
form is covered by itself. A table that names participants otherwise (in JSON, an address, a file) has its rule in
RULES; every other one stands in ABOUT_NOBODY with the reason, and a test refuses a table that stands in neither. The
owner of the tables passes them by, and with it the audit trigger and `migrate`.
"""

from django.db.backends.base.base import BaseDatabaseWrapper

from accounts.site_scope import EVERYTHING, SETTING

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
CREATE OR REPLACE FUNCTION records_sees_code(named text) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT EXISTS (SELECT FROM records_participant WHERE code = upper(named))
$$;
CREATE OR REPLACE FUNCTION records_sees_address(named text) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT named NOT LIKE '/participants/%' OR records_sees_code(split_part(named, '/', 3))
$$;
CREATE OR REPLACE FUNCTION records_sees_row(named text, wanted bigint) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
    seen boolean;
BEGIN
    EXECUTE format('SELECT EXISTS (SELECT FROM %I WHERE id = $1)', named) INTO seen USING wanted;
    RETURN seen;
END $$;
"""  # noqa: S608 -- constants alone

# What is seen of tables that name participants, or quote them, without a foreign key to them. An audit row of no
# participant is seen by whoever sees the row it is about. Who took data away, or read lists, is told to each of the
# sites that were among them: the page itself leaves out the codes of the others.
RULES = {
    "records_auditrow": "(SELECT true FROM records_participant AS p WHERE p.id = records_auditrow.participant_id)"
    " OR (records_auditrow.participant_id IS NULL AND records_sees_row(records_auditrow.table,"
    " records_auditrow.record_id))",
    "records_audithead": "CASE WHEN chain LIKE 'participant %' THEN EXISTS (SELECT FROM records_participant AS p"
    " WHERE 'participant ' || p.id = chain) ELSE (SELECT records_sees_study()) END",
    "records_auditcheck": "sentences = '[]'::jsonb AND (SELECT records_sees_study())",
    "records_auditform": "false",  # how far each participant's chain was: for who proves the trail
    "records_auditreview": "EXISTS (SELECT FROM accounts_membership AS m WHERE m.person_id = by_id"
    " AND m.site_id = ANY ((SELECT records_sites())::bigint[]))"
    " AND (asked !~ 'participant=' OR records_sees_code(substring(asked FROM 'participant=([[:alnum:]-]+)')))",
    "records_read": "CASE WHEN participant <> '' THEN records_sees_code(participant)"
    " ELSE sites && (SELECT records_sites())::bigint[] END",
    "accounts_sending": "records_sees_address(led_to)",
    "records_typing": "(SELECT records_sees_study()) AND records_sees_address(address)",
    "oversight_snooze": "(SELECT records_sees_study()) AND records_sees_address(url)",
    "oversight_message": "(SELECT true FROM oversight_alert AS a WHERE a.id = alert_id)"
    " OR (alert_id IS NULL AND (SELECT records_sees_study()))",
    "oversight_verdictseen": "(SELECT true FROM oversight_endpointverdict AS v WHERE v.id = verdict_id)",
    "oversight_keptfigures": "asked -> 'sites' <@ to_jsonb((SELECT records_sites())::bigint[])",
    "oversight_monitoringdraw": "(SELECT records_sees_study()) AND NOT EXISTS (SELECT FROM"
    " jsonb_array_elements_text(chosen) AS place WHERE NOT records_sees_code(split_part(place, ' ', 1)))",
    "oversight_monitoringvisit": "site_id = ANY ((SELECT records_sites())::bigint[])",
    "exports_exportjob": "sites <@ (SELECT records_sites())::bigint[]",
    "exports_exportlog": "sites && (SELECT records_sites())::bigint[]"
    " OR (sites = '{}' AND (SELECT records_sees_study()))",
    "exports_snapshot": "sites <@ to_jsonb((SELECT records_sites())::bigint[])",
    "exports_snapshotfile": "(SELECT true FROM exports_snapshot AS s WHERE s.id = snapshot_id)",
}
NOTES = {"records_read"}  # written for whoever reads, also of what he or she may not read again

_PEOPLE = "people who work in the trial, not participants"
_KINDS = "Django's own lists of kinds and rights"
ABOUT_NOBODY = {
    "account_emailaddress": _PEOPLE,
    "account_emailconfirmation": _PEOPLE,
    "accounts_act": _PEOPLE,
    "accounts_attempt": _PEOPLE,
    "accounts_delegation": _PEOPLE,
    "accounts_delegationend": _PEOPLE,
    "accounts_invitation": _PEOPLE,
    "accounts_membership": _PEOPLE,
    "accounts_person": _PEOPLE,
    "accounts_person_groups": _PEOPLE,
    "accounts_person_user_permissions": _PEOPLE,
    "accounts_recertification": _PEOPLE,
    "accounts_site": "hospitals",
    "adverse_events_ctcaesentence": "a published dictionary",
    "assessments_scoretablerow": "a published table of scores",
    "auth_group": _KINDS,
    "auth_group_permissions": _KINDS,
    "auth_permission": _KINDS,
    "django_content_type": _KINDS,
    "django_migrations": _KINDS,
    "django_session": "who is logged in, and how; no page keeps a participant there",
    "enrollment_enrolmentlock": "counts of the whole trial, for everybody who enrols",
    "enrollment_protocolapproval": "what hospitals approved",
    "mfa_authenticator": _PEOPLE,
    "oversight_backuprun": "whether the whole database could be restored",
    "oversight_calendarfeed": "a digest of a person's secret address",
    "oversight_mail": "envelopes: whom, when and how often; what a mail is about is a message",
    "oversight_messagepreference": _PEOPLE,
    "oversight_scanstate": "how far the scan of all has read",
    "records_knownname": "keyed digests of words, asked across sites so that a name is noticed wherever it is typed",
    "records_seal": "digests of seals over all chains",
    "usersessions_usersession": _PEOPLE,
}

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

_RULE = """
DO $do$
BEGIN
    IF to_regclass('{table}') IS NOT NULL THEN
        DROP POLICY IF EXISTS of_a_site_in_sight ON {table};
        CREATE POLICY of_a_site_in_sight ON {table} USING ((SELECT records_sees_all()) OR {rule}){check};
        ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
    END IF;
END $do$;
"""


def make(connection: BaseDatabaseWrapper) -> None:
    """Policies on every table about participants; safe to repeat; run as the owner."""
    if "records_participant" not in connection.introspection.table_names():
        return
    with connection.cursor() as cursor:
        cursor.execute(_FUNCTIONS)
        cursor.execute(_POLICIES)
        for table, rule in RULES.items():
            check = " WITH CHECK (true)" if table in NOTES else ""
            cursor.execute(_RULE.format(table=table, rule=rule, check=check))
