"""The report's own tables, a second time, from the exported CSV alone: baseline, treatments, endpoint, what is open."""

from datetime import date, datetime
from statistics import median

from scipy.stats import beta

from tests.oversight.figures.recomputed import Person, clock, graded, judged, named, people, together
from tests.oversight.figures.recomputed_outcomes import omed, worst_pain
from tests.oversight.figures.recomputed_progress import criteria, everybody, window

DOSES = ("prescription_metastasis_gy", "prescription_vertebra_gy", "delivered_fractions", "coverage_v95_pct", "dmax_gy",
         "cord_dmax_gy", "cauda_dmax_gy", "oesophagus_dmax_gy", "surgical_area_mean_gy")  # fmt: skip
READINGS = {
    "Primary, 60 days": (60, (3, 4, 5)),
    "Secondary, 90 days": (90, (3, 4, 5)),
    "Sensitivity, grade 3 or 4": (60, (3, 4)),
}


def in_case_order(patients, words, numbers):
    """A line a participant, then the median and the range of every number."""
    rows = [{"case": case, "participant": code} | values for case, code, values in patients]
    known = {name: [float(values[name]) for _case, _code, values in patients if values[name] not in (None, "")]
             for name in numbers}  # fmt: skip
    nothing = dict.fromkeys((*words, *numbers), "")
    middle = {name: round(median(values), 2) for name, values in known.items() if values}
    ends = {name: f"{min(values):g}–{max(values):g}" for name, values in known.items() if values}
    rows.append({"case": "", "participant": "median"} | nothing | middle)
    rows.append({"case": "", "participant": "range"} | nothing | ends)
    return rows


def _of(line, name):
    return line[name] if line else ""


def baseline(files):
    patients = []
    for case, person in enumerate(people(files), start=1):
        asked, screened, history = (files.one(form, person.code) for form in ("eligibility", "screening", "baseline"))
        pain = _pain_before(person)
        patients.append((case, person.code, {
            "age": _of(asked, "age"), "sex": _of(screened, "sex_label"),
            "tumour": _of(history, "primary_tumour_label"), "levels": _of(screened, "index_levels_label"),
            "sins": _of(asked, "sins_total"), "sins_band": _sins_band(_of(asked, "sins_total")),
            "bilsky": _of(asked, "bilsky"), "ais": _of(asked, "ais"),
            "kps": _of(asked, "kps"), "asa": _of(asked, "asa"),
            "worst_pain": worst_pain(person, pain) if pain else "", "omed": omed(person, pain) if pain else "",
            "systemic": _of(history, "systemic_therapy_label"), "metastases": _of(history, "metastases_label"),
            "expectancy": _of(asked, "life_expectancy_label"),
        }))  # fmt: skip
    words = ("sex", "tumour", "levels", "sins_band", "bilsky", "ais", "asa", "systemic", "metastases", "expectancy")
    return in_case_order(patients, words, ("age", "sins", "kps", "worst_pain", "omed"))


def _sins_band(total):
    """Fisher 2010 (study.md 2.1)."""
    if total == "":
        return ""
    return "stable" if int(total) <= 6 else "indeterminate" if int(total) <= 12 else "unstable"


def _pain_before(person):
    """The last assessment before SBRT (study.md 2.10)."""
    beam = person.beam.date() if isinstance(person.beam, datetime) else person.beam
    before = [line for line in person.files.of("pain", person.code)
              if beam and line["assessed_on"] and date.fromisoformat(line["assessed_on"]) <= beam]  # fmt: skip
    return max(before, key=lambda line: line["assessed_on"], default=None)


def sbrt(files):
    patients = []
    for case, person in enumerate(people(files), start=1):
        plan = files.one("sbrt", person.code)
        if person.beam or person.beam_off:
            values = {name: _of(plan, name) for name in DOSES}
            minutes = _beam_minutes(files.of("sbrt-fraction", person.code)) if plan else None
            patients.append((case, person.code, values | {"minutes": minutes, "delivery": _of(plan, "delivery_label")}))
    return in_case_order(patients, ("delivery",), (*DOSES, "minutes"))


def _beam_minutes(fractions):
    spans = [(line["beam_on_at"], line["beam_off_at"]) for line in fractions]
    if not spans or any("T" not in end for span in spans for end in span):
        return None
    return round(sum(_elapsed(*span) for span in spans))


def _elapsed(start, end):
    """Minutes between two exported instants."""
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds() / 60


def surgery(files):
    patients = []
    for case, person in enumerate(people(files), start=1):
        if person.operated:
            patients.append((case, person.code, _operation(person.index, person.operated)))
    words = ("approach", "levels", "cement", "decompression")
    numbers = ("screws", "minutes", "blood_loss_ml", "red_cells", "walking_day", "stay_days")
    return in_case_order(patients, words, numbers)


def _operation(line, operated):
    times = (line["incision_at"], line["closed_at"])
    levels = (line["upper_level"], line["lower_level"])
    units = (line["red_cells_during_units"], line["red_cells_after_units"])
    left, came, walked = (clock(line[name]) for name in ("discharge_on", "admission_on", "mobilised_on"))
    return {
        "approach": line["approach_label"], "levels": "–".join(levels) if all(levels) else "",
        "screws": line["screws"], "cement": line["cement_label"], "decompression": line["decompression_label"],
        "minutes": round(_elapsed(*times)) if all("T" in moment for moment in times) else None,
        "blood_loss_ml": line["blood_loss_ml"], "red_cells": sum(map(int, units)) if all(units) else None,
        "walking_day": (walked - operated).days if walked else None,
        "stay_days": (left - came).days if left and came else None,
    }  # fmt: skip


def endpoint_summary(files):
    """Counts, exact intervals, best and worst case, posterior: by scipy's beta distribution (study.md 5.9)."""
    persons, rows = people(files), []
    for name, (days, severe) in READINGS.items():
        got = [judged(person, days, severe)[0] for person in persons]
        yes, no, lost = (got.count(word) for word in ("yes", "no", "not evaluable"))
        n = yes + no
        rows.append({
            "reading": name, "events": yes, "evaluable": n, "treated": len(persons),
            "low": f"{100 * beta.ppf(0.025, yes, no + 1):.1f}" if yes else "0.0",
            "high": f"{100 * beta.ppf(0.975, yes + 1, no):.1f}" if no else "100.0",
            "upper": (f"{100 * beta.ppf(0.95, yes + 1, no):.1f}" if no else "100.0") if n else None,
            "best": f"{yes} / {n + lost}", "worst": f"{yes + lost} / {n + lost}",
            "undetermined": got.count("undetermined"), "not_evaluable": lost,
            "posterior": f"{100 * beta.sf(0.30, 0.36 + yes, 1.64 + no):.1f}",
        })  # fmt: skip
    return rows


def undetermined(files, now):
    rows = []
    for code in everybody(files):
        person = Person(files, code)
        questions = [("primary endpoint", question) for question in (_to_settle(person) if person.began else [])]
        state, why = window(person, now)
        if person.began and state == "undetermined":
            questions.append(("48-hour window", why))
        line = files.one("eligibility", code)
        met = criteria(line) if line else {}
        if line and False not in met.values() and None in met.values():
            questions.append(
                ("eligibility", "not answered: " + ", ".join(criterion for criterion in met if met[criterion] is None))
            )
        rows += [{"participant": code, "about": about, "question": question} for about, question in questions]
    return rows


def _to_settle(person):
    if judged(person)[0] != "undetermined":
        return []
    asked, is_open = [], [row for row in graded(person) if together(row[3]) is None]
    for event, _grade, on, (bad, _worse, inside, caused) in is_open:
        if bad is None:
            asked.append(f"{named(event)}: which grade was it?")
        if inside is None:
            asked.append(f"{named(event)}: when exactly did this grade begin (now: {on or 'unknown'})?")
        if caused is None:
            asked.append(f"{named(event)}: is it related to SBRT, to surgery, or to both so close together?")
    return asked if is_open else [f"How was the patient on or after {person.last_day(60)}?"]
