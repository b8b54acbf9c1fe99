"""Proving the audit trail: every row, every link, every chain's end, and each record against the replay of its history.

All of it is asked of the database in sets, so that the time grows with the trail and not with the participants.
"""

import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db import connection, models, transaction

from records.audit import chain_forms, seals
from records.model import registry
from records.model.base import Audited
from records.models import AuditCheck, AuditRow, Participant

MAX_SENTENCES = 50  # findings kept of one proving; all are counted


@dataclass(frozen=True)
class Finding:
    """One contradiction, and where it is."""

    participant: str
    form: str
    record: int
    field: str
    what: str

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def __str__(self) -> str:
        return f"{self.participant or 'study'} · {self.form} · record key {self.record} · {self.field}: {self.what}"


# What a redaction says that it left in a row before it: it counts where who agreed is not who asked. The row that says
# so is proved like any other.
_STATED = """
SELECT s.chain, s.seq, (left_there ->> 0)::bigint AS about, left_there ->> 1 AS digest
FROM records_auditrow AS s, jsonb_array_elements(s.changes -> 'blanked' -> 1) AS left_there
WHERE s."table" = 'records_redaction' AND s.action = 'update' AND jsonb_typeof(s.changes -> 'blanked' -> 1) = 'array'
  AND EXISTS (SELECT FROM records_auditrow AS a WHERE a.chain = s.chain AND a."table" = s."table"
      AND a.record_id = s.record_id AND a.action = 'insert' AND a.seq < s.seq AND a.person_id <> s.person_id)
"""

_ALTERED = """(r.salt !~ '^[0-9a-f]{32}$' OR (r.digest IS DISTINCT FROM records_digest(r.audit_row) AND NOT EXISTS (
    SELECT FROM stated WHERE stated.chain = r.chain AND stated.about = r.seq AND stated.seq > r.seq
    AND stated.digest = records_digest(r.audit_row))))"""
_OTHER_LINK = "r.hash IS DISTINCT FROM records_link(r.audit_row)"
_OTHER_PLACE = "(r.previous <> r.before OR r.seq <> r.place)"
_OTHER_CHAIN = "r.chain <> coalesce('participant ' || r.participant_id, 'study')"

_ROWS = f"""
WITH stated AS MATERIALIZED ({_STATED})
SELECT r.chain, r."table", r.record_id,
       (SELECT string_agg(key, ', ' ORDER BY key) FROM jsonb_object_keys(
           CASE WHEN jsonb_typeof(r.changes) = 'object' THEN r.changes ELSE '{{}}' END) AS key),
       CASE WHEN {_ALTERED} THEN 'the change or its reason was altered after it was written'
            WHEN {_OTHER_LINK} THEN 'who, when or what of the audit row was altered after it was written'
            WHEN {_OTHER_PLACE} THEN 'an audit row before this one is missing or was put in'
            WHEN {_OTHER_CHAIN} THEN 'its participant is another than that of the chain it is in'
            ELSE 'its id is not greater than that of the row before it in the chain' END
FROM (SELECT a.*, a AS audit_row, row_number() OVER chained AS place,
          lag(hash, 1, '') OVER chained AS before, lag(id, 1, 0::bigint) OVER chained AS id_before
      FROM records_auditrow AS a WINDOW chained AS (PARTITION BY chain ORDER BY seq)) AS r
WHERE {_ALTERED} OR {_OTHER_LINK} OR {_OTHER_PLACE} OR {_OTHER_CHAIN} OR r.id <= r.id_before
ORDER BY r.chain, r.seq
"""  # noqa: S608 -- constants alone

_HEADS = """
SELECT coalesce(h.chain, r.chain), coalesce(h.seq, 0) - coalesce(r.seq, 0)
FROM records_audithead AS h
FULL JOIN (SELECT DISTINCT ON (chain) chain, seq, hash FROM records_auditrow ORDER BY chain, seq DESC) AS r
    USING (chain)
WHERE h.seq IS DISTINCT FROM r.seq OR h.hash IS DISTINCT FROM r.hash
"""

# A record belongs to one participant, and its history begins with its making.
_RECORDS = """
SELECT min(chain), "table", record_id, CASE WHEN min(chain) <> max(chain) THEN 'its history is in more than one chain'
    ELSE 'its history does not begin with its making, or has two beginnings' END
FROM records_auditrow GROUP BY "table", record_id
HAVING min(chain) <> max(chain) OR count(*) FILTER (WHERE action = 'insert') <> 1
    OR (array_agg(action ORDER BY seq))[1] <> 'insert'
ORDER BY 1, 2, 3
"""

# A column that a migration has retired is history alone: there is nothing left to compare it with.
_REPLAY = """
WITH told AS (
    SELECT DISTINCT ON (r.record_id, c.key) r.record_id, c.key, c.value -> 1 AS value
    FROM records_auditrow AS r, jsonb_each(r.changes) AS c
    WHERE r."table" = '{table}' ORDER BY r.record_id, c.key, r.seq DESC, r.id DESC
), held AS (
    SELECT t.id AS record_id, c.key, c.value FROM {table} AS t, jsonb_each(to_jsonb(t)) AS c
)
SELECT record_id, key, told.value::text, held.value::text FROM told FULL JOIN held USING (record_id, key)
WHERE coalesce(told.value, 'null') IS DISTINCT FROM coalesce(held.value, 'null')
  AND key IN (SELECT attname FROM pg_attribute WHERE attrelid = '{table}'::regclass AND NOT attisdropped)
ORDER BY record_id, key
"""

# Table -> what else contradicts its rows, by id: apps above add theirs when they are ready.
PROOFS: dict[str, Callable[[], list[tuple[int, str]]]] = {}


def verify() -> list[Finding]:
    """Every contradiction in the trail, or between the trail and the records; an empty list is the proof."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL timezone = 'UTC'")
        codes = dict(Participant._base_manager.values_list("pk", "code"))
        findings = [*_rows(cursor, codes), *_ends(cursor, codes), *_records(cursor, codes), *_replays(cursor, codes)]
        findings += [Finding(_code(chain, codes), "audit", 0, "chain", what) for chain, what in chain_forms.findings()]
    for table, contradictions in PROOFS.items():
        findings += [Finding("", _title(_names(), table), record, "file", what) for record, what in contradictions()]
    return [*findings, *(_sealed(sentence, codes) for sentence in seals.findings())]


def prove(now: datetime) -> AuditCheck:
    """Verify, and keep what was found."""
    findings = verify()
    sentences = [str(finding) for finding in findings[:MAX_SENTENCES]]
    return AuditCheck.objects.create(at=now, rows=counts()["rows"], findings=len(findings), sentences=sentences)


def _sealed(sentence: str, codes: dict[int, str]) -> Finding:
    """A finding of the seals; where it is about a participant's chain, with the code."""
    return Finding(_code(sentence.partition(",")[0], codes), "seal", 0, "chain", sentence)


def _code(chain: str, codes: dict[int, str]) -> str:
    """Whose chain it is; without a code where it is the study's, or somebody's who is not there."""
    about = re.fullmatch(r"participant (\d+)", chain)
    return codes.get(int(about[1]), chain) if about else ""


def forms() -> list[str]:
    """For each chain that began in the first form of a link, how far it goes."""
    codes = dict(Participant._base_manager.values_list("pk", "code"))
    old = [chain for chain in chain_forms.chains() if chain.first_to]
    return [f"{_code(chain.name, codes) or 'study'}: {chain_forms.in_words(chain)}" for chain in old]


def counts() -> dict[str, int]:
    """How much was verified."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*), count(DISTINCT chain) FROM records_auditrow")
        rows, chains = cursor.fetchone()
    return {"rows": rows, "chains": chains}


def _names() -> dict[str, type[Audited]]:
    return {model._meta.db_table: model for model in registry.audited_models()}


def _title(names: dict[str, type[Audited]], table: str) -> str:
    return getattr(names.get(table), "slug", "") or table.removeprefix("records_")


def _rows(cursor: Any, codes: dict[int, str]) -> list[Finding]:
    cursor.execute(_ROWS)
    names = _names()
    return [
        Finding(_code(chain, codes), _title(names, table), record, fields or "", what)
        for chain, table, record, fields, what in cursor.fetchall()
    ]


def _ends(cursor: Any, codes: dict[int, str]) -> list[Finding]:
    cursor.execute(_HEADS)
    return [Finding(_code(chain, codes), "audit", 0, "chain", _end(missing)) for chain, missing in cursor.fetchall()]


def _end(missing: int) -> str:
    if missing > 0:
        return f"{missing} audit rows are missing at its end"
    return f"{-missing} audit rows more than its head says" if missing else "its last row is not the one of its head"


def _records(cursor: Any, codes: dict[int, str]) -> list[Finding]:
    cursor.execute(_RECORDS)
    names = _names()
    return [
        Finding(_code(chain, codes), _title(names, table), record, "history", what)
        for chain, table, record, what in cursor.fetchall()
    ]


def _replays(cursor: Any, codes: dict[int, str]) -> list[Finding]:
    """Each record equals the replay of its own history, field by field."""
    findings = []
    for table, model in _names().items():
        cursor.execute(_REPLAY.format(table=table))
        for record, field, replayed, stored in cursor.fetchall():
            participant = _participant_of(model, table, record)
            what = f"the record holds {stored or 'nothing'}, its history says {replayed or 'nothing'}"
            findings.append(Finding(codes.get(participant or 0, ""), _title(_names(), table), record, field, what))
    return findings


def _participant_of(model: type[Audited], table: str, record: int) -> int | None:
    """Whose record it is, as its history says; as it says itself where it has none."""
    if not hasattr(model, "participant_id"):
        return record
    history = AuditRow.objects.filter(table=table, record_id=record).order_by("seq")
    participant_id = history.values_list("participant_id", flat=True).first()
    return (
        participant_id
        or model._base_manager.filter(pk=record).values_list(models.F("participant_id"), flat=True).first()
    )
