"""What the figures of /outcomes/ must show, a second time, from the exported CSV files alone."""

from datetime import datetime, timedelta
from statistics import median

from protocol.study import STUDY
from tests.oversight.figures.recomputed import clock, day, people, span

MORPHINE = {"morphine_po_mg": 1, "oxycodone_po_mg": 1.5, "hydromorphone_po_mg": 5, "tapentadol_po_mg": 0.4,
            "tramadol_po_mg": 0.1, "fentanyl_td_ug_per_h": 2.4}  # fmt: skip
LOST = {  # the Dutch tariff of 2016
    "mobility": [0, 0.035, 0.057, 0.166, 0.203],
    "self_care": [0, 0.038, 0.061, 0.168, 0.168],
    "usual_activities": [0, 0.039, 0.087, 0.192, 0.192],
    "pain_discomfort": [0, 0.066, 0.092, 0.360, 0.415],
    "anxiety_depression": [0, 0.070, 0.145, 0.356, 0.421],
}
DIMENSIONS = tuple(LOST)


def at(person, form, visit):
    return next((line for line in person.files.of(form, person.code) if line["visit"] == visit), None)


def worst_pain(person, line):
    return int(line["worst_pain"]) if line["worst_pain"] else None


def omed(person, line):
    if line["takes_opioids"] == "no":
        return 0.0
    doses = [dose for dose in person.files.of("opioid-dose", person.code) if dose["parent"] == line["record"]
             and dose["visit"] == line["visit"]]  # fmt: skip
    if not doses or any(not dose["dose"] or dose["drug"] not in MORPHINE for dose in doses):
        return None
    return round(sum(float(dose["dose"]) * MORPHINE[dose["drug"]] for dose in doses), 6)


def eq5d(person, line):
    levels = [line[name] for name in DIMENSIONS]
    if line["eq5d_done"] != "yes" or line["eq5d_version"] != "5L" or not all(levels):
        return None
    if set(levels) == {"1"}:
        return 1.0
    return round(1 - 0.047 - sum(LOST[name][int(line[name]) - 1] for name in DIMENSIONS), 3)


def alive(person, visit, now):
    start = day(person.beam) if visit.anchor == "sbrt" else person.anchor
    if start is None:
        return False
    opens = start + timedelta(days=visit.opens)
    return opens <= now.date() and not (person.died and person.died < opens)


def over_time(files, form, value, now):
    visits = [visit for visit in STUDY.visits if form in visit.forms]
    rows, values, living = [], {visit.code: [] for visit in visits}, dict.fromkeys((v.code for v in visits), 0)
    for case, person in enumerate(people(files), start=1):
        row = {"case": case, "participant": person.code}
        for visit in visits:
            line = at(person, form, visit.code)
            number = value(person, line) if line else None
            row[visit.code] = number
            if number is not None:
                values[visit.code].append(number)
            living[visit.code] += alive(person, visit, now)
        rows.append(row)
    about = {"case": "", "participant": "median"}
    rows.append(about | {code: median(numbers) if numbers else None for code, numbers in values.items()})
    rows.append({"case": "", "participant": "answered"} | {code: len(numbers) for code, numbers in values.items()})
    rows.append({"case": "", "participant": "alive"} | living)
    return rows


def verdict(before, after):
    """International Consensus, as the table of study.md 2.10."""
    (p0, o0), (pt, ot) = before, after
    if None in (p0, o0, pt, ot) or p0 == 0:
        return "not evaluable"
    if pt == 0 and ot <= o0:
        return "CR"
    if (p0 - pt >= 2 and ot <= o0) or (o0 > 0 and ot <= 0.75 * o0 and pt <= p0):
        return "PR"
    more = ot > 0 if o0 == 0 else ot >= 1.25 * o0
    return "PP" if pt - p0 >= 2 or (more and p0 <= pt <= p0 + 1) else "IR"


def again(person):
    days = [span(line["incision_at"][:10]) for line in person.files.of("surgery", person.code)
            if line["index"] == "no" and line["at_index_level"] == "yes" and line["incision_at"]]  # fmt: skip
    days += [span(line["started_on"]) for line in person.files.of("therapy", person.code)
             if line["kind"] == "radiotherapy" and line["at_index_level"] == "yes" and line["started_on"]]  # fmt: skip
    return min((first for first, last in days if last > day(person.beam)), default=None)


def response(files, now):
    rows = []
    for visit in STUDY.visits:
        if "pain" not in visit.forms or visit.anchor == "sbrt":
            continue
        words = [word for person in people(files) if (word := _response(person, visit, now))]
        names = ("CR", "PR", "IR", "PP", "not evaluable", "censored", "missing")
        counts = {name.lower().replace(" ", "_"): words.count(name) for name in names}
        rows.append({"visit": visit.code} | counts | {"responders": _responders(words)})
    return rows


def _responders(words):
    """Complete or partial, of all whose response could be judged."""
    yes, judged = words.count("CR") + words.count("PR"), sum(words.count(name) for name in ("CR", "PR", "IR", "PP"))
    return f"{yes} / {judged}" + (f" ({100 * yes / judged:.0f} %)" if judged else "")


def _response(person, visit, now):
    line, beam = at(person, "pain", visit.code), day(person.beam)
    on = clock(line["assessed_on"]) if line else None
    if not (on and beam and on > beam):
        return "missing" if alive(person, visit, now) else ""
    if (treated := again(person)) and on >= treated:
        return "censored"
    before = [pain for pain in person.files.of("pain", person.code) if pain["assessed_on"]
              and clock(pain["assessed_on"]) <= beam]  # fmt: skip
    if not before:
        return "not evaluable"
    last = max(before, key=lambda pain: pain["assessed_on"])
    return verdict((worst_pain(person, last), omed(person, last)), (worst_pain(person, line), omed(person, line)))


def neurology(files):
    levels = ["E", "D", "C", "B", "A", "none"]
    pairs = []
    for person in people(files):
        lines = [line for line in files.of("neurology", person.code) if line["ais"] and line["assessed_on"]]
        beam = str(day(person.beam)) if person.beam else ""
        before = [line for line in lines if beam and line["assessed_on"] <= beam]
        after = [line["ais"] for line in lines if beam and line["assessed_on"] > beam]
        last = max(before, key=lambda line: line["assessed_on"])["ais"] if before else "none"
        pairs.append((last, min(after, default="none")))
    return [{"baseline": level} | {f"worst_{worst.lower()}": pairs.count((level, worst)) for worst in levels}
            for level in levels]  # fmt: skip


def survival(files):
    courses = []
    for case, person in enumerate(people(files), start=1):
        until = person.died or person.known_until or person.began
        courses.append((case, person.code, max((until - person.began).days, 0), "died" if person.died else "censored"))
    shares = {on: round(_alive_after(courses, on), 4) for on in {course[2] for course in courses}}
    return [{"case": case, "participant": code, "day": on, "what": what, "estimate": shares[on]}
            for case, code, on, what in courses]  # fmt: skip


def _alive_after(courses, on):
    share = 1.0
    for died_on in sorted({day_ for _case, _code, day_, what in courses if what == "died" and day_ <= on}):
        risk = sum(day_ >= died_on for _case, _code, day_, _what in courses)
        share *= (risk - sum((day_, what) == (died_on, "died") for _case, _code, day_, what in courses)) / risk
    return share


def learning(files):
    rows = []
    for case, person in enumerate(people(files), start=1):
        if person.operated is None:
            continue
        start, end = clock(person.index["incision_at"]), clock(person.index["closed_at"])
        both = isinstance(start, datetime) and isinstance(end, datetime)
        took = (
            round((_instant(person.index["closed_at"]) - _instant(person.index["incision_at"])) / 60) if both else None
        )
        lost = person.index["blood_loss_ml"]
        rows.append({"case": case, "participant": person.code, "minutes": took, "blood_loss_ml": lost,
                     "changes": len(files.of("technique-change", person.code))})  # fmt: skip
    return rows


def _instant(text):
    return datetime.fromisoformat(text).timestamp()
