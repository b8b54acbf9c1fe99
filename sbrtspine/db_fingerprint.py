"""What a database holds, in figures that a restored one must have too: rows, chains' ends, owners, rights, guards."""

from typing import Any

import psycopg

_TABLES = """
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND c.relkind = 'r' ORDER BY c.relname
"""


def _plain(expression: str) -> str:
    """An expression without casts and brackets: PostgreSQL writes some of them elsewhere when it reads its own text."""
    return f"regexp_replace({expression}, '::[a-z ]+(\\[\\])?|[()]', '', 'g')"


# Each kind of thing as sentences; a difference is shown as the sentence that is missing or too many.
_SHAPE = {
    "owners": """
        SELECT format('%s belongs to %s%s%s', c.relname, pg_get_userbyid(c.relowner),
            CASE WHEN c.relrowsecurity THEN ', rows by policy' END,
            CASE WHEN c.relforcerowsecurity THEN ', also for its owner' END)
        FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'S', 'v', 'm')""",
    "rights": """
        SELECT format('%s may %s %s', coalesce(nullif(a.grantee, 0)::regrole::text, 'everybody'),
            lower(a.privilege_type), c.relname)
        FROM pg_class c, aclexplode(coalesce(c.relacl,
            acldefault(CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", c.relowner))) a
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'S', 'v', 'm')""",
    "policies": f"""
        SELECT format('%s on %s: %s, %s, %s, using %s, check %s', policyname, tablename, permissive, cmd, roles::text,
            {_plain("qual")}, {_plain("with_check")}) FROM pg_policies WHERE schemaname = 'public'""",  # noqa: S608 -- constants
    "triggers": """
        SELECT format('%s, enabled %s', pg_get_triggerdef(t.oid), t.tgenabled)
        FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
        WHERE c.relnamespace = 'public'::regnamespace AND NOT t.tgisinternal""",
    "constraints": f"""
        SELECT format('%s on %s: %s', conname, conrelid::regclass, {_plain("pg_get_constraintdef(oid)")})
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace""",  # noqa: S608 -- constants
    "functions": """
        SELECT format('%s, owner %s, %s', p.proname, pg_get_userbyid(p.proowner), md5(pg_get_functiondef(p.oid)))
        FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace AND p.prokind = 'f'""",
}
_ROLES = """
SELECT DISTINCT r.rolname FROM pg_roles r WHERE r.rolname !~ '^pg_' AND r.oid IN (
    SELECT relowner FROM pg_class WHERE relnamespace = 'public'::regnamespace
    UNION SELECT a.grantee FROM pg_class c, aclexplode(c.relacl) a WHERE c.relnamespace = 'public'::regnamespace
    UNION SELECT unnest(polroles) FROM pg_policy)
ORDER BY 1
"""


def single(database: psycopg.Connection, statement: str) -> Any:
    """The one value that a statement answers."""
    [(value,)] = database.execute(statement).fetchall()
    return value


def fingerprint_of(database: psycopg.Connection) -> dict[str, Any]:
    """Rows of each table, ends of the chains, shape and roles; within the caller's transaction."""
    database.execute("SET LOCAL search_path = public")
    tables = [name for (name,) in database.execute(_TABLES)]
    heads = database.execute("SELECT chain, seq, hash FROM records_audithead ORDER BY chain").fetchall()
    return {
        "rows": {name: single(database, f'SELECT count(*) FROM "{name}"') for name in tables},  # noqa: S608 -- the catalogue's names
        "heads": {chain: [seq, link] for chain, seq, link in heads},
        "shape": {kind: sorted(part for (part,) in database.execute(asked)) for kind, asked in _SHAPE.items()},
        "roles": [name for (name,) in database.execute(_ROLES)],
    }


def differences(expected: dict[str, Any], actual: dict[str, Any]) -> list[str]:
    """Sentences; none where the restored database is like the one that was backed up."""
    sentences = []
    for kind, word in (("rows", "rows"), ("heads", "end of the chain")):
        for name in sorted(expected[kind].keys() | actual[kind].keys()):
            was, now = expected[kind].get(name), actual[kind].get(name)
            if was != now:
                sentences.append(f"{name}: {word} {now}, in the backup {was}")
    for kind, wanted in expected["shape"].items():
        sentences += [f"{kind}: missing: {entry}" for entry in sorted(set(wanted) - set(actual["shape"][kind]))]
        sentences += [
            f"{kind}: not in the backup: {entry}" for entry in sorted(set(actual["shape"][kind]) - set(wanted))
        ]
    return sentences
