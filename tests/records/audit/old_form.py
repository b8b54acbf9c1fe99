"""Audit rows as they were written before their link covered every column."""

from collections.abc import Iterator
from contextlib import contextmanager

from records.audit import trigger_sql
from tests.conftest import superuser

FIRST = trigger_sql.FIRST_AUDIT.replace("    row.id :=", "    row.form := 1;\n    row.id :=")


@contextmanager
def first_form(begin: bool = True) -> Iterator[None]:
    """The old trigger in the place of ours; afterwards what the migration does, so that the second form begins."""
    with superuser() as server:
        server.execute(FIRST)
        server.execute("DROP FUNCTION records_newest_form() CASCADE")
        try:
            yield
        finally:
            server.execute(trigger_sql.NEWEST)
            server.execute(trigger_sql.AUDIT)
        if begin:
            server.execute(trigger_sql.BEGINS)
