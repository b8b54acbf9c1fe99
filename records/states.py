"""The states of a record and who may move it: one table. docs/record-states.md is generated from it.

(May this person? is asked in accounts.permissions; here: does the state allow it?)
"""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from accounts.roles import May
from records.base import Record, Status


@dataclass(frozen=True)
class Move:
    """One thing that can be done to a record."""

    action: str
    label: str
    start: frozenset[str]
    end: str
    may: May
    requires: str
    refused: str


NEW, DRAFT, COMPLETE, VOID = "new", Status.DRAFT.value, Status.COMPLETE.value, "void"

MOVES: list[Move] = [
    Move(
        "save",
        _("Save draft"),
        frozenset({NEW, DRAFT}),
        DRAFT,
        May.ENTER,
        _("Anything may be missing; nothing may be malformed."),
        _("This form has been complete: change it with a reason instead."),
    ),
    Move(
        "complete",
        _("Complete"),
        frozenset({NEW, DRAFT}),
        COMPLETE,
        May.ENTER,
        _("Every required question has an answer, or a code that says why there is none."),
        _("This form is complete already."),
    ),
    Move(
        "change",
        _("Save change"),
        frozenset({COMPLETE}),
        COMPLETE,
        May.ENTER,
        _("A reason, and every required question still answered."),
        _("This form has never been complete: just save it."),
    ),
    Move(
        "void",
        _("Void"),
        frozenset({DRAFT, COMPLETE}),
        VOID,
        May.VOID,
        _("A reason. The record stays readable, and counts no more."),
        _("This record is void already."),
    ),
]

WORDS = {NEW: _("New"), DRAFT: _("Draft"), COMPLETE: _("Complete"), VOID: _("Void")}


def state(record: Record) -> str:
    """new, draft, complete or void."""
    if record.pk is None:
        return NEW
    return VOID if record.is_void else record.status


def moves(record: Record) -> list[Move]:
    """What the state of this record allows, whoever asks."""
    return [move for move in MOVES if state(record) in move.start]


def refusal(record: Record, action: str) -> str:
    """Why the state does not allow an action; empty where it does."""
    move = next(move for move in MOVES if move.action == action)
    if state(record) in move.start:
        return ""
    if state(record) == VOID:
        return str(_("This record is void. It can be read, and changed no more."))
    return str(move.refused)
