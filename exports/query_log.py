"""The queries and their threads as CSV."""

import csv
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from accounts.models import Person
from accounts.roles import May
from exports.datasets import safe
from records import as_of, selectors
from records.models import Query, QueryMessage

HEADER = [
    "participant", "site", "query", "form", "field", "rule", "question", "for", "priority", "state", "ending", "at",
    "by", "act", "said",
]  # fmt: skip


class _Line:
    def write(self, line: str) -> str:
        return line


def lines(person: Person, at: datetime | None = None) -> Iterator[str]:
    """One line for each thing said (until an instant), in the order of participants, queries and threads."""
    writer = csv.writer(_Line(), lineterminator="\r\n")
    yield writer.writerow(HEADER)
    exportable = selectors.participants(person).filter(site_id__in=person.site_ids(May.EXPORT))
    found = QueryMessage.objects.filter(participant__in=exportable)
    found = found.filter(at__lte=at) if at else found
    found = found.order_by("participant__code", "query__number", "pk")
    found = found.select_related("query", "participant__site", "by")
    stood = {row.pk: row for row in as_of.rows(Query, at, exportable.values_list("pk", flat=True))} if at else {}
    for each in found.iterator(chunk_size=2000):
        each.query = stood.get(each.query_id, each.query)
        yield writer.writerow([safe(str(cell)) for cell in _cells(each)])


def _cells(each: QueryMessage) -> list[Any]:
    query, site = each.query, each.participant.site
    return [
        each.participant.code, site.code, query.number, query.form, query.field, query.rule, query.sentence,
        query.assignee, query.priority, query.state, query.ending, each.at.astimezone(site.tz).isoformat(), each.by,
        each.act, each.text,
    ]  # fmt: skip
