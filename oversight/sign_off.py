"""What the principal investigator signs as a whole: the primary endpoint with its derivation, and the casebook."""

from datetime import datetime
from typing import Any

from oversight.casebook import facts, loading
from oversight.casebook.book import Casebook
from oversight.endpoint import history
from records.model import registry
from records.model.base import ItemGroupRecord
from records.models import Participant
from records.workflow import attestations, signatures

ENDPOINT, CASEBOOK = "endpoint", "casebook"


def rows_inside(book: Casebook) -> dict[tuple[str, int], list[ItemGroupRecord]]:
    """attestations.key of a record -> the rows inside it, as selectors.child_rows gives them."""
    rows: dict[tuple[str, int], list[ItemGroupRecord]] = {}
    for model in registry.forms().values():
        for kind in registry.rows_of(model):
            for row in sorted(book.every(kind), key=lambda row: row.pk):
                form = (model._meta.db_table, getattr(row, f"{row.parent_field}_id"))
                rows.setdefault(form, []).append(row)
    return rows


def load_attestations(book: Casebook, at: datetime | None = None) -> None:
    """Give every record of a casebook its lock, signature and comparison."""
    attestations.load(list(book.forms()), rows_inside(book), at)


def content_of_endpoint(book: Casebook) -> dict[str, Any]:
    """The verdict, each reading, and every fact it rests on."""
    judged = {
        variant.code: {
            "verdict": endpoint.verdict,
            "because": endpoint.because,
            "rows": [vars(row) for row in endpoint.rows],
        }
        for variant, endpoint in history.judged(book)
    }
    return {"protocol": book.study.version, "facts": _plain(facts.endpoint(book)), "judged": judged}


def _plain(known: Any) -> dict[str, Any]:
    document = {name: value for name, value in vars(known).items() if name not in ("events", "ended")}
    document["ended"] = vars(known.ended) if known.ended else None
    document["events"] = [{**vars(event), "grades": [vars(row) for row in event.grades]} for event in known.events]
    return document


def content_of_casebook(book: Casebook) -> dict[str, Any]:
    """Every record that counts, with its rows."""
    inside = rows_inside(book)
    return {
        f"{record.slug} {getattr(record, 'visit', '')} {record.number}": signatures.content_of(
            record, inside.get(attestations.key(record), [])
        )
        for record in book.forms()
    }


def content(participant: Participant, scope: str) -> dict[str, Any]:
    """What stands now, read anew."""
    book = loading.load([participant])[participant.pk]
    return content_of_endpoint(book) if scope == ENDPOINT else content_of_casebook(book)
