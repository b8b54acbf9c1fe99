"""Taking a text out of the records and out of their history, inside the database. Run by a migration.

The application may ask (insert a row of `records_redaction`) and call `records_redact`, which runs as the owner and
does nothing unless another person than the asker calls it. What it leaves in each audit row gets a fresh salt and a
digest of its own, stated in the redaction's last audit row: a blanked row is proved by a later row of its own chain.
"""

import json

from records.audit.trigger_sql import REFUSE
from records.model.missing import MISSING_CODES
from records.redaction import STUB
from records.workflow import lock_sql
from records.workflow.source_verification import digest_of

QUOTED = 6  # a text of so many characters or more is also looked for inside other sentences

# What a comparison with the source says of the stub, and of reasons for no answer (they quote nothing).
_STUB_DIGEST = digest_of([STUB, None])
_NO_TEXT = json.dumps([digest_of([None, code]) for code in [None, *sorted(MISSING_CODES)]])

ASKED_FIRST = """
CREATE FUNCTION records_redaction_asked() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.agreed_at IS NOT NULL OR NEW.agreed_by_id IS NOT NULL OR NEW.transaction IS NOT NULL
        OR NEW.blanked IS NOT NULL OR NEW.asked_by_id::text IS DISTINCT FROM current_setting('sbrtspine.person', true)
    THEN
        RAISE EXCEPTION 'A redaction is asked for by who asks, and agreed to by somebody else.' USING ERRCODE = '42501';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER asked_first BEFORE INSERT ON records_redaction FOR EACH ROW EXECUTE FUNCTION records_redaction_asked();
"""

PAIRS = f"""
CREATE FUNCTION records_stubbed(pair jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT jsonb_agg(CASE WHEN jsonb_typeof(value) = 'string' AND value <> '""' THEN '"{STUB}"' ELSE value END
        ORDER BY place) FROM jsonb_array_elements(pair) WITH ORDINALITY AS e(value, place)
$$;
CREATE FUNCTION records_swapped(pair jsonb, old text, new text) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT jsonb_agg(CASE WHEN jsonb_typeof(value) = 'string' THEN to_jsonb(replace(value #>> '{{}}', old, new))
        ELSE value END ORDER BY place) FROM jsonb_array_elements(pair) WITH ORDINALITY AS e(value, place)
$$;
"""  # noqa: S608 -- constants alone

# A sentence that quotes a text, in an audited table: in the table, and in its audit rows.
QUOTES = """
CREATE FUNCTION records_unquote(link text, about bigint, tbl text, col text, old text, new text) RETURNS bigint[]
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    found bigint[];
BEGIN
    EXECUTE format('UPDATE %1$I SET %2$I = replace(%2$I, $1, $2) WHERE participant_id = $3 AND strpos(%2$I, $1) > 0',
        tbl, col) USING old, new, about;
    WITH hit AS (
        UPDATE records_auditrow
        SET changes = jsonb_set(changes, ARRAY[col], records_swapped(changes -> col, old, new))
        WHERE chain = link AND "table" = tbl AND changes ? col
            AND (strpos(changes -> col ->> 0, old) > 0 OR strpos(changes -> col ->> 1, old) > 0)
        RETURNING id
    ) SELECT coalesce(array_agg(id), '{}') INTO found FROM hit;
    RETURN found;
END $$;

CREATE FUNCTION records_unsign(link text, about bigint, old text, new text) RETURNS bigint[]
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    signed record;
    fresh text;
    found bigint[] := '{}';
BEGIN
    FOR signed IN SELECT * FROM records_signature WHERE participant_id = about AND strpos(content, old) > 0 LOOP
        fresh := encode(sha256(convert_to(replace(signed.content, old, new), 'UTF8')), 'hex');
        UPDATE records_signature SET content = replace(content, old, new), digest = fresh WHERE id = signed.id;
        WITH hit AS (
            UPDATE records_auditrow SET changes = changes
                || jsonb_build_object('content', records_swapped(changes -> 'content', old, new))
                || jsonb_build_object('digest', records_swapped(changes -> 'digest', signed.digest, fresh))
            WHERE chain = link AND "table" = 'records_signature' AND record_id = signed.id AND changes ? 'content'
            RETURNING id
        ) SELECT found || array_agg(id) INTO found FROM hit;
    END LOOP;
    RETURN found;
END $$;

-- Tables without a history that hold what was worked out of the records: every text column of them.
CREATE FUNCTION records_underive(about bigint, old text, new text) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    col record;
    inner_old text := substr(to_json(old)::text, 2, length(to_json(old)::text) - 2);
    twice text;
BEGIN
    FOR col IN SELECT c.relname AS tbl, a.attname AS name, a.atttypid = 'jsonb'::regtype AS is_json
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
        WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT a.attisdropped AND a.attnum > 0
            AND a.atttypid IN ('text'::regtype, 'varchar'::regtype, 'jsonb'::regtype)
            AND c.relname <> 'records_auditrow'
            AND EXISTS (SELECT FROM pg_attribute p WHERE p.attrelid = c.oid AND p.attname = 'participant_id'
                AND p.atttypid = 'bigint'::regtype)
            AND NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname = 'audited') LOOP
        EXECUTE format(CASE WHEN col.is_json
            THEN 'UPDATE %1$I SET %2$I = replace(%2$I::text, $1, $2)::jsonb'
                ' WHERE participant_id = $3 AND strpos(%2$I::text, $1) > 0'
            ELSE 'UPDATE %1$I SET %2$I = replace(%2$I, $1, $2) WHERE participant_id = $3 AND strpos(%2$I, $1) > 0' END,
            col.tbl, col.name) USING CASE WHEN col.is_json THEN inner_old ELSE old END, new, about;
    END LOOP;
    twice := substr(to_json(inner_old)::text, 2, length(to_json(inner_old)::text) - 2);  -- a proof quotes it as JSON
    UPDATE records_auditcheck SET sentences = replace(replace(sentences::text, twice, new), inner_old, new)::jsonb
        WHERE strpos(sentences::text, twice) > 0 OR strpos(sentences::text, inner_old) > 0;
END $$;
"""

REDACT = f"""
CREATE OR REPLACE FUNCTION records_redact(which bigint) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    asked records_redaction%ROWTYPE;
    who bigint := nullif(current_setting('sbrtspine.person', true), '')::bigint;
    link text;
    place jsonb;
    tbl text;
    col text;
    rec bigint;
    texts text[];
    told text;
    more text;
    quoting text[];
    hits bigint[];
    touched bigint[] := '{{}}';
    row records_auditrow%ROWTYPE;
    fresh text;
    left_there jsonb := '[]';
BEGIN
    SELECT * INTO asked FROM records_redaction WHERE id = which FOR UPDATE;
    IF NOT FOUND OR asked.agreed_at IS NOT NULL OR asked.dropped_at IS NOT NULL THEN
        RAISE EXCEPTION 'This redaction is not open.' USING ERRCODE = '42501';
    ELSIF who IS NULL OR who = asked.asked_by_id THEN
        RAISE EXCEPTION 'One person asks for a redaction, another one agrees.' USING ERRCODE = '42501';
    END IF;
    UPDATE records_redaction SET agreed_at = clock_timestamp(), agreed_by_id = who,
        transaction = pg_current_xact_id()::text::bigint WHERE id = which;
    link := 'participant ' || asked.participant_id;
    FOR place IN SELECT value FROM jsonb_array_elements(asked.places) LOOP
        tbl := place ->> 'table'; col := place ->> 'field'; rec := (place ->> 'record')::bigint;
        IF tbl = 'records_auditrow' THEN  -- a reason, named by its number in the chain
            WITH hit AS (UPDATE records_auditrow SET reason = '{STUB}' WHERE chain = link AND seq = rec RETURNING id)
                SELECT coalesce(array_agg(id), '{{}}') INTO hits FROM hit;
            touched := touched || hits;
            CONTINUE;
        END IF;
        IF NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = to_regclass(quote_ident(tbl)) AND tgname = 'audited') THEN
            RAISE EXCEPTION '% has no history.', tbl USING ERRCODE = '42501';
        END IF;
        SELECT array_agg(DISTINCT held.said) INTO texts FROM records_auditrow r,
            LATERAL (VALUES (r.changes -> col ->> 0), (r.changes -> col ->> 1)) AS held(said)
            WHERE r.chain = link AND r."table" = tbl AND r.record_id = rec AND r.changes ? col
                AND coalesce(held.said, '') NOT IN ('', '{STUB}');
        CONTINUE WHEN texts IS NULL;
        more := CASE WHEN EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass(quote_ident(tbl))
            AND attname = 'version') THEN ', version = version + 1' ELSE '' END;
        EXECUTE format('UPDATE %1$I SET %2$I = %3$L%4$s WHERE id = $1 AND coalesce(%2$I, '''') NOT IN ('''', %3$L)',
            tbl, col, '{STUB}', more) USING rec;
        WITH hit AS (
            UPDATE records_auditrow SET changes = jsonb_set(changes, ARRAY[col], records_stubbed(changes -> col))
            WHERE chain = link AND "table" = tbl AND record_id = rec AND changes ? col RETURNING id
        ) SELECT coalesce(array_agg(id), '{{}}') INTO hits FROM hit;
        touched := touched || hits;
        UPDATE records_verification SET digest = '{_STUB_DIGEST}'
            WHERE "table" = tbl AND record_id = rec AND field = col AND NOT '{_NO_TEXT}'::jsonb ? digest;
        WITH hit AS (
            UPDATE records_auditrow r SET changes = jsonb_set(changes, '{{digest}}', (SELECT jsonb_agg(CASE
                WHEN jsonb_typeof(value) <> 'string' OR '{_NO_TEXT}'::jsonb ? (value #>> '{{}}') THEN value
                ELSE '"{_STUB_DIGEST}"' END ORDER BY at) FROM jsonb_array_elements(changes -> 'digest')
                WITH ORDINALITY AS e(value, at)))
            WHERE chain = link AND "table" = 'records_verification' AND changes ? 'digest' AND record_id IN (
                SELECT v.id FROM records_verification v WHERE v."table" = tbl AND v.record_id = rec AND v.field = col)
            RETURNING id
        ) SELECT coalesce(array_agg(id), '{{}}') INTO hits FROM hit;
        touched := touched || hits;
        FOREACH told IN ARRAY texts LOOP
            touched := touched || records_unsign(link, asked.participant_id,
                to_json(col)::text || ':' || to_json(told)::text, to_json(col)::text || ':"{STUB}"');
            CONTINUE WHEN length(told) < {QUOTED};
            touched := touched || records_unsign(link, asked.participant_id,
                substr(to_json(told)::text, 2, length(to_json(told)::text) - 2), '{STUB}');
            FOREACH quoting SLICE 1 IN ARRAY ARRAY[['records_query', 'sentence'],
                ['records_query', 'raised_by_values'], ['records_querymessage', 'text']] LOOP
                touched := touched
                    || records_unquote(link, asked.participant_id, quoting[1], quoting[2], told, '{STUB}');
            END LOOP;
            WITH hit AS (
                UPDATE records_auditrow SET reason = replace(reason, told, '{STUB}')
                WHERE chain = link AND strpos(reason, told) > 0 RETURNING id
            ) SELECT coalesce(array_agg(id), '{{}}') INTO hits FROM hit;
            touched := touched || hits;
            PERFORM records_underive(asked.participant_id, told, '{STUB}');
        END LOOP;
    END LOOP;
    FOR row IN SELECT * FROM records_auditrow WHERE id = ANY (touched) ORDER BY seq LOOP
        fresh := replace(gen_random_uuid()::text, '-', '');
        UPDATE records_auditrow SET salt = fresh WHERE id = row.id RETURNING * INTO row;
        left_there := left_there || jsonb_build_array(jsonb_build_array(row.seq, records_digest(row)));
    END LOOP;
    UPDATE records_redaction SET blanked = left_there WHERE id = which;
    RETURN jsonb_array_length(left_there);
END $$;
"""  # noqa: S608 -- constants alone

CREATE = REFUSE + lock_sql.CREATE + ASKED_FIRST + PAIRS + QUOTES + REDACT
DROP = """
DROP FUNCTION records_redact(bigint);
DROP FUNCTION records_underive(bigint, text, text);
DROP FUNCTION records_unsign(text, bigint, text, text);
DROP FUNCTION records_unquote(text, bigint, text, text, text, text);
DROP FUNCTION records_swapped(jsonb, text, text);
DROP FUNCTION records_stubbed(jsonb);
DROP FUNCTION records_redaction_asked() CASCADE;
"""
