"""The generated pages of docs/, from code: CI refuses them when they are stale."""

from django.utils import translation

from accounts.roles import INCOMPATIBLE_ROLES, ROLE_PERMISSIONS, Permission, Role
from exports.documents import dictionary, traceability
from oversight.checks import document
from protocol.describe import describe
from records.workflow.states import TRANSITIONS, WORDS


def pages() -> dict[str, str]:
    """File name in docs/ -> its text, in English."""
    with translation.override("en"):
        return {
            "checks.md": document.as_markdown(),
            "data-dictionary.csv": dictionary.as_csv(),
            "protocol.md": describe(),
            "record-states.md": record_states(),
            "roles.md": roles(),
            "traceability.md": traceability.as_markdown(),
        }


def record_states() -> str:
    """What can be done to a record in each state."""
    lines = [
        "# The states of a record",
        "",
        "Generated from `records/workflow/states.py`; do not edit.",
        "",
        "| action | from | to | who | what it requires | said when refused |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for move in TRANSITIONS:
        start = ", ".join(str(WORDS[state]) for state in sorted(move.start))
        cells = [move.label, start, WORDS[move.end], f"who may {move.may.label}", move.requires, move.refused]
        lines.append("| " + " | ".join(str(cell) for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def roles() -> str:
    """What each role does and may do."""
    lines = ["# Roles", "", "Generated from `accounts/roles.py`; do not edit.", ""]
    for role in Role:
        duties = ROLE_PERMISSIONS[role]
        may = ", ".join(str(permission.label) for permission in Permission if permission in duties.may)
        lines += [f"## {str(role.label).capitalize()}", "", f"{duties.does}", "", f"May {may}.", ""]
    lines += ["## Never held by one person", ""]
    lines += [f"- {one.label} and {other.label}" for one, other in INCOMPATIBLE_ROLES]
    return "\n".join(lines) + "\n"
