"""docs/checks.md: every check there is, from the models and rules that make it."""

from django.db.models import CheckConstraint

from oversight.checks import rules
from records.model import registry
from records.model.base import Record
from records.model.fields import crf_fields


def as_markdown() -> str:
    """Rules over a casebook, then what each form refuses and asks about."""
    lines = [
        "# Checks",
        "",
        "Generated from `oversight/checks/rules.py` and the models; do not edit.",
        "",
        "Hard checks refuse what cannot be true, when it is saved. Soft ones raise a query, which closes itself when"
        " the rule was evaluated again and holds; what a person accepted is not asked again for the same values.",
        "",
        "## Across forms (soft)",
        "",
        "| rule | what it looks for | codes of its queries | on |",
        "| --- | --- | --- | --- |",
    ]
    for rule in rules.RULES:
        about = " ".join((rule.find.__doc__ or "").split())
        lines.append(f"| {rule.name} | {about} | {', '.join(rule.codes)} | {'yes' if rule.on else 'no'} |")
    lines += ["", "## Within a form", ""]
    for model in registry.clinical_models():
        entries = _of(model)
        if entries:
            lines += [f"### {model._meta.verbose_name}", "", "| about | hard: refused | soft: asked about |"]
            lines += ["| --- | --- | --- |", *entries, ""]
    return "\n".join(lines).rstrip() + "\n"


def _of(model: type[Record]) -> list[str]:
    lines = []
    for field in crf_fields(model):
        hard, soft = str(field.bounds_sentence()) if hasattr(field, "min_value") else "", ""
        if field.warn_range:
            soft = f"outside {' to '.join('…' if end is None else str(end) for end in field.warn_range)}"
        if hard or soft:
            lines.append(f"| {field.verbose_name} | {hard} | {soft} |")
    for check in model.declared_constraints:
        if isinstance(check, CheckConstraint):
            lines.append(f"| {check.name} | {check.get_violation_error_message()} |  |")
    return lines
