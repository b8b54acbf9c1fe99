"""The generated pages of docs/, from code: CI refuses them when they are stale."""

import re

from django.utils import translation

from accounts.roles import INCOMPATIBLE_ROLES, ROLE_PERMISSIONS, Permission, Role
from exports.documents import dictionary, traceability
from oversight.checks import document
from protocol.describe import describe
from records.workflow.states import TRANSITIONS, WORDS
from sbrtspine import env

_HEAD = re.compile(r"# \d+\. (.+)\n\n\*\*Status\.\*\* (.+)\.\n")


def pages() -> dict[str, str]:
    """File name in docs/ -> its text, in English."""
    with translation.override("en"):
        return {
            "adr/README.md": decisions(),
            "checks.md": document.as_markdown(),
            "data-dictionary.csv": dictionary.as_csv(),
            "protocol.md": describe(),
            "record-states.md": record_states(),
            "roles.md": roles(),
            "traceability.md": traceability.as_markdown(),
        }


def decisions() -> str:
    """The decisions in order, with their status; a number that is missing was never used."""
    lines = [
        "# Decisions",
        "",
        "Generated from the files beside it; do not edit. A page says what was decided, against what, and why.",
        "Numbers are given in blocks, so that some were never used.",
        "",
        "| number | decision | status |",
        "| --- | --- | --- |",
    ]
    for path in sorted((env.ROOT / "docs" / "adr").glob("0*.md")):
        head = _HEAD.match(path.read_text(encoding="utf-8"))
        if head is None:
            raise ValueError(f"{path.name} does not begin with its number, title and status")
        title, status = head.groups()
        lines.append(f"| {int(path.name[:4])} | [{title}]({path.name}) | {status} |")
    return "\n".join(lines) + "\n"


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
