"""The migrated database, made once for the migrations as they stand and copied for every run.

Migrating takes a quarter of a minute, copying less than a second. The template's name carries a digest of everything
that decides what `migrate` writes, so that a changed migration, policy or grant makes a new one.
"""

import ast
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
from psycopg import sql

from tests.environment import DATABASE, ROOT

PREFIX = "template_sbrtspine_"
_LOCK = 486_093


def make() -> None:
    """A new, empty test database, migrated by its owner; templates of earlier migrations are dropped."""
    template = PREFIX + fingerprint()
    with psycopg.connect(os.environ["TEST_SUPERUSER_URL"], autocommit=True) as server:
        server.execute("SELECT pg_advisory_lock(%s)", [_LOCK])  # of several workers one makes it
        server.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        names = server.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [PREFIX]).fetchall()
        if (template,) in names:
            server.execute(_copy(template, DATABASE))
            return
        for (stale,) in names:
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(stale)))
        server.execute(f"CREATE DATABASE {DATABASE} OWNER sbrtspine_owner")
        subprocess.run(
            [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
            check=True,
            cwd=ROOT,
            env={**os.environ, "SBRTSPINE_ROLE": "owner"},
        )
        server.execute(_copy(DATABASE, template))


def _copy(source: str, target: str) -> sql.Composed:
    command = sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER sbrtspine_owner")
    return command.format(sql.Identifier(target), sql.Identifier(source))


def fingerprint() -> str:
    """A digest of the migrations, of every module of ours that they or `migrate` import, and of the pins."""
    digest = hashlib.sha256()
    begins = [*ROOT.glob("*/migrations/*.py"), *ROOT.glob("*/management/commands/migrate.py")]
    for path in [*_closure(begins), ROOT / "sbrtspine" / "settings.py", ROOT / "requirements-dev.txt"]:
        digest.update(str(path.relative_to(ROOT)).encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _closure(begins: list[Path]) -> list[Path]:
    known: set[Path] = set()
    waiting = list(begins)
    while waiting:
        path = waiting.pop()
        if path not in known:
            known.add(path)
            waiting.extend(_imported(path))
    return sorted(known)


def _imported(path: Path) -> Iterator[Path]:
    """The files of ours that one imports, at any depth of its code."""
    for node in ast.walk(ast.parse(path.read_text())):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        for name in names:
            file = ROOT.joinpath(*name.split(".")).with_suffix(".py")
            if file.is_file():
                yield file
