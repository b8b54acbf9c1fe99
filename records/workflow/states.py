"""The states of a record and who may move it: one table. docs/record-states.md is generated from it.

(May this person? is asked in accounts.permissions; here: does the state allow it?)
"""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from accounts.lazy_text import StrOrPromise
from accounts.roles import Permission
from records.model.base import Record, Status
from records.workflow.locks import Lock


@dataclass(frozen=True)
class Transition:
    """One thing that can be done to a record."""

    action: str
    label: StrOrPromise
    start: frozenset[str]
    end: str
    may: Permission
    requires: StrOrPromise
    refused: StrOrPromise


NEW, DRAFT, COMPLETE, VOID = "new", Status.DRAFT.value, Status.COMPLETE.value, "void"
VERIFIED, SIGNED, FROZEN, LOCKED = "verified", "signed", "frozen", "locked"
_OPEN = frozenset({COMPLETE, VERIFIED, SIGNED})  # complete, and not closed

TRANSITIONS: list[Transition] = [
    Transition(
        "save",
        _("Save draft"),
        frozenset({NEW, DRAFT}),
        DRAFT,
        Permission.ENTER,
        _("Anything may be missing; nothing may be malformed."),
        _("This form has been complete: change it with a reason instead."),
    ),
    Transition(
        "complete",
        _("Complete"),
        frozenset({NEW, DRAFT}),
        COMPLETE,
        Permission.ENTER,
        _("Every required question has an answer, or a code that says why there is none."),
        _("This form is complete already."),
    ),
    Transition(
        "change",
        _("Save change"),
        _OPEN,
        COMPLETE,
        Permission.ENTER,
        _("A reason, and every required question still answered. What changes loses its verification and signature."),
        _("This form has never been complete: just save it."),
    ),
    Transition(
        "void",
        _("Void"),
        _OPEN | {DRAFT},
        VOID,
        Permission.VOID,
        _("A reason. The record stays readable, and counts no more."),
        _("This record is void already."),
    ),
    Transition(
        "verify",
        _("Compared with the source"),
        frozenset({COMPLETE, SIGNED, FROZEN}),
        VERIFIED,
        Permission.VERIFY,
        _("Every answer as it stood when the page was opened."),
        _("Only a complete form is compared with the source, and only once."),
    ),
    Transition(
        "sign",
        _("Sign"),
        frozenset({COMPLETE, VERIFIED, FROZEN}),
        SIGNED,
        Permission.SIGN,
        _("The password again (and the second factor), a meaning, and the form as it stood when the page was opened."),
        _("Only a complete form is signed, and not twice as it stands."),
    ),
    Transition(
        "freeze",
        _("Freeze"),
        _OPEN | {DRAFT},
        FROZEN,
        Permission.LOCK,
        _("A reason."),
        _("This is frozen or locked already."),
    ),
    Transition(
        "lock",
        _("Lock"),
        _OPEN | {FROZEN},
        LOCKED,
        Permission.LOCK,
        _("A reason; no draft, no open query."),
        _("Only a complete form is locked, and only once."),
    ),
    Transition(
        "unfreeze",
        _("Lift the freeze"),
        frozenset({FROZEN}),
        COMPLETE,
        Permission.LOCK,
        _("A reason."),
        _("This is not frozen."),
    ),
    Transition(
        "unlock",
        _("Unlock"),
        frozenset({LOCKED}),
        COMPLETE,
        Permission.LOCK,
        _("A reason, and a second person who agrees."),
        _("This is not locked."),
    ),
]

FILLS_IN = ("save", "complete", "change", "void")
WORDS = {
    NEW: _("New"),
    DRAFT: _("Draft"),
    COMPLETE: _("Complete"),
    VERIFIED: _("Verified"),
    SIGNED: _("Signed"),
    FROZEN: _("Frozen"),
    LOCKED: _("Locked"),
    VOID: _("Void"),
}


def state(record: Record) -> str:
    """The strongest thing that can be said of it, as far as records.workflow.attestations has looked."""
    if record.pk is None:
        return NEW
    if record.is_void:
        return VOID
    if record.lock is not None:
        return LOCKED if record.lock.kind == Lock.Kind.LOCK else FROZEN
    return _state_inside(record)


def _state_inside(record: Record) -> str:
    """What it is but for being closed."""
    if record.status != Status.COMPLETE:
        return record.status
    if record.signature is not None and record.signature.holds:
        return SIGNED
    return VERIFIED if record.verified else COMPLETE


def moves(record: Record) -> list[Transition]:
    """What the state of this record allows, whoever asks."""
    return [move for move in TRANSITIONS if state(record) in move.start]


def refusal(record: Record, action: str) -> str:
    """Why the state does not allow an action; empty where it does."""
    move = next(move for move in TRANSITIONS if move.action == action)
    if state(record) in move.start and not _is_refused_frozen(record, move):
        return ""
    if state(record) == VOID:
        return str(_("This record is void. It can be read, and changed no more."))
    if state(record) in (FROZEN, LOCKED) and FROZEN not in move.start:
        params = {"closed": record.lock.get_kind_display().lower(), "what": record.lock.get_scope_display()}
        return str(_("Not while %(what)s is %(closed)s: ask the data manager.") % params)
    return str(move.refused)


def _is_refused_frozen(record: Record, move: Transition) -> bool:
    """A freeze makes nothing of a form that it was not before: a draft that is frozen is not signed either."""
    open_ones = move.start - {FROZEN}
    return state(record) == FROZEN and bool(open_ones) and _state_inside(record) not in open_ones


def available_actions(record: Record, may: frozenset[Permission]) -> list[tuple[Transition, str]]:
    """What a person may do besides filling in: each move of the role, with the sentence that refuses it now."""
    if record.pk is None or record.is_void:
        return []
    offers = [move for move in TRANSITIONS if move.action not in FILLS_IN and may & {_needs(move, record)}]
    hidden = {FROZEN: {"unlock"}, LOCKED: {"unfreeze"}}.get(state(record), {"unfreeze", "unlock"})
    return [(move, refusal(record, move.action)) for move in offers if move.action not in hidden]


def _needs(move: Transition, record: Record) -> Permission:
    return record.signed_by if move.action == "sign" else move.may
