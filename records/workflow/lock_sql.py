"""The database refuses to change what is frozen or locked, whatever the route. Run by a migration."""

from records.advisory_locks import AdvisoryLock
from records.redaction import STUB
from records.workflow.locks import CONSTRAINT

# Called by the audit trigger for each clinical record. The shared advisory locks make whoever closes something wait for
# writes under way; the query after them sees what was committed while this write waited (READ COMMITTED).
# A record or visit lock covers the rows inside a form through their form, which is written before them.
CREATE = f"""
CREATE OR REPLACE FUNCTION records_not_locked(tbl text, record bigint, about bigint, visit_code text, changed jsonb)
RETURNS void LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared({AdvisoryLock.STUDY}, 0);
    PERFORM pg_advisory_xact_lock_shared({AdvisoryLock.PARTICIPANT}, about::int);
    PERFORM 1 FROM records_lock l WHERE l.released_at IS NULL
        AND (l.scope = 'study' OR (l.participant_id = about AND (l.scope = 'participant'
            OR (l.scope = 'visit' AND l.visit = visit_code)
            OR (l.scope = 'record' AND l."table" = tbl AND l.record_id = record))))
        -- what is frozen may still be compared and signed: that changes nothing but the version
        AND NOT (l.kind = 'freeze' AND changed - 'version' = '{{}}'::jsonb);
    IF FOUND AND NOT EXISTS (  -- a name is taken out of what is locked, too; two people have asked for it
        SELECT FROM records_redaction d WHERE d.participant_id = about AND d.blanked IS NULL
            AND d.transaction = pg_current_xact_id()::text::bigint
            AND NOT EXISTS (SELECT FROM jsonb_each(changed - 'version') c WHERE c.value -> 1 <> '"{STUB}"')) THEN
        RAISE EXCEPTION 'Refused: % is locked.', tbl USING ERRCODE = '23514', CONSTRAINT = '{CONSTRAINT}';
    END IF;
END $$;
"""  # noqa: S608 -- constants alone
DROP = "DROP FUNCTION records_not_locked(text, bigint, bigint, text, jsonb);"
