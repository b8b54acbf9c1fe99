"""One participant of whom everything is recorded that a figure or a table of the report reads."""

from datetime import date, timedelta
from decimal import Decimal

from adverse_events.models import AdverseEvent, SeriousEvent
from assessments.models import Neurology, OpioidDose, Pain, Quality, Visit, Wound
from enrollment.models import Baseline, Consent, Death, Deviation, Eligibility, Screening
from procedures.models import Sbrt, Stay, Surgery, TechniqueChange
from records import queries, selectors, signing
from tests import builders
from tests.builders import amsterdam

LEVELS = ("mobility", "self_care", "usual_activities", "pain_discomfort", "anxiety_depression")


def describe(participant, people, now):
    """On top of the treatment and the event that are recorded; answers nothing."""
    nurse = people["nurse"]

    def add(model, **answers):
        return builders.record(model, participant, nurse, **answers)

    _before(add)
    _treatments(participant, nurse)
    _measured(add, "bas", date(2016, 3, 7), worst_pain=8)
    _measured(add, "w4", date(2016, 4, 6), worst_pain=3)
    add(Wound, visit="w4", assessed_on=date(2016, 4, 6), seen="yes", closed_dry="no", ssi_class="deep")
    add(Stay, admitted_on=date(2016, 3, 22), kind="readmission")
    add(Deviation, kind="window-late", occurred_on="2016-03", classification="major", cause="theatre",
        description="Theatre was full")  # fmt: skip
    add(TechniqueChange, changed_on=date(2016, 3, 1), area="surgery", what="Shorter screws", why="Learned", kept="yes")
    add(Death, died_on="2016-11-01", learned_on=date(2016, 11, 3), cause="progression", related_sbrt="none",
        related_surgery="none")  # fmt: skip
    event = selectors.records_of(AdverseEvent, participant).get()
    builders.change(event, nurse, related_sbrt="possible", related_combination="possible", outcome="sequelae")
    serious(participant, nurse, now)
    _looked_at(add, participant, people, now)


def _before(add):
    add(Screening, screened_on=date(2016, 2, 29), sex="female", index_levels=["T12", "L1"], outcome="eligible")
    add(Consent, given="yes", consented_at=amsterdam("2016-03-01 11:00"))
    add(Eligibility, age=61, sins_total=11, bilsky="1a", ais="E", kps=70, asa="II", life_expectancy="3-6")
    add(Baseline, primary_tumour="breast", systemic_therapy="yes", metastases=["visceral", "bone"])


def _treatments(participant, nurse):
    plan = selectors.records_of(Sbrt, participant).get()
    doses = {"prescription_metastasis_gy": "18", "prescription_vertebra_gy": "8", "delivered_fractions": "1",
             "coverage_v95_pct": "97.5", "dmax_gy": "21.3", "cord_dmax_gy": "9.25", "cauda_dmax_gy": "3.1",
             "oesophagus_dmax_gy": "12.05", "surgical_area_mean_gy": "4.75"}  # fmt: skip
    builders.change(plan, nurse, **{name: Decimal(dose) for name, dose in doses.items()})
    builders.change(
        selectors.records_of(Surgery, participant).get(), nurse, performed="yes", approach="percutaneous",
        upper_level="T11", lower_level="L2", screws=8,
        cement="no", decompression="none", closed_at=amsterdam("2016-03-09 16:45"),
        blood_loss_ml=150, red_cells_during_units=1, red_cells_after_units=2, mobilised_on=date(2016, 3, 11),
        admission_on=date(2016, 3, 7), discharge_on=date(2016, 3, 15),
    )  # fmt: skip


def _measured(add, visit, on, worst_pain):
    add(Visit, visit=visit, done="yes", visited_on=on)
    dose = OpioidDose().fill(drug="oxycodone_po_mg", dose=worst_pain * 5)
    add(Pain, visit=visit, rows=[dose], assessed_on=on, worst_pain=worst_pain, takes_opioids="yes")
    add(Neurology, visit=visit, assessed_on=on, ais="E" if visit == "bas" else "D")
    add(Quality, visit=visit, completed_on=on, eq5d_done="yes", eq5d_version="5L", **dict.fromkeys(LEVELS, 2))


def _looked_at(add, participant, people, now):
    """One form is compared whole, of another one answer, of a third nothing; two queries, one of them answered."""
    for visit, names in (("d1", None), ("d2", ["visited_on"]), ("d3", [])):
        done = add(Visit, visit=visit, complete=True, done="no", not_done_reason="other", missing={"visited_on": "UNK"})
        if names != []:
            signing.verify(done, by=people["monitor"], version=done.version, now=now, names=names)
    asking = {"by": people["monitor"], "now": now - timedelta(days=9)}
    queries.ask(participant, text="Which day?", priority="high", **asking)
    asked = queries.ask(participant, text="Which level?", **asking)
    queries.move(asked, "answered", by=people["nurse"], text="T12", now=now)


def serious(participant, by, now):
    """Cases in every state of both clocks: over the clock changes, and with days of which the time is unknown."""
    event = selectors.records_of(AdverseEvent, participant).get()
    for aware, reported, more in [*_of_known_hours(now), *_of_days_alone()]:
        answers = {"kind": "other", "exempt": "no", **more}
        builders.record(SeriousEvent, participant, by, adverse_event=event, site_aware_at=aware,
                        site_reported_at=reported, **answers)  # fmt: skip


def _of_known_hours(now):
    """(site aware, sponsor told, the rest)."""
    night, evening = amsterdam("2016-03-26 23:30"), amsterdam("2016-03-26 20:00")
    known = {"sponsor_aware_at": amsterdam("2016-02-26 23:30")}
    return [
        (evening, amsterdam("2016-03-27 21:00"), {**known, "authority_reported_on": date(2016, 3, 12)}),
        (evening, amsterdam("2016-03-27 21:01"), {**known, "authority_reported_on": date(2016, 3, 13)}),
        (night, None, {**known, "kind": "fatal", "authority_reported_on": date(2016, 3, 4)}),
        (night, date(2016, 3, 27), {**known, "kind": "life-threatening", "authority_reported_on": date(2016, 3, 5)}),
        (night, date(2016, 3, 28), {"kind": None, **known}),
        (amsterdam("2016-10-30 00:30"), date(2016, 10, 30), known),
        (now - timedelta(hours=2), None, {"kind": "fatal", "sponsor_aware_at": now - timedelta(hours=1)}),
        (evening, None, {"exempt": "yes", "exemption_reason": "Progression"}),
    ]


def _of_days_alone():
    on = date(2016, 3, 8)
    return [
        (on, on, {"sponsor_aware_at": on}),
        (on, date(2016, 3, 9), {}),
        (on, amsterdam("2016-03-20 10:00"), {}),
        (on, None, {}),
        (None, on, {}),
    ]
