"""The answers that the primary endpoint rests on, for who reviews their changes; casebook/facts.py reads them."""

from records.model import registry
from records.model.fields import crf_field

# Form or row -> its questions. A test holds this against what the facts are made of.
FIELDS: dict[str, tuple[str, ...]] = {
    "sbrt": ("delivery",),
    "sbrt-fraction": ("beam_on_at", "beam_off_at"),
    "surgery": ("index", "performed", "incision_at", "closed_at"),
    "adverse-event": (
        "verbatim", "ctcae_code", "onset_on", "onset_order", "ended_on", "at_baseline", "baseline_grade",
        "related_sbrt", "related_surgery", "related_combination", "second_sbrt", "second_surgery",
        "second_combination", "decided_sbrt", "decided_surgery", "decided_combination",
    ),
    "adverse-event-grade": ("grade", "from_on"),
    "visit": ("done", "visited_on"),
    "death": ("died_on", "learned_on"),
    "end-of-study": ("outcome", "ended_on", "last_seen_on"),
    "consent": ("withdrawn", "withdrawn_on", "withdrawn_what"),
}  # fmt: skip


def columns() -> list[tuple[str, str]]:
    """(table, column) of each, an instant with its local date; voiding or completing such a record counts too."""
    pairs = []
    for model in registry.clinical_models():
        for name in FIELDS.get(model.slug, ()):
            column = crf_field(model, name).name
            pairs += [(model._meta.db_table, column), (model._meta.db_table, f"{column}_date")]
        if model.slug in FIELDS:
            pairs.append((model._meta.db_table, "voided_at"))
    return pairs
