"""Deviations that rules draft; a person completes them, the principal investigator classifies them (study.md 3.3)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.models import Person
from accounts.services import system
from assessments.models import Visit
from enrollment.models import Deviation
from oversight.casebook import facts
from oversight.casebook.book import Casebook
from procedures.models import Sbrt
from protocol import schedule
from protocol.facts import Moment, TreatmentFacts, local_day
from protocol.numbers import written
from protocol.partial_dates import PartialDate
from protocol.study import STUDY
from protocol.window import bounds, treatment_window
from records import services
from records.model.fields import crf_field
from records.workflow import locks

DRAFTED = {
    "late": "window-late",
    "not done": "window-not-done",
    "reversed": "window-reversed",
    "sbrt incomplete": "sbrt-incomplete",
}
_DOSE_ADDS_UP = Decimal("0.05")  # Gy
_EXPECTED_GY = {"prescription_metastasis_gy": 18.0, "prescription_vertebra_gy": 8.0}  # study.md 3.1


@dataclass(frozen=True)
class Draft:
    """What a rule found: its kind, the values it rests on (the same values are drafted once), when and what."""

    kind: str
    values: dict[str, Any]
    on: date | None
    because: str
    extra: dict[str, Any] = field(default_factory=dict)


def proposals(book: Casebook, now: datetime) -> Iterator[Draft]:
    """Everything that departs from the protocol, as far as the records tell."""
    for rule in (_window, _levels, _dose, _visits, _consent_order, _eligibility):
        yield from rule(book, now)


def draft(book: Casebook, now: datetime) -> list[Deviation]:
    """Let the drafts follow the data: write what was found, once for the same values, and close what no longer holds.

    What a person voided is not drafted again for the same values; what was closed here is, when the values come back.
    """
    if any(lock.scope in ("study", "participant") for lock in locks.covering(book.participant)):
        return []  # nothing is written under a lock; opening it changes the trail, and so judges again
    drafts = {_key(proposal.kind, proposal.values): proposal for proposal in proposals(book, now)}
    mine, known = system(), set()
    for record in Deviation.objects.filter(participant=book.participant).exclude(rule=""):
        key = _key(record.rule, record.rule_values)
        if record.is_void:
            known |= set() if record.voided_by_id == mine.pk else {key}
        elif key in drafts or not _untouched(record, mine):
            known.add(key)
        else:
            _close(record, book, mine, now)
    return [_write(proposal, book, mine, now) for key, proposal in drafts.items() if key not in known]


def unfounded(book: Casebook, now: datetime) -> list[Deviation]:
    """Deviations that a rule drafted, that a person has worked on, and that the records no longer bear out."""
    standing = {_key(proposal.kind, proposal.values) for proposal in proposals(book, now)}
    drafted = [deviation for deviation in book.deviations if deviation.rule and not _untouched(deviation, system())]
    return [deviation for deviation in drafted if _key(deviation.rule, deviation.rule_values) not in standing]


def _key(rule: str, values: dict[str, Any]) -> tuple[str, str]:
    return rule, repr(sorted(values.items()))


def _untouched(record: Deviation, mine: Person) -> bool:
    """As the rule wrote it: nobody has saved it since."""
    return not record.is_complete and record.version == 1 and record.updated_by_id == mine.pk


def _write(proposal: Draft, book: Casebook, by: Person, now: datetime) -> Deviation:
    record = Deviation(participant=book.participant, rule=proposal.kind, rule_values=proposal.values)
    record.fill(
        kind=proposal.kind,
        occurred_on=PartialDate.of(proposal.on) if proposal.on else None,
        discovered_on=now.astimezone(book.participant.site.tz).date(),
        description=proposal.because[:1].upper() + proposal.because[1:] + ".",
        **proposal.extra,
    )
    reason = _("Drafted by the rule %(rule)s: %(because)s") % {"rule": proposal.kind, "because": proposal.because}
    return services.write(record, by=by, reason=reason, version=0, now=now)


def _close(record: Deviation, book: Casebook, by: Person, now: datetime) -> None:
    """Void a draft that the records no longer bear out; under a lock of its own it stays."""
    try:
        services.void(record, by=by, reason=_why_closed(record, book, now), version=record.version, now=now)
    except ValidationError:
        return


def _why_closed(record: Deviation, book: Casebook, now: datetime) -> str:
    window = treatment_window(facts.treatment(book), now)
    if record.rule == "window-not-done" and window.elapsed_hours is not None:
        params = {"hours": f"{window.elapsed_hours:.1f}"}
        return _("Closed: surgery was entered, %(hours)s h after SBRT.") % params
    if record.rule in DRAFTED.values():
        return _("Closed: the records say otherwise now: %(because)s.") % {"because": window.because}
    return _("Closed: the records no longer say so.")


def _window(book: Casebook, now: datetime) -> Iterator[Draft]:
    """Late, not done, reversed, SBRT incomplete."""
    treatment = facts.treatment(book)
    window = treatment_window(treatment, now)
    kind = DRAFTED.get(window.verdict)
    gone = facts.ended(book)
    if kind is None or (gone and kind == "window-not-done" and window.closes_at and gone.on <= window.closes_at.date()):
        return
    values = window_values(treatment)
    on = local_day(treatment.incision or window.closes_at or treatment.sbrt_end, treatment.zone)
    yield Draft(kind, values, on, window.because)


def window_values(treatment: TreatmentFacts) -> dict[str, str | None]:
    """What a deviation from the 48 hours rests on."""
    return {"sbrt_end": _iso(treatment.sbrt_end), "incision": _iso(treatment.incision)}


def _levels(book: Casebook, now: datetime) -> Iterator[Draft]:
    """The plan changed in theatre: more vertebrae bridged than the protocol allows (D10)."""
    most = book.study.eligibility["bridged_at_most"]
    for operation in book.operations:
        count = operation.bridged_levels
        if operation.index == "yes" and operation.performed == "yes" and count and count > most:
            values = {"upper": operation.upper_level, "lower": operation.lower_level}
            because = _("%(count)s vertebrae bridged (%(upper)s to %(lower)s), more than %(most)s") % {
                **values, "count": count, "most": most,
            }  # fmt: skip
            yield Draft("levels", values, operation.incision_at_date, because)


def _dose(book: Casebook, now: datetime) -> Iterator[Draft]:
    """Dose or sessions other than planned, or a sum that does not add up."""
    sbrt = book.sbrt
    if sbrt is None or not sbrt.is_complete:
        return
    rows = book.fractions
    sentences = [
        _("%(question)s: %(value)s Gy, expected %(expected)s Gy")
        % {"question": crf_field(Sbrt, name).verbose_name, "value": getattr(sbrt, name), "expected": f"{gray:g}"}
        for name, gray in _EXPECTED_GY.items()
        if getattr(sbrt, name) is not None and float(getattr(sbrt, name)) != gray
    ]
    if (sbrt.planned_fractions, len(rows)) != (1, 1):
        counts = {"planned": sbrt.planned_fractions, "given": len(rows)}
        sentences.append(_("%(planned)s sessions planned, %(given)s given; one is expected") % counts)
    doses = [row.dose_gy for row in rows if row.dose_gy is not None]
    planned = sbrt.prescription_metastasis_gy
    if len(doses) == len(rows) and planned is not None and abs(sum(doses) - planned) > _DOSE_ADDS_UP:
        params = {"sum": written(sum(doses, Decimal())), "planned": planned}
        sentences.append(_("the sessions add up to %(sum)s Gy, prescribed were %(planned)s Gy") % params)
    if sentences:
        values = {"said": sorted(sentences)}
        yield Draft("fractions", values, rows[0].beam_on_at_date if rows else None, "; ".join(sentences))


def _visits(book: Casebook, now: datetime) -> Iterator[Draft]:
    """A visit that was not done, or lay outside its window."""
    start = schedule.anchor(facts.follow_up(book), now)
    gone = facts.ended(book)
    for record in book.every(Visit):
        if start is None or record.visit in schedule.TREATMENT_VISITS or record.visit not in STUDY.visit_codes:
            continue
        window = schedule.visit_window(record.visit, start.on, book.study)
        if gone and window.closes >= gone.on:
            continue
        name = STUDY.visit_name(record.visit)
        if record.done == "no":
            because = _("%(visit)s was not done") % {"visit": name}
            yield Draft("visit-missed", {"visit": record.visit, "on": None}, window.target, because)
        elif record.visited_on and not window.opens <= record.visited_on <= window.closes:
            params = {"visit": name, "on": record.visited_on, "opens": window.opens, "closes": window.closes}
            because = _("%(visit)s took place on %(on)s; its window was %(opens)s to %(closes)s") % params
            values = {"visit": record.visit, "on": record.visited_on.isoformat()}
            yield Draft("visit-missed", values, record.visited_on, because)


def _consent_order(book: Casebook, now: datetime) -> Iterator[Draft]:
    """Consent that is certainly later than the first study procedure."""
    consent, treatment = book.consent, facts.treatment(book)
    signed = consent.moment("consented_at") if consent else None
    first = treatment.sbrt_start or treatment.incision
    if signed is None or first is None:
        return
    if bounds(signed, treatment.zone)[0] > bounds(first, treatment.zone)[1]:
        values = {"consent": _iso(signed), "first": _iso(first)}
        because = _("consent was signed after the first study procedure")
        yield Draft("consent-order", values, local_day(first, treatment.zone), because)


def _eligibility(book: Casebook, now: datetime) -> Iterator[Draft]:
    """Treated, and found not to meet a criterion: stays in the safety analysis (study.md 8 situation 18)."""
    record, treatment = book.eligibility, facts.treatment(book)
    if record is None or not (treatment.sbrt_start or treatment.incision):
        return
    judged = record.verdict()
    waived = any(deviation.kind == "waiver" and deviation.is_complete for deviation in book.deviations)
    if judged.verdict == "not eligible" and not waived:
        failed = ", ".join(judged.failed)
        because = _("treated though not eligible: %(failed)s") % {"failed": failed}
        yield Draft(
            "eligibility",
            {"failed": failed},
            local_day(treatment.sbrt_start or treatment.incision, treatment.zone),
            because,
        )


def _iso(moment: Moment) -> str | None:
    return moment.isoformat() if moment else None
