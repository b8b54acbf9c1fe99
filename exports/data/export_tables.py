"""What goes into one export: the list of its files, for the page that shows it, the zip that holds it and the log."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from accounts.roles import Permission
from exports.data import datasets
from exports.data.columns import Column
from exports.documents import audit_log, dictionary, query_log
from exports.selection import Selection
from records.model.base import Record
from records.model.fields import crf_fields

LOGS = ("queries", "audit")


@dataclass(frozen=True)
class Table:
    """One CSV: its name without .csv, its columns, its bytes."""

    name: str
    columns: list[Column]
    source: Callable[[Selection], str]
    blocks: Callable[[Selection], Iterator[bytes]]
    model: type[Record] | None = None
    without: frozenset[str] = frozenset()

    @property
    def questions(self) -> list[tuple[str, str]]:
        """What may be left out of it: the name of each question, and how it is asked."""
        fields = crf_fields(self.model) if self.model else []
        return [(field.name, str(field.verbose_name)) for field in fields]


def tables(selection: Selection) -> list[Table]:
    """Every CSV of this selection. The logs hold true dates and people's words, so no de-identified one has them."""
    files = [_form(model, selection) for model in dictionary.models() if selection.takes(model.slug)]
    if selection.deidentified:
        return files
    if selection.takes("queries"):
        files.append(Table("queries", query_log.columns(selection), query_log.source, query_log.blocks))
    if selection.takes("audit") and selection.person.may(Permission.AUDIT):
        files.append(Table("audit", audit_log.columns(selection), audit_log.source, audit_log.blocks))
    return files


def _form(model: type[Record], selection: Selection) -> Table:
    source, blocks = partial(datasets.source, model), partial(datasets.blocks, model)
    return Table(model.slug, datasets.columns_of(model, selection), source, blocks, model, selection.left_out(model))


def rows(selection: Selection) -> dict[str, int]:
    """How many rows each of them has, asked in one statement."""
    plain = replace(selection, deidentified=False)  # the same rows; names and dates are not looked at
    return datasets.count([(table.name, table.source(plain)) for table in tables(selection)], plain.participants()[1])
