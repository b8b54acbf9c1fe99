"""The fixed cast, made once by the application itself and put back in one statement for every test that wants it.

Making eight people with roles, training and delegation takes 171 statements, which was a third of the time of a small
test. What they left (rows, audit trail and chain heads) is kept in a function of the test database; where a test has
written something of its own before it asks for the cast, the cast is made anew behind that.
"""

import json
import os
from collections.abc import Callable, Iterator

import psycopg
from django.db import connection
from psycopg import sql

from tests.environment import DATABASE

# The owner is the superuser: triggers stay silent, for their rows (the audit trail) are put back too.
_FUNCTION = """
CREATE SCHEMA cast_of_tests;
GRANT USAGE ON SCHEMA cast_of_tests TO PUBLIC;
CREATE FUNCTION cast_of_tests.put_back(stage text) RETURNS boolean LANGUAGE plpgsql
SECURITY DEFINER SET session_replication_role = replica SET search_path = public AS $$
DECLARE
    stages CONSTANT jsonb := {stages};
    part jsonb;
BEGIN
    IF (SELECT coalesce(max(id), 0) FROM records_auditrow) <> (stages -> stage ->> 'after')::bigint THEN
        RETURN false;
    END IF;
    FOR part IN SELECT * FROM jsonb_array_elements(stages -> stage -> 'parts') LOOP
        EXECUTE format('DELETE FROM %1$I WHERE %2$I IN (SELECT %2$I FROM jsonb_populate_recordset(NULL::%1$I, $1))',
            part ->> 'table', part ->> 'key') USING part -> 'rows';
        EXECUTE format('INSERT INTO %1$I SELECT * FROM jsonb_populate_recordset(NULL::%1$I, $1)', part ->> 'table')
            USING part -> 'rows';
        IF part ->> 'sequence' IS NOT NULL THEN
            EXECUTE format('SELECT setval(%1$L, greatest(last_value, $1)) FROM %1$s', part ->> 'sequence')
                USING (part ->> 'highest')::bigint;
        END IF;
    END LOOP;
    RETURN true;
END $$;
"""

Rows = dict[str, dict[str, str]]  # table -> key -> the row as JSON


def put_back(stage: str) -> bool:
    """Whether what a stage made is there again; False where something else was written before it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT cast_of_tests.put_back(%s)", [stage])
        return bool(cursor.fetchone()[0])


def keep(stages: dict[str, Callable[[], None]], empty: Callable[[], None]) -> None:
    """Run each stage once, for good; keep what it wrote; then empty the database again."""
    with psycopg.connect(_address(), autocommit=True) as server:
        keys = dict(_keys(server))
        before, kept = _rows(server, keys), {}
        for name, make in stages.items():
            after = server.execute("SELECT coalesce(max(id), 0) FROM records_auditrow").fetchone()
            make()
            rows = _rows(server, keys)
            kept[name] = {"after": after[0], "parts": [*_parts(server, keys, before, rows)]}
            before = rows
        empty()
        server.execute(sql.SQL(_FUNCTION).format(stages=sql.Literal(json.dumps(kept))))


def _address() -> str:
    head, _, options = os.environ["TEST_SUPERUSER_URL"].partition("?")
    return head.rsplit("/", 1)[0] + f"/{DATABASE}?{options}"


def _keys(server: psycopg.Connection) -> Iterator[tuple[str, str]]:
    """Each table with the name of its primary key."""
    yield from server.execute(
        "SELECT c.relname, a.attname FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indrelid"
        " JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]"
        " WHERE i.indisprimary AND c.relnamespace = 'public'::regnamespace"
    ).fetchall()


def _rows(server: psycopg.Connection, keys: dict[str, str]) -> Rows:
    every = {}
    for table, key in keys.items():
        query = sql.SQL("SELECT {}::text, to_jsonb(t)::text FROM {} AS t ORDER BY 1")
        every[table] = dict(server.execute(query.format(sql.Identifier(key), sql.Identifier(table))).fetchall())
    return every


def _parts(server: psycopg.Connection, keys: dict[str, str], before: Rows, rows: Rows) -> Iterator[dict[str, object]]:
    for table, key in keys.items():
        fresh = [json.loads(row) for pk, row in rows[table].items() if before[table].get(pk) != row]
        if fresh:
            sequence = server.execute("SELECT pg_get_serial_sequence(%s, %s)", [table, key]).fetchone()[0]
            highest = max(row[key] for row in fresh) if sequence else None
            yield {"table": table, "key": key, "rows": fresh, "sequence": sequence, "highest": highest}
