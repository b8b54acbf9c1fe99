"""The audit trail's SQL, run by migrations. See docs/adr for why this is not a library.

`SECURITY DEFINER`: the functions run as the owner, so the application's role needs no right on the audit tables,
and as it owns nothing it can neither drop nor disable a trigger.
"""

# The one exception is a redaction that two people want, while records/redaction_sql.py carries it out: of the rows of
# that participant only texts and salts change, and whoever calls this must be the owner to be able to change any.
REFUSE = """
CREATE OR REPLACE FUNCTION records_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        RAISE EXCEPTION 'Clinical records and the audit trail are never emptied.' USING ERRCODE = '42501';
    ELSIF TG_TABLE_NAME LIKE 'records_audit%' THEN
        IF TG_OP = 'UPDATE' THEN
            IF to_jsonb(NEW) - '{changes,reason,salt}'::text[] = to_jsonb(OLD) - '{changes,reason,salt}'::text[]
                AND EXISTS (SELECT FROM records_redaction d WHERE d.transaction = pg_current_xact_id()::text::bigint
                    AND d.blanked IS NULL AND 'participant ' || d.participant_id = to_jsonb(OLD) ->> 'chain') THEN
                RETURN NEW;
            END IF;
        END IF;
        RAISE EXCEPTION 'The audit trail is never changed.' USING ERRCODE = '42501';
    END IF;
    RAISE EXCEPTION 'A clinical record is never deleted. Void it, with a reason.' USING ERRCODE = '42501';
END $$;
"""

GUARD = """
CREATE TRIGGER audit_row_stays BEFORE UPDATE OR DELETE ON records_auditrow
    FOR EACH ROW EXECUTE FUNCTION records_refuse();
CREATE TRIGGER audit_row_not_emptied BEFORE TRUNCATE ON records_auditrow
    FOR EACH STATEMENT EXECUTE FUNCTION records_refuse();
CREATE TRIGGER audit_head_stays BEFORE DELETE ON records_audithead
    FOR EACH ROW EXECUTE FUNCTION records_refuse();
CREATE TRIGGER audit_head_not_emptied BEFORE TRUNCATE ON records_audithead
    FOR EACH STATEMENT EXECUTE FUNCTION records_refuse();
"""

DIGEST = """
CREATE FUNCTION records_digest(salt text, changes jsonb, reason text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT encode(sha256(convert_to(salt || '|' || changes::text || '|' || reason, 'UTF8')), 'hex')
$$;

CREATE FUNCTION records_link(previous text, chain text, seq bigint, at timestamptz, person bigint, actor text,
    db_role text, action text, tbl text, record_id bigint, tx bigint, digest text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT encode(sha256(convert_to(concat_ws('|', previous, chain, seq,
        to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        person, actor, db_role, action, tbl, record_id, tx, digest), 'UTF8')), 'hex')
$$;
"""

# One audit row a changed record. Who and why come from transaction-local settings that the write door makes.
_AUDIT = """
CREATE OR REPLACE FUNCTION records_audit() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    who text := current_setting('sbrtspine.person', true);
    who_label text := current_setting('sbrtspine.actor', true);
    why text := current_setting('sbrtspine.reason', true);
    fresh jsonb := to_jsonb(NEW);
    diff jsonb;
    about bigint;
    link text;
    head records_audithead%ROWTYPE;
    row records_auditrow%ROWTYPE;
BEGIN
    IF coalesce(btrim(who), '') = '' OR coalesce(btrim(why), '') = '' THEN
        RAISE EXCEPTION 'Refused: a change of % must say who makes it and why.', TG_TABLE_NAME
            USING ERRCODE = '42501', HINT = 'Write through records.services.write.';
    END IF;
    IF TG_OP = 'INSERT' THEN
        SELECT coalesce(jsonb_object_agg(key, jsonb_build_array(NULL, value)), '{}') INTO diff
            FROM jsonb_each(fresh) WHERE value <> 'null'::jsonb;
    ELSE
        IF NEW.id <> OLD.id THEN
            RAISE EXCEPTION 'Refused: the identity of a record never changes.' USING ERRCODE = '42501';
        END IF;
        SELECT jsonb_object_agg(n.key, jsonb_build_array(o.value, n.value)) INTO diff
            FROM jsonb_each(fresh) n JOIN jsonb_each(to_jsonb(OLD)) o USING (key)
            WHERE n.value IS DISTINCT FROM o.value;
        IF diff IS NULL THEN
            RETURN NULL;
        END IF;
    END IF;
    about := CASE WHEN TG_TABLE_NAME = 'records_participant' THEN NEW.id
                  ELSE (fresh ->> 'participant_id')::bigint END;
    IF fresh ? 'voided_at' THEN  -- a clinical record; what people do about records goes on under a lock
        PERFORM records_not_locked(TG_TABLE_NAME, NEW.id, about, fresh ->> 'visit', diff);
    END IF;
    link := coalesce('participant ' || about, 'study');
    INSERT INTO records_audithead AS h (chain, seq, hash) VALUES (link, 0, '')
        ON CONFLICT (chain) DO UPDATE SET seq = h.seq RETURNING * INTO head;
    row.chain := link;
    row.seq := head.seq + 1;
    row.at := clock_timestamp();
    row.person_id := who::bigint;
    row.actor := coalesce(who_label, '');
    row.db_role := session_user;
    row.action := lower(TG_OP);
    row."table" := TG_TABLE_NAME;
    row.record_id := NEW.id;
    row.participant_id := about;
    row.transaction := pg_current_xact_id()::text::bigint;
    row.reason := left(why, 1000);
    row.changes := diff;
    row.salt := replace(gen_random_uuid()::text, '-', '');
    row.previous := head.hash;
    row.id := nextval(pg_get_serial_sequence('records_auditrow', 'id'));
    -- its digest and its link
    INSERT INTO records_auditrow SELECT row.*;
    UPDATE records_audithead SET seq = row.seq, hash = row.hash WHERE chain = link;
    RETURN NULL;
END $$;
"""

# The first form of a link left out the row's own id and participant, and joined what it covers with bars: where a
# name holds a bar, the same text could be read in two ways.
FIRST_AUDIT = _AUDIT.replace(
    "-- its digest and its link",
    """row.digest := records_digest(row.salt, row.changes, row.reason);
    row.hash := records_link(row.previous, row.chain, row.seq, row.at, row.person_id, row.actor, row.db_role,
        row.action, row."table", row.record_id, row.transaction, row.digest);""",
)

# The second covers every column, as the text of a JSON array: no value can pass for two, or for its neighbour's.
FORM = 2
AUDIT = _AUDIT.replace(
    "-- its digest and its link",
    f"""row.form := {FORM};
    row.digest := records_digest(row);
    row.hash := records_link(row);""",
)

# Of a row in a form that nobody knows, digest and link are null: it is like none.
FORMS = """
CREATE FUNCTION records_digest(r records_auditrow) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE r.form WHEN 1 THEN records_digest(r.salt, r.changes, r.reason) WHEN 2 THEN
        encode(sha256(convert_to(jsonb_build_array(r.salt, r.changes::text, r.reason)::text, 'UTF8')), 'hex') END
$$;

CREATE FUNCTION records_link(r records_auditrow) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE r.form
    WHEN 1 THEN records_link(r.previous, r.chain, r.seq, r.at, r.person_id, r.actor, r.db_role, r.action, r."table",
        r.record_id, r.transaction, r.digest)
    WHEN 2 THEN encode(sha256(convert_to(jsonb_build_array(r.form, r.previous, r.chain, r.seq, r.id,
        to_char(r.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), r.person_id, r.actor, r.db_role, r.action,
        r."table", r.record_id, r.participant_id, r.transaction, r.digest)::text, 'UTF8')), 'hex') END
$$;

-- For each chain the last row in the first form, its hash, and a digest of what that form left out or left ambiguous.
CREATE FUNCTION records_first_forms() RETURNS jsonb LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT coalesce(jsonb_object_agg(chain, jsonb_build_array(seq, hash, digest)), '{}')
    FROM (SELECT chain, max(seq) AS seq, (array_agg(hash ORDER BY seq DESC))[1] AS hash,
              encode(sha256(convert_to(jsonb_agg(jsonb_build_array(id, participant_id, actor, db_role, action, "table")
                  ORDER BY seq)::text, 'UTF8')), 'hex') AS digest
          FROM records_auditrow WHERE form = 1 GROUP BY chain) AS first
$$;
"""

# Once a newer form is there, no row is written in an older one.
NEWEST = f"""
CREATE FUNCTION records_newest_form() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'An audit row is written in the newest form.' USING ERRCODE = '42501';
END $$;
CREATE TRIGGER audit_row_in_newest_form BEFORE INSERT ON records_auditrow
    FOR EACH ROW WHEN (NEW.form IS DISTINCT FROM {FORM}) EXECUTE FUNCTION records_newest_form();
"""

# Where rows in the first form are there, an audited row of the study says how far each chain had come.
BEGINS = f"""
SELECT set_config('sbrtspine.person', id::text, true), set_config('sbrtspine.actor', 'sbrtspine (automatic)', true),
    set_config('sbrtspine.reason', 'From here on the link of an audit row covers every column', true)
FROM accounts_person WHERE username = 'system';
INSERT INTO records_auditform (form, at, ends) SELECT {FORM}, clock_timestamp(), records_first_forms()
    WHERE EXISTS (SELECT FROM records_auditrow WHERE form = 1);
SELECT set_config('sbrtspine.person', '', true), set_config('sbrtspine.actor', '', true),
    set_config('sbrtspine.reason', '', true);
"""  # noqa: S608 -- constants alone

CREATE = REFUSE + GUARD + DIGEST + FIRST_AUDIT
SECOND_FORM = FORMS + NEWEST + AUDIT
FIRST_FORM = (
    FIRST_AUDIT
    + """
DROP FUNCTION records_newest_form() CASCADE;
DROP FUNCTION records_first_forms();
DROP FUNCTION records_digest(records_auditrow);
DROP FUNCTION records_link(records_auditrow);
"""
)
DROP = """
DROP FUNCTION records_audit() CASCADE;
DROP FUNCTION records_refuse() CASCADE;
DROP FUNCTION records_digest(text, jsonb, text);
DROP FUNCTION records_link(text, text, bigint, timestamptz, bigint, text, text, text, text, bigint, bigint, text);
"""


def watch(table: str) -> str:
    """The triggers that make one clinical table audited and undeletable."""
    return f"""
CREATE TRIGGER audited AFTER INSERT OR UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION records_audit();
CREATE TRIGGER never_deleted BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION records_refuse();
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION records_refuse();
"""


def unwatch(table: str) -> str:
    """Undo `watch`; only the owner of the table can."""
    return "".join(f"DROP TRIGGER {name} ON {table};" for name in ("audited", "never_deleted", "never_emptied"))
